//! The `.proto` files with their comments, as plain values.
//!
//! Must not know how they are shown.

use anyhow::{Context, Result};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Numbers of fields in `descriptor.proto`, of which the paths of comments are made.
const MESSAGE: i32 = 4;
const ENUM: i32 = 5;
const SERVICE: i32 = 6;
const PART: i32 = 2;
/// So much of a full name is the package's.
const PACKAGE: &str = ".trainyard.v1.";

/// One file of the API.
pub struct File {
    pub services: Vec<Service>,
    pub types: Vec<TypeDef>,
}

pub struct Service {
    pub name: String,
    pub comment: String,
    pub methods: Vec<Method>,
}

pub struct Method {
    pub name: String,
    pub comment: String,
    pub request: String,
    pub answer: String,
    pub streams_answer: bool,
}

/// A message or an enumeration.
pub struct TypeDef {
    pub name: String,
    pub comment: String,
    pub body: Body,
}

pub enum Body {
    Message(Vec<Field>),
    Enum(Vec<(String, String)>),
}

pub struct Field {
    pub name: String,
    pub comment: String,
    /// A scalar, or the name of a message or enumeration.
    pub kind: Kind,
    pub is_repeated: bool,
    pub is_optional: bool,
    /// The name of the choice that it belongs to.
    pub one_of: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Scalar(String),
    Named(String),
}

/// All files of the API below this folder, sorted by name.
pub fn files(folder: &Path) -> Result<Vec<File>> {
    let listed =
        std::fs::read_dir(folder.join("trainyard/v1")).context("the API's files cannot be listed")?;
    let mut paths: Vec<PathBuf> = listed.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.sort();
    let set = protox::compile(&paths, [folder]).context("the API's files cannot be compiled")?;
    Ok(set.file.iter().filter(|file| file.package() == "trainyard.v1").map(file_of).collect())
}

/// Comments by the path of what they stand before.
type Comments = HashMap<Vec<i32>, String>;

fn file_of(file: &FileDescriptorProto) -> File {
    let locations = file.source_code_info.iter().flat_map(|info| &info.location);
    let comments: Comments =
        locations.map(|location| (location.path.clone(), plain(location.leading_comments()))).collect();
    let at = |path: &[i32]| comments.get(path).cloned().unwrap_or_default();
    let services = numbered(&file.service).map(|(s, service)| Service {
        name: service.name().to_owned(),
        comment: at(&[SERVICE, s]),
        methods: numbered(&service.method)
            .map(|(m, method)| Method {
                name: method.name().to_owned(),
                comment: at(&[SERVICE, s, PART, m]),
                request: short(method.input_type()),
                answer: short(method.output_type()),
                streams_answer: method.server_streaming(),
            })
            .collect(),
    });
    let messages = numbered(&file.message_type).map(|(n, message)| message_of(message, n, &comments));
    let enums = numbered(&file.enum_type).map(|(n, definition)| enum_of(definition, n, &comments));
    File { services: services.collect(), types: enums.chain(messages).collect() }
}

fn message_of(message: &DescriptorProto, number: i32, comments: &Comments) -> TypeDef {
    let at = |path: &[i32]| comments.get(path).cloned().unwrap_or_default();
    let fields = numbered(&message.field).map(|(f, field)| Field {
        name: field.name().to_owned(),
        comment: at(&[MESSAGE, number, PART, f]),
        kind: kind_of(field),
        is_repeated: field.label() == Label::Repeated,
        is_optional: field.proto3_optional(),
        one_of: field
            .oneof_index
            .filter(|_| !field.proto3_optional())
            .and_then(|index| message.oneof_decl.get(usize::try_from(index).ok()?))
            .map(|choice| choice.name().to_owned()),
    });
    let comment = at(&[MESSAGE, number]);
    TypeDef { name: message.name().to_owned(), comment, body: Body::Message(fields.collect()) }
}

fn enum_of(definition: &EnumDescriptorProto, number: i32, comments: &Comments) -> TypeDef {
    let at = |path: &[i32]| comments.get(path).cloned().unwrap_or_default();
    let values = numbered(&definition.value)
        .map(|(v, value)| (value.name().to_owned(), at(&[ENUM, number, PART, v])))
        .collect();
    TypeDef { name: definition.name().to_owned(), comment: at(&[ENUM, number]), body: Body::Enum(values) }
}

fn kind_of(field: &FieldDescriptorProto) -> Kind {
    match field.r#type() {
        Type::Message | Type::Enum => Kind::Named(short(field.type_name())),
        scalar => Kind::Scalar(scalar.as_str_name().trim_start_matches("TYPE_").to_lowercase()),
    }
}

fn numbered<T>(all: &[T]) -> impl Iterator<Item = (i32, &T)> {
    (0..).zip(all)
}

fn short(full: &str) -> String {
    full.strip_prefix(PACKAGE).unwrap_or(full).to_owned()
}

/// A comment without the space that each of its lines begins with.
fn plain(comment: &str) -> String {
    let lines: Vec<&str> = comment.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    lines.join("\n").trim().to_owned()
}
