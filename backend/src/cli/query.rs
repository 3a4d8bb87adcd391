//! Queries of the filter language, from files.
//!
//! Must not know what they are asked for.

use super::failure::Failure;
use super::input;
use shared::dql::{MOST_BYTES, Parsed, parse};
use std::io::Read;
use std::path::Path;

/// A query, and its text as it was written.
#[derive(Debug)]
pub struct QueryFile {
    /// As it was written.
    pub text: String,
    /// As it was read, with warnings.
    pub parsed: Parsed,
}

/// Reads a query from a file, `-` for standard input.
///
/// # Errors
/// If it cannot be read, or is refused: wrong input.
pub fn read(path: &Path) -> Result<QueryFile, Failure> {
    let name = input::name(path);
    let reader = input::open(path).map_err(|failure| Failure::usage(failure.to_string()))?.0;
    let mut bytes = Vec::new();
    // One byte more than a query may have, by which a longer one is known.
    let read = reader.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::usage(format!("the filter in {name} cannot be read: {error}")))?;
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        // Cut within a letter, which does not matter: it is refused by its length.
        Err(error) if error.as_bytes().len() > MOST_BYTES => {
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        }
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            return Err(Failure::usage(format!(
                "the filter in {name} is no text: byte {at} is not UTF-8; save it as UTF-8"
            )));
        }
    };
    let parsed = parse(&text)
        .map_err(|refusal| Failure::usage(format!("the filter in {name} is refused\n{refusal}")))?;
    Ok(QueryFile { text, parsed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_query_is_refused_by_what_is_wrong_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("filter.json");
        let long = format!("{{\"name\": \"{}\"}}", "\u{e9}".repeat(MOST_BYTES));
        for (bytes, part) in [
            (&b"{"[..], "is refused\nline 1, column 1"),
            (&b"{\"a\": \"\xff\"}"[..], "byte 7 is not UTF-8"),
            (long.as_bytes(), "larger than the limit"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let failure = read(&path).unwrap_err();
            assert!(failure.to_string().contains(part), "{failure}");
        }
        assert!(read(&folder.path().join("none.json")).unwrap_err().to_string().contains("cannot be read"));
    }
}
