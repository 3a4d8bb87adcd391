//! One annotation file of Pascal VOC.
//!
//! Must not know folders. Only the elements that matter are kept; entities beyond the five of XML
//! itself are refused, so a file cannot grow while it is read.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Elements within elements at most; VOC has five levels.
const DEPTH: usize = 32;
/// Objects in one file at most.
const OBJECTS: usize = 100_000;

/// What an annotation file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct VocFile {
    /// Name of the image, as the file has it.
    pub(super) filename: Option<String>,
    /// Width and height, if they are given and not 0.
    pub(super) size: Option<(u32, u32)>,
    pub(super) objects: Vec<VocObject>,
}

/// One labelled box.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct VocObject {
    pub(super) name: Option<String>,
    /// xmin, ymin, xmax, ymax, or the text that is no number.
    pub(super) edges: [Option<Result<f64, String>>; 4],
}

/// Parses a file. The error says what is wrong, and where.
pub(super) fn parse(text: &str) -> Result<VocFile, String> {
    let mut reader = Reader::from_str(text);
    let mut file = VocFile::default();
    let mut path: Vec<String> = Vec::new();
    let mut content = String::new();
    let mut size = [0_u32; 2];
    let mut seen_root = false;
    loop {
        let at = reader.buffer_position();
        let event =
            reader.read_event().map_err(|error| broken(text, reader.error_position(), &error.to_string()))?;
        match event {
            Event::Start(element) => {
                let name: &str = element.name().into_inner();
                if path.is_empty() {
                    if seen_root || name != "annotation" {
                        return Err(broken(text, at, "it does not start with <annotation>"));
                    }
                    seen_root = true;
                }
                path.push(name.to_owned());
                if path.len() > DEPTH {
                    return Err(broken(text, at, "its elements are nested too deeply"));
                }
                if path.len() == 2 && name == "object" {
                    file.objects.push(VocObject::default());
                    if file.objects.len() > OBJECTS {
                        return Err(broken(text, at, "it has too many objects"));
                    }
                }
                content.clear();
            }
            Event::End(_) => {
                take(&mut file, &mut size, &path, content.trim());
                path.pop();
                content.clear();
            }
            Event::Text(part) => content.push_str(&part.xml10_content()),
            Event::CData(part) => content.push_str(&part.xml10_content()),
            Event::GeneralRef(reference) => {
                let resolved = match reference.resolve_char_ref() {
                    Ok(Some(character)) => Some(character.to_string()),
                    Ok(None) => quick_xml::escape::resolve_predefined_entity(&reference.xml10_content())
                        .map(str::to_owned),
                    Err(_) => None,
                };
                content.push_str(&resolved.ok_or_else(|| broken(text, at, "it uses an unknown entity"))?);
            }
            Event::Eof if !seen_root => return Err(broken(text, at, "it holds no <annotation>")),
            Event::Eof => match path.last() {
                Some(open) => return Err(broken(text, at, &format!("the file ends inside of <{open}>"))),
                None => break,
            },
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    file.size = (size[0] > 0 && size[1] > 0).then_some((size[0], size[1]));
    Ok(file)
}

/// Keeps the content of the element at this path, if it matters.
fn take(file: &mut VocFile, size: &mut [u32; 2], path: &[String], content: &str) {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["annotation", "filename"] => file.filename = Some(content.to_owned()),
        // A size that is no number is as good as none.
        ["annotation", "size", "width"] => size[0] = content.parse().unwrap_or(0),
        ["annotation", "size", "height"] => size[1] = content.parse().unwrap_or(0),
        ["annotation", "object", "name"] => {
            if let Some(object) = file.objects.last_mut() {
                object.name = Some(content.to_owned());
            }
        }
        ["annotation", "object", "bndbox", edge] => {
            let index = ["xmin", "ymin", "xmax", "ymax"].iter().position(|name| name == edge);
            if let (Some(index), Some(object)) = (index, file.objects.last_mut()) {
                object.edges[index] = Some(content.parse().map_err(|_| content.chars().take(40).collect()));
            }
        }
        _ => {}
    }
}

fn broken(text: &str, at: u64, reason: &str) -> String {
    let at = text.floor_char_boundary(usize::try_from(at).unwrap_or(usize::MAX).min(text.len()));
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    format!("broken XML at line {line}, column {column}: {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_file_is_read_with_references_and_parts_of_objects_ignored() {
        let file = parse(
            "<?xml version=\"1.0\"?>\n<annotation><filename>a&amp;b&#46;jpg</filename>\
             <size><width>640</width><height>480</height><depth>3</depth></size>\
             <object><name> cat </name><part><name>head</name><bndbox><xmin>9</xmin></bndbox></part>\
             <bndbox><xmin>1</xmin><ymin>2.5</ymin><xmax>x</xmax></bndbox></object></annotation>",
        )
        .unwrap();
        assert_eq!(file.filename.as_deref(), Some("a&b.jpg"));
        assert_eq!(file.size, Some((640, 480)));
        let edges = [Some(Ok(1.0)), Some(Ok(2.5)), Some(Err("x".to_owned())), None];
        assert_eq!(file.objects, [VocObject { name: Some("cat".into()), edges }]);
    }

    #[test]
    fn broken_files_say_where() {
        let deep = "<annotation>".to_owned() + &"<a>".repeat(100);
        for (text, wanted) in [
            ("", "holds no <annotation>"),
            ("{}", "holds no <annotation>"),
            ("<html></html>", "does not start with <annotation>"),
            ("<annotation>\n<size></annotation>", "line 2"),
            ("<annotation><object>", "ends inside of <object>"),
            ("<annotation><filename>&lol;</filename></annotation>", "unknown entity"),
            (deep.as_str(), "nested too deeply"),
        ] {
            let reason = parse(text).unwrap_err();
            assert!(reason.contains(wanted), "{text}: {reason}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[<>/&;a-z0-9 \\n\"é!?-]{0,200}") {
            let _ = parse(&text);
            let _ = parse(&format!("<annotation>{text}</annotation>"));
        }
    }
}
