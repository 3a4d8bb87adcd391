//! The entries of COCO files and what they may hold.
//!
//! Must not know how entries refer to each other. Keys that are not named here (segmentation,
//! licences, urls) are skipped without being stored, however large or deep they are.

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// No picture is this large; beyond it, products of sides would lose their meaning.
const LARGEST_PIXELS: f64 = 1e9;

/// An array of entries, stored as columns.
pub(super) trait Table: Default {
    /// How the array is called in messages.
    const NAME: &'static str;
    /// One entry.
    type Entry<'de>: Deserialize<'de>;
    /// Stores an entry, or says what is wrong with it.
    fn push(&mut self, entry: Self::Entry<'_>) -> Result<(), String>;
}

#[derive(serde::Deserialize)]
pub(super) struct Image {
    pub id: i64,
}

#[derive(serde::Deserialize)]
pub(super) struct Category {
    pub id: i64,
    pub name: Option<String>,
}

#[derive(serde::Deserialize)]
pub(super) struct Annotation {
    pub id: i64,
    pub image_id: i64,
    pub category_id: i64,
    pub bbox: [f64; 4],
    pub area: f64,
    #[serde(default)]
    pub iscrowd: Crowd,
}

#[derive(serde::Deserialize)]
pub(super) struct Found {
    pub image_id: i64,
    pub category_id: i64,
    pub bbox: [f64; 4],
    pub score: f64,
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

/// Refuses a box that no picture can have. Sides of 0 are let through, as in pycocotools.
pub(super) fn check_box(bbox: &[f64; 4]) -> Result<(), String> {
    for (name, value) in ["left", "top", "width", "height"].iter().zip(bbox) {
        if !(-LARGEST_PIXELS..=LARGEST_PIXELS).contains(value) {
            return Err(format!("{name} of `bbox` is {value}, which is beyond a billion pixels"));
        }
    }
    for (name, value) in [("width", bbox[2]), ("height", bbox[3])] {
        if value < 0.0 {
            return Err(format!(
                "{name} of `bbox` is {value}, and must be 0 or more (the form is [left, top, width, height])"
            ));
        }
    }
    Ok(())
}

/// Refuses an area below 0.
pub(super) fn check_area(area: f64) -> Result<(), String> {
    if area >= 0.0 { Ok(()) } else { Err(format!("`area` is {area}, and must be 0 or more")) }
}

/// Refuses a score that is no score in any scale; pycocotools takes those outside 0 to 1, too.
pub(super) fn check_score(score: f64) -> Result<(), String> {
    if (-LARGEST_PIXELS..=LARGEST_PIXELS).contains(&score) {
        Ok(())
    } else {
        Err(format!("`score` is {score}, which is beyond a billion"))
    }
}

/// A JSON array whose entries go into a table one by one.
pub(super) struct Rows<T>(pub T);

impl<'de, T: Table> Deserialize<'de> for Rows<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(RowsVisitor(PhantomData))
    }
}

struct RowsVisitor<T>(PhantomData<T>);

impl<'de, T: Table> Visitor<'de> for RowsVisitor<T> {
    type Value = Rows<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an array of {}", T::NAME)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Rows<T>, A::Error> {
        let mut table = T::default();
        for index in 0..u32::MAX {
            let stored = match entries.next_element::<Object<T::Entry<'de>>>() {
                Ok(Some(Object(entry))) => table.push(entry),
                Ok(None) => return Ok(Rows(table)),
                Err(error) => Err(error.to_string()),
            };
            stored.map_err(|problem| A::Error::custom(format!("{}[{index}]: {problem}", T::NAME)))?;
        }
        Err(A::Error::custom(format!("`{}` has more than {} entries", T::NAME, u32::MAX)))
    }
}

/// A JSON object; a bare derived form would take an array as well.
pub(super) struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}
