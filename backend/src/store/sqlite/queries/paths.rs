//! Tests of `dir` and `filename`, as ranges of the index by folder and name.
//!
//! Must not know other fields. Folders are stored from `/` without a slash at the end, and names hold no slash.

use super::atoms::{self, Bounds, literal_prefix, operator, texts, wildcard};
use super::expression::{Expression, Operand, Piece, begins_with};
use shared::dataset::full_name;
use shared::dql::{Atom, Literal, Pattern};
use std::collections::HashSet;

const DIR: &str = "i.dir";
const NAME: &str = "i.name";
pub(super) const FILE_NAME: &str = "(CASE WHEN i.dir = '/' THEN '' ELSE i.dir END || '/' || i.name)";

/// The field `dir`.
pub(super) fn dir(atom: &Atom) -> Bounds {
    match atom {
        Atom::Wildcard(pattern) => dir_pattern(pattern, Pattern::wildcard(pattern, true).ok().as_ref()),
        Atom::Glob(pattern) => dir_pattern(pattern, Pattern::glob(pattern).ok().as_ref()),
        other => atoms::text(DIR, other),
    }
}

fn dir_pattern(pattern: &str, compiled: Option<&Pattern>) -> Bounds {
    match compiled.and_then(Pattern::folder) {
        Some(folder) => Bounds::exact(in_folder(folder)),
        None if pattern == "/**" => Bounds::exact(Expression::True),
        None => match folder_of(literal_prefix(pattern)) {
            "" => Bounds::unknown(),
            folder => Bounds::narrowed(begins_with(DIR, &format!("{folder}/"))),
        },
    }
}

/// The field `filename`. `files` are those of the filter's folders that are in truth the names of items.
pub(super) fn file_name(atom: &Atom, files: &HashSet<String>) -> Bounds {
    match atom {
        Atom::Equals(Literal::Text(text)) => Bounds::exact(is_file(text)),
        Atom::OneOf(literals) => Bounds::exact(is_one_of(&texts(literals))),
        Atom::Order(order, Literal::Text(text)) => {
            Bounds::exact(Expression::compare(FILE_NAME, operator(*order), Operand::text(text)))
        }
        Atom::Exists => Bounds::exact(Expression::True),
        Atom::Wildcard(pattern) => {
            file_pattern(pattern, Pattern::wildcard(pattern, true).ok().as_ref(), files)
        }
        Atom::Glob(pattern) => {
            let compiled = Pattern::glob(pattern).ok();
            // With stars alone both readings agree, but for one in which folders at the root are skipped.
            if literal_prefix(&pattern.replace('*', "")).len() + pattern.matches('*').count() == pattern.len()
                && !pattern.starts_with("/**/")
            {
                return file_pattern(pattern, compiled.as_ref(), files);
            }
            match compiled.as_ref().and_then(Pattern::folder) {
                Some(folder) => Bounds::exact(below(folder, files)),
                None => narrowed_by_folder(pattern),
            }
        }
        Atom::Regex { .. } => Bounds::unknown(),
        Atom::Equals(_) | Atom::Order(..) | Atom::Size(_) | Atom::Element { .. } => Bounds::never(),
    }
}

fn file_pattern(pattern: &str, compiled: Option<&Pattern>, files: &HashSet<String>) -> Bounds {
    if let Some(folder) = compiled.and_then(Pattern::folder) {
        return Bounds::exact(below(folder, files));
    }
    if pattern == "/**" {
        return Bounds::exact(Expression::True);
    }
    let Some((folder, last)) = pattern.rsplit_once('/').filter(|(_, last)| *last != "**") else {
        return narrowed_by_folder(pattern);
    };
    let (folder, place) = match folder.strip_suffix("/**") {
        Some(folder) => (folder, in_folder(folder)),
        None => (
            folder,
            Expression::compare(DIR, " = ", Operand::text(if folder.is_empty() { "/" } else { folder })),
        ),
    };
    if folder.contains('*') || !pattern.starts_with('/') {
        return narrowed_by_folder(pattern);
    }
    let name = wildcard(NAME, last);
    let at_most = Expression::all([place, name.at_most]);
    if name.is_exact { Bounds::exact(at_most) } else { Bounds::narrowed(at_most) }
}

fn narrowed_by_folder(pattern: &str) -> Bounds {
    Bounds::narrowed(in_folder(folder_of(literal_prefix(pattern))))
}

/// The folders of a path, without the slash that ends them.
fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Items of this folder and of those below it: one range of the index, from which the folders that only begin alike
/// are left out.
fn in_folder(folder: &str) -> Expression {
    if folder.is_empty() {
        return Expression::True;
    }
    Expression::all([
        Expression::compare(DIR, " >= ", Operand::text(folder)),
        // `0` follows `/`.
        Expression::compare(DIR, " < ", Operand::Text(format!("{folder}0"))),
        Expression::any([
            Expression::compare(DIR, " = ", Operand::text(folder)),
            Expression::compare(DIR, " >= ", Operand::Text(format!("{folder}/"))),
        ]),
    ])
}

/// `/a/**` includes a file `/a`. There hardly ever is one, and without it the rest is one range.
fn below(folder: &str, files: &HashSet<String>) -> Expression {
    if files.contains(folder) {
        Expression::any([in_folder(folder), is_file(folder)])
    } else {
        in_folder(folder)
    }
}

/// The folder of a pattern that an item could be called like.
pub(super) fn folder_of_pattern(atom: &Atom) -> Option<String> {
    let pattern = match atom {
        Atom::Wildcard(pattern) => Pattern::wildcard(pattern, true),
        Atom::Glob(pattern) => Pattern::glob(pattern),
        _ => return None,
    };
    pattern.ok()?.folder().map(str::to_owned)
}

/// Folder and name of a whole file name, if it is one that an item can have.
pub(super) fn split_file_name(text: &str) -> Option<(&str, &str)> {
    let (folder, name) = text.rsplit_once('/')?;
    let dir = if folder.is_empty() { "/" } else { folder };
    (!name.is_empty() && full_name(dir, name) == text).then_some((dir, name))
}

fn is_file(text: &str) -> Expression {
    match split_file_name(text) {
        Some((dir, name)) => Expression::all([
            Expression::compare(DIR, " = ", Operand::text(dir)),
            Expression::compare(NAME, " = ", Operand::text(name)),
        ]),
        None => Expression::False,
    }
}

fn is_one_of(file_names: &[&str]) -> Expression {
    let pairs: Vec<_> = file_names.iter().filter_map(|text| split_file_name(text)).collect();
    if pairs.is_empty() {
        return Expression::False;
    }
    let pairs = pairs.into_iter().map(|(dir, name)| serde_json::json!([dir, name]));
    Expression::Sql(vec![
        Piece::Sql("(i.dir, i.name) IN (SELECT value ->> 0, value ->> 1 FROM json_each("),
        Piece::Bind(atoms::list(pairs)),
        Piece::Sql("))"),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_split_only_if_an_item_can_have_it() {
        for (text, expected) in [
            ("/a.jpg", Some(("/", "a.jpg"))),
            ("/a/b.jpg", Some(("/a", "b.jpg"))),
            ("a.jpg", None),
            ("/a/", None),
            ("//a", None),
            ("", None),
        ] {
            assert_eq!(split_file_name(text), expected, "{text}");
        }
    }

    #[test]
    fn usual_patterns_of_files_are_exact() {
        let files = HashSet::new();
        for (pattern, is_exact) in [
            ("/a/**", true),
            ("/a/*", true),
            ("/**", true),
            ("/*", true),
            ("/a/*.jpg", true),
            ("/**/*.jpg", true),
            ("/a/**/x*", true),
            ("/a*/x", false),
            ("/a/**/b/**", false),
        ] {
            assert_eq!(file_name(&Atom::Wildcard(pattern.into()), &files).is_exact, is_exact, "{pattern}");
        }
        let glob = |pattern: &str| file_name(&Atom::Glob(pattern.into()), &files).is_exact;
        assert!(glob("/a/**") && glob("/a/*") && !glob("/**/*.jpg") && !glob("/a/{b,c}"));
    }
}
