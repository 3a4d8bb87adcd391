//! The entries of COCO files and what they may hold.
//!
//! Must not know how entries refer to each other. Keys that are not named here (segmentation,
//! licences, urls) are skipped without being stored, however large or deep they are.

use super::values::{Crowd, area, bbox, category_id, id, image_id, score};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// An array of entries, stored as columns.
pub(super) trait Table: Default {
    /// How the array is called in messages.
    const NAME: &'static str;
    /// One entry.
    type Entry<'de>: Deserialize<'de>;
    /// Stores an entry.
    fn push(&mut self, entry: Self::Entry<'_>);
}

#[derive(serde::Deserialize)]
pub(super) struct Image {
    #[serde(deserialize_with = "id")]
    pub id: i64,
}

#[derive(serde::Deserialize)]
pub(super) struct Category {
    #[serde(deserialize_with = "id")]
    pub id: i64,
    pub name: Option<String>,
}

#[derive(serde::Deserialize)]
pub(super) struct Annotation {
    #[serde(deserialize_with = "id")]
    pub id: i64,
    #[serde(deserialize_with = "image_id")]
    pub image_id: i64,
    #[serde(deserialize_with = "category_id")]
    pub category_id: i64,
    #[serde(deserialize_with = "bbox")]
    pub bbox: [f64; 4],
    #[serde(deserialize_with = "area")]
    pub area: f64,
    #[serde(default)]
    pub iscrowd: Crowd,
}

#[derive(serde::Deserialize)]
pub(super) struct Found {
    #[serde(deserialize_with = "image_id")]
    pub image_id: i64,
    #[serde(deserialize_with = "category_id")]
    pub category_id: i64,
    #[serde(deserialize_with = "bbox")]
    pub bbox: [f64; 4],
    #[serde(deserialize_with = "score")]
    pub score: f64,
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
            let place = |error| A::Error::custom(format!("{}[{index}]: {error}", T::NAME));
            match entries.next_element::<Object<T::Entry<'de>>>().map_err(place)? {
                Some(Object(entry)) => table.push(entry),
                None => return Ok(Rows(table)),
            }
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
