//! JSON documents in a form that conditions run over quickly: one array of nodes and one text for all of them.
//!
//! Must not know filters. What takes time is fetching memory, so there is little of it: objects with the same names share
//! one list of them, and texts that were seen lately are not stored again.

mod read;

use super::shapes::{BoundName, Key, RecentTexts, Shapes};
use read::Push;
use serde::de::{DeserializeSeed, Deserializer};
use std::collections::HashMap;

/// Why a document cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct DocumentError {
    reason: String,
}

/// Stands for the elements of lists, which have no name.
const NO_KEY: Key = Key(u32::MAX);

#[derive(Debug, Clone, Copy)]
struct Node {
    kind: Kind,
    /// The bits of a number; where a text or list begins and how long it is; where an object begins and its shape.
    content: Content,
}

/// A value whose list or object is still open.
#[derive(Debug, Clone, Copy)]
struct Named {
    key: Key,
    node: Node,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Null,
    False,
    True,
    Number,
    Text,
    List,
    Object,
}

#[derive(Debug, Clone, Copy)]
struct Content {
    start_or_low: u32,
    length_shape_or_high: u32,
}

impl Content {
    const NONE: Self = Self { start_or_low: 0, length_shape_or_high: 0 };

    const fn of_number(number: f64) -> Self {
        let bits = number.to_bits();
        Self { start_or_low: bits as u32, length_shape_or_high: (bits >> 32) as u32 }
    }

    const fn number(self) -> f64 {
        f64::from_bits((self.length_shape_or_high as u64) << 32 | self.start_or_low as u64)
    }

    const fn range(self) -> std::ops::Range<usize> {
        let start = self.start();
        start..start + self.length_shape_or_high as usize
    }

    const fn start(self) -> usize {
        self.start_or_low as usize
    }

    const fn shape(self) -> usize {
        self.length_shape_or_high as usize
    }
}

/// A batch of documents.
#[derive(Debug, Clone, Default)]
pub struct Documents {
    nodes: Vec<Node>,
    text: String,
    roots: Vec<Node>,
    keys: HashMap<String, u32>,
    /// The name of each key.
    names: Vec<String>,
    /// For each key, the object in which it was last seen and its place there, to find names that stand twice.
    last_seen: Vec<(u64, usize)>,
    /// Objects closed so far.
    closed: u64,
    /// Nodes of lists and objects that are still open.
    open: Vec<Named>,
    shapes: Shapes,
    recent: RecentTexts,
}

impl Documents {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many documents there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.roots.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.roots.is_empty()
    }

    /// Forgets the documents, and keeps the memory for the next ones.
    pub fn clear(&mut self) {
        self.nodes.clear();
        self.text.clear();
        self.roots.clear();
    }

    /// Adds one document from JSON. Of a name that stands twice in an object, the last value counts.
    ///
    /// # Errors
    /// [`DocumentError`] if it is no JSON, is nested deeper than 128, or the batch has reached 4 GiB. Nothing of it is
    /// kept then.
    pub fn push_json(&mut self, json: &str) -> Result<(), DocumentError> {
        let (nodes, text) = (self.nodes.len(), self.text.len());
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let read = self.push(&mut deserializer).and_then(|()| deserializer.end());
        read.map_err(|error| {
            self.nodes.truncate(nodes);
            self.text.truncate(text);
            self.open.clear();
            DocumentError { reason: error.to_string() }
        })?;
        self.roots.extend(self.open.pop().map(|named| named.node));
        Ok(())
    }

    /// Adds a document that is there as a value.
    ///
    /// # Errors
    /// As [`push_json`](Self::push_json).
    pub fn push_value(&mut self, value: &serde_json::Value) -> Result<(), DocumentError> {
        let (nodes, text) = (self.nodes.len(), self.text.len());
        if let Err(error) = self.push(value) {
            self.nodes.truncate(nodes);
            self.text.truncate(text);
            self.open.clear();
            return Err(DocumentError { reason: error.to_string() });
        }
        self.roots.extend(self.open.pop().map(|named| named.node));
        Ok(())
    }

    fn push<'de, D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
        Push { documents: self, key: NO_KEY }.deserialize(deserializer)
    }

    /// The document at a place.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Value<'_>> {
        self.roots.get(index).map(|&node| Value { documents: self, node })
    }

    /// All documents in order.
    pub fn iter(&self) -> impl Iterator<Item = Value<'_>> {
        self.roots.iter().map(|&node| Value { documents: self, node })
    }

    /// The documents from a place on.
    pub(super) fn iter_from(&self, start: usize) -> impl Iterator<Item = Value<'_>> {
        self.roots.get(start..).unwrap_or_default().iter().map(|&node| Value { documents: self, node })
    }

    /// A name, ready to be looked up in many objects.
    pub(super) fn bound_name(&self, name: &str) -> BoundName {
        self.shapes.bound(self.keys.get(name).map(|&key| Key(key)))
    }

    fn key_of(&mut self, name: &str) -> Key {
        if let Some(&key) = self.keys.get(name) {
            return Key(key);
        }
        // Never as many as 2^32: each takes more than a byte of a text that is shorter.
        let key = self.last_seen.len() as u32;
        self.keys.insert(name.to_owned(), key);
        self.names.push(name.to_owned());
        self.last_seen.push((0, 0));
        Key(key)
    }

    fn content<E: serde::de::Error>(start: usize, length: usize) -> Result<Content, E> {
        match (u32::try_from(start), u32::try_from(length)) {
            (Ok(start_or_low), Ok(length_shape_or_high)) => {
                Ok(Content { start_or_low, length_shape_or_high })
            }
            _ => Err(E::custom("too many documents in one batch: 4 GiB are the most")),
        }
    }

    fn push_text<E: serde::de::Error>(&mut self, text: &str) -> Result<Content, E> {
        let start = match self.recent.find(text, &self.text) {
            Some(start) => start,
            None => {
                let start = self.text.len();
                self.text.push_str(text);
                self.recent.add(text, start);
                start
            }
        };
        Self::content(start, text.len())
    }

    /// Of the fields that were opened since `start`, leaves one of each name.
    fn keep_last_of_each_name(&mut self, start: usize) {
        self.closed += 1;
        let mut kept = start;
        for place in start..self.open.len() {
            let Some(&named) = self.open.get(place) else { break };
            let Some(seen) = self.last_seen.get_mut(named.key.0 as usize) else { continue };
            let target = if seen.0 == self.closed { seen.1 } else { kept };
            kept += usize::from(target == kept);
            *seen = (self.closed, target);
            if let Some(slot) = self.open.get_mut(target) {
                *slot = named;
            }
        }
        self.open.truncate(kept);
    }

    /// Moves the nodes that were opened since `start` behind each other, as the elements of a list.
    fn close_list<E: serde::de::Error>(&mut self, start: usize) -> Result<Content, E> {
        let content = Self::content(self.nodes.len(), self.open.len() - start)?;
        self.nodes.extend(self.open.drain(start..).map(|named| named.node));
        Ok(content)
    }

    /// The same, as the fields of an object.
    fn close_object<E: serde::de::Error>(&mut self, start: usize) -> Result<Content, E> {
        self.keep_last_of_each_name(start);
        let names = self.open.get(start..).unwrap_or_default().iter().map(|named| named.key);
        let shape = self.shapes.of(names);
        let content = Self::content(self.nodes.len(), shape)?;
        self.nodes.extend(self.open.drain(start..).map(|named| named.node));
        Ok(content)
    }
}

/// A value within a batch.
#[derive(Debug, Clone, Copy)]
pub struct Value<'a> {
    documents: &'a Documents,
    node: Node,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape<'a> {
    /// Null.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(&'a str),
    /// A list; see [`Value::elements`].
    List,
    /// An object; see [`Value::fields`].
    Object,
}

impl<'a> Value<'a> {
    /// What it is.
    #[must_use]
    #[inline]
    pub fn shape(self) -> Shape<'a> {
        match self.node.kind {
            Kind::Null => Shape::Null,
            Kind::False => Shape::Bool(false),
            Kind::True => Shape::Bool(true),
            Kind::Number => Shape::Number(self.node.content.number()),
            Kind::Text => Shape::Text(self.documents.text.get(self.node.content.range()).unwrap_or_default()),
            Kind::List => Shape::List,
            Kind::Object => Shape::Object,
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_text(self) -> Option<&'a str> {
        if let Shape::Text(text) = self.shape() { Some(text) } else { None }
    }

    /// The elements of a list; none of anything else.
    #[inline]
    pub fn elements(self) -> impl Iterator<Item = Self> + use<'a> {
        let is_list = self.node.kind == Kind::List;
        self.children().iter().filter(move |_| is_list).map(move |&node| Value { node, ..self })
    }

    /// How many elements a list or fields an object has; 0 for anything else.
    #[must_use]
    pub fn child_count(self) -> usize {
        self.children().len()
    }

    /// The fields of an object, each with its name; none of anything else.
    pub fn fields(self) -> impl Iterator<Item = (&'a str, Self)> + use<'a> {
        let is_object = self.node.kind == Kind::Object;
        let shape = if is_object { self.node.content.shape() } else { usize::MAX };
        let documents = self.documents;
        let names =
            documents.shapes.names(shape).iter().filter_map(|key| documents.names.get(key.0 as usize));
        names.map(String::as_str).zip(self.children().iter().map(move |&node| Value { node, ..self }))
    }

    /// The element of a list at a place.
    #[must_use]
    pub(super) fn element(self, index: usize) -> Option<Self> {
        let node = *self.children().get(index)?;
        (self.node.kind == Kind::List).then_some(Value { node, ..self })
    }

    /// The field of this name.
    #[must_use]
    pub fn field(self, name: &str) -> Option<Self> {
        let key = Key(*self.documents.keys.get(name)?);
        self.field_at(|shapes, shape| shapes.place(shape, key))
    }

    #[inline]
    pub(super) fn field_of(self, name: &BoundName) -> Option<Self> {
        self.field_at(|shapes, shape| shapes.place_of(shape, name))
    }

    #[inline]
    fn field_at(self, place: impl Fn(&Shapes, usize) -> Option<usize>) -> Option<Self> {
        if self.node.kind != Kind::Object {
            return None;
        }
        let place = place(&self.documents.shapes, self.node.content.shape())?;
        let node = *self.documents.nodes.get(self.node.content.start() + place)?;
        Some(Value { node, ..self })
    }

    #[inline]
    fn children(self) -> &'a [Node] {
        let content = self.node.content;
        let range = match self.node.kind {
            Kind::List => content.range(),
            Kind::Object => content.start()..content.start() + self.documents.shapes.length(content.shape()),
            _ => return &[],
        };
        self.documents.nodes.get(range).unwrap_or_default()
    }

    #[inline]
    pub(super) fn is_list(self) -> bool {
        self.node.kind == Kind::List
    }

    #[inline]
    pub(super) fn is_object(self) -> bool {
        self.node.kind == Kind::Object
    }
}

#[cfg(test)]
mod tests;
