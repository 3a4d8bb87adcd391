//! The API as Markdown, one page a service: its methods, and the messages that belong to it.
//!
//! Must not know where the pages go. A message has one home: the first service of its own file that reaches it.

use crate::proto::{Body, Field, File, Kind, Method, Service, TypeDef};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The page of a service.
pub struct Page {
    /// The service's name.
    pub name: String,
    pub markdown: String,
}

/// Where each message and enumeration is described: the name of a service.
type Homes<'a> = BTreeMap<&'a str, &'a str>;

pub fn pages(files: &[File]) -> Vec<Page> {
    let homes = homes(files);
    let with_types = files.iter().flat_map(|file| file.services.iter().map(|service| (service, &file.types)));
    let mut pages: Vec<Page> = with_types.map(|(service, types)| page(service, types, &homes)).collect();
    pages.sort_by(|left, right| left.name.cmp(&right.name));
    pages
}

fn homes(files: &[File]) -> Homes<'_> {
    let mut homes = Homes::new();
    for file in files {
        for service in &file.services {
            for name in reached(service, &file.types) {
                homes.entry(name).or_insert(&service.name);
            }
        }
        // What other files use alone still has its place.
        if let Some(last) = file.services.last() {
            for definition in &file.types {
                homes.entry(&definition.name).or_insert(&last.name);
            }
        }
    }
    homes
}

/// The names of a file's own types that a service's methods mention, directly or within others.
fn reached<'a>(service: &Service, types: &'a [TypeDef]) -> BTreeSet<&'a str> {
    let mut names = BTreeSet::new();
    let mut open: Vec<&str> =
        service.methods.iter().flat_map(|method| [method.request.as_str(), &method.answer]).collect();
    while let Some(name) = open.pop() {
        let Some(definition) = types.iter().find(|definition| definition.name == name) else { continue };
        if !names.insert(definition.name.as_str()) {
            continue;
        }
        if let Body::Message(fields) = &definition.body {
            open.extend(fields.iter().filter_map(|field| match &field.kind {
                Kind::Named(name) => Some(name.as_str()),
                Kind::Scalar(_) => None,
            }));
        }
    }
    names
}

fn page(service: &Service, types: &[TypeDef], homes: &Homes) -> Page {
    let mut text = format!("# {}\n\n{}\n\n", service.name, service.comment);
    let _ = writeln!(text, "gRPC: `trainyard.v1.{}`.\n\n## Methods\n", service.name);
    for method in &service.methods {
        write_method(&mut text, service, method, homes);
    }
    let mut own = types.iter().filter(|one| homes.get(one.name.as_str()) == Some(&&*service.name)).peekable();
    if own.peek().is_some() {
        text.push_str("## Messages\n\n");
    }
    for definition in own {
        write_type(&mut text, service, definition, homes);
    }
    Page { name: service.name.clone(), markdown: text }
}

fn write_method(text: &mut String, service: &Service, method: &Method, homes: &Homes) {
    let _ = writeln!(text, "### {} {{#method-{0}}}\n", method.name);
    let stream = if method.streams_answer { "a stream of " } else { "" };
    let (request, answer) = (link(&method.request, service, homes), link(&method.answer, service, homes));
    let _ = writeln!(text, "{request} → {stream}{answer}\n\n{}\n", method.comment);
}

fn write_type(text: &mut String, service: &Service, definition: &TypeDef, homes: &Homes) {
    let _ = writeln!(text, "### {} {{#{0}}}\n\n{}\n", definition.name, definition.comment);
    match &definition.body {
        Body::Message(fields) if fields.is_empty() => text.push_str("No fields.\n\n"),
        Body::Message(fields) => {
            text.push_str("| field | type | |\n|---|---|---|\n");
            for field in fields {
                let kind = kind(field, service, homes);
                let _ = writeln!(text, "| `{}` | {kind} | {} |", field.name, cell(&field.comment));
            }
            text.push('\n');
        }
        Body::Enum(values) => {
            text.push_str("| value | |\n|---|---|\n");
            for (name, comment) in values {
                let _ = writeln!(text, "| `{name}` | {} |", cell(comment));
            }
            text.push('\n');
        }
    }
}

fn kind(field: &Field, service: &Service, homes: &Homes) -> String {
    let name = match &field.kind {
        Kind::Scalar(name) => name.clone(),
        Kind::Named(name) => link(name, service, homes),
    };
    let one_of = field.one_of.as_ref().map(|choice| format!(", one of `{choice}`")).unwrap_or_default();
    let before = match (field.is_repeated, field.is_optional) {
        (true, _) => "list of ",
        (_, true) => "optional ",
        _ => "",
    };
    format!("{before}{name}{one_of}")
}

/// The name of a message, leading to where it is described.
fn link(name: &str, service: &Service, homes: &Homes) -> String {
    match homes.get(name) {
        Some(home) if *home == service.name => format!("[{name}](#{name})"),
        Some(home) => format!("[{name}]({home}.md#{name})"),
        None => format!("`{name}`"),
    }
}

/// A comment in a cell of a table.
fn cell(comment: &str) -> String {
    comment.replace('\n', " ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(name: &str, uses: &[&str]) -> TypeDef {
        let field = |kind: &&str| Field {
            name: format!("of_{kind}").to_lowercase(),
            comment: "One.\nTwo | three.".into(),
            kind: Kind::Named((*kind).to_owned()),
            is_repeated: false,
            is_optional: true,
            one_of: None,
        };
        let fields = uses.iter().map(field).collect();
        TypeDef { name: name.into(), comment: String::new(), body: Body::Message(fields) }
    }

    fn service(name: &str, request: &str) -> Service {
        let method = Method {
            name: "Do".into(),
            comment: "Does it.".into(),
            request: request.into(),
            answer: request.into(),
            streams_answer: true,
        };
        Service { name: name.into(), comment: "Speaks.".into(), methods: vec![method] }
    }

    #[test]
    fn each_message_has_one_home_that_all_others_lead_to() {
        let files = [
            File {
                services: vec![service("A", "Ask"), service("B", "Shared")],
                types: vec![message("Ask", &["Shared"]), message("Shared", &[]), message("Rest", &["Ask"])],
            },
            File { services: vec![service("C", "Other")], types: vec![message("Other", &["Rest"])] },
        ];
        let pages = pages(&files);
        let text = |name: &str| &pages.iter().find(|page| page.name == name).unwrap().markdown;
        assert!(text("A").contains("[Ask](#Ask) → a stream of [Ask](#Ask)\n\nDoes it."), "{}", text("A"));
        assert!(text("A").contains("### Shared {#Shared}"));
        assert!(text("B").contains("[Shared](A.md#Shared)") && !text("B").contains("### Shared"));
        assert!(text("B").contains("### Rest {#Rest}"));
        assert!(text("C").contains("| `of_rest` | optional [Rest](B.md#Rest) | One. Two \\| three. |"));
    }
}
