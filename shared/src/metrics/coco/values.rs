//! The values of COCO entries: what kind each key has, so that a wrong one is named in a message.
//!
//! Must not know which entries there are.

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, SeqAccess, Unexpected, Visitor};
use std::fmt;

/// No picture and no scale of scores is this large; beyond it, products would lose their meaning.
const LARGEST: f64 = 1e9;

pub(super) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    deserializer.deserialize_i64(Whole("id"))
}

pub(super) fn image_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    deserializer.deserialize_i64(Whole("image_id"))
}

pub(super) fn category_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    deserializer.deserialize_i64(Whole("category_id"))
}

pub(super) fn area<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let area = Real("a number for `area`").deserialize(deserializer)?;
    if area >= 0.0 {
        Ok(area)
    } else {
        Err(D::Error::custom(format!("`area` is {area:?}, and must be 0 or more")))
    }
}

/// Any scale is let through, as in pycocotools, but for what no scale has.
pub(super) fn score<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let score = Real("a number for `score`").deserialize(deserializer)?;
    in_bounds("`score`", score)
}

/// Sides of 0 are let through, as in pycocotools.
pub(super) fn bbox<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[f64; 4], D::Error> {
    let region = deserializer.deserialize_seq(FourNumbers)?;
    for (name, value) in
        ["left of `bbox`", "top of `bbox`", "width of `bbox`", "height of `bbox`"].iter().zip(region)
    {
        in_bounds(name, value)?;
    }
    for (name, value) in [("width", region[2]), ("height", region[3])] {
        if value < 0.0 {
            return Err(D::Error::custom(format!(
                "{name} of `bbox` is {value:?}, and must be 0 or more (the form is [left, top, width, height])"
            )));
        }
    }
    Ok(region)
}

fn in_bounds<E: Error>(name: &str, value: f64) -> Result<f64, E> {
    if (-LARGEST..=LARGEST).contains(&value) {
        Ok(value)
    } else {
        Err(E::custom(format!("{name} is {value:?}, which is beyond a billion")))
    }
}

/// An id under this key.
struct Whole(&'static str);

impl Visitor<'_> for Whole {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number of 64 bits for `{}`", self.0)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<i64, E> {
        Ok(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<i64, E> {
        i64::try_from(value).map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &self))
    }
}

/// A number, whole or not; the text says what is expected.
#[derive(Clone, Copy)]
struct Real(&'static str);

impl<'de> DeserializeSeed<'de> for Real {
    type Value = f64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<f64, D::Error> {
        deserializer.deserialize_f64(self)
    }
}

impl Visitor<'_> for Real {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<f64, E> {
        Ok(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }
}

struct FourNumbers;

impl<'de> Visitor<'de> for FourNumbers {
    type Value = [f64; 4];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("four numbers for `bbox`: [left, top, width, height]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sides: A) -> Result<[f64; 4], A::Error> {
        let mut region = [0.0; 4];
        for (place, side) in region.iter_mut().enumerate() {
            let number = sides.next_element_seed(Real("a number in `bbox`"))?;
            *side = number.ok_or_else(|| A::Error::invalid_length(place, &self))?;
        }
        match sides.next_element_seed(Real("no fifth number in `bbox`"))? {
            None => Ok(region),
            Some(_) => Err(A::Error::invalid_length(region.len() + 1, &self)),
        }
    }
}

/// `iscrowd`: 0 or 1, in some exports false or true; missing means 0.
#[derive(Default, Clone, Copy)]
pub(super) struct Crowd(pub bool);

impl<'de> Deserialize<'de> for Crowd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CrowdVisitor)
    }
}

struct CrowdVisitor;

impl Visitor<'_> for CrowdVisitor {
    type Value = Crowd;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`iscrowd` as 0 or 1")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Crowd, E> {
        Ok(Crowd(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Crowd, E> {
        match value {
            0 | 1 => Ok(Crowd(value == 1)),
            _ => Err(E::invalid_value(Unexpected::Unsigned(value), &self)),
        }
    }
}
