//! JSON values into the nodes of a batch, without a tree in between.
//!
//! Must not know what documents are used for.

use super::{Content, Documents, Key, Kind, NO_KEY, Named, Node};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Reads one value on top of the open nodes.
pub(super) struct Push<'a> {
    pub(super) documents: &'a mut Documents,
    pub(super) key: Key,
}

impl Push<'_> {
    fn done(self, kind: Kind, content: Content) {
        self.documents.open.push(Named { key: self.key, node: Node { kind, content } });
    }
}

impl<'de> DeserializeSeed<'de> for Push<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Push<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.done(Kind::Null, Content::NONE);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.done(if value { Kind::True } else { Kind::False }, Content::NONE);
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.done(Kind::Number, Content::of_number(value as f64));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.done(Kind::Number, Content::of_number(value as f64));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.done(Kind::Number, Content::of_number(value));
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        let content = self.documents.push_text(value)?;
        self.done(Kind::Text, content);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let start = self.documents.open.len();
        while elements.next_element_seed(Push { documents: self.documents, key: NO_KEY })?.is_some() {}
        let content = self.documents.close_list(start)?;
        self.done(Kind::List, content);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let documents = self.documents;
        let start = documents.open.len();
        while let Some(key) = fields.next_key_seed(Name(documents))? {
            fields.next_value_seed(Push { documents, key })?;
        }
        let content = documents.close_object(start)?;
        documents.open.push(Named { key: self.key, node: Node { kind: Kind::Object, content } });
        Ok(())
    }
}

/// Reads the name of a field.
struct Name<'a>(&'a mut Documents);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E>(self, name: &str) -> Result<Key, E> {
        Ok(self.0.key_of(name))
    }
}
