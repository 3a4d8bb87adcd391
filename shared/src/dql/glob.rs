//! Globs, translated to regular expressions segment by segment, with picomatch's reading of each form.
//!
//! Must not know how the expression is run.

use std::iter::Peekable;
use std::str::Chars;

/// One letter that does not leave its folder.
const LETTER: &str = "[^/]";
/// Groups within each other at most.
const MOST_DEPTH: usize = 8;

/// The anchored expression of a glob. In picomatch's reading `/**/` at the very start stands for at least one folder;
/// in the language's own wildcards it may stand for none, as anywhere else.
///
/// # Errors
/// Why the glob cannot be used.
pub(super) fn regex_from_glob(glob: &str, is_picomatch: bool) -> Result<String, String> {
    if glob.chars().count() > 2 * super::pattern::MOST_PATTERN_LETTERS {
        return Err(format!("it is longer than {} letters", super::pattern::MOST_PATTERN_LETTERS));
    }
    if glob.starts_with('!') {
        return Err("it begins with `!`; write {\"$not\": {\"$glob\": ...}} instead".into());
    }
    let mut translator =
        Translator { letters: glob.chars().peekable(), regex: String::new(), depth: 0, is_picomatch };
    translator.sequence(None)?;
    // A text may hold line ends, and `.` must match them too.
    Ok(format!("^(?s:{})$", translator.regex))
}

struct Translator<'a> {
    letters: Peekable<Chars<'a>>,
    regex: String,
    depth: usize,
    is_picomatch: bool,
}

impl Translator<'_> {
    /// Up to the end, or up to the letter that closes the group we are in.
    fn sequence(&mut self, close: Option<char>) -> Result<(), String> {
        let mut at_segment_start = true;
        while let Some(letter) = self.letters.next() {
            if Some(letter) == close {
                return Ok(());
            }
            let starts = std::mem::replace(&mut at_segment_start, letter == '/');
            match letter {
                '\\' => {
                    let escaped = self.letters.next().unwrap_or('\\');
                    self.push(escaped);
                }
                '*' if self.letters.peek() != Some(&'(') => self.star(starts, close)?,
                '?' if self.letters.peek() != Some(&'(') => self.regex.push_str(LETTER),
                '@' | '?' | '*' | '+' if self.letters.peek() == Some(&'(') => self.repeated_group(letter)?,
                '!' if self.letters.peek() == Some(&'(') => {
                    return Err(
                        "`!(...)` is not supported; write {\"$not\": {\"$glob\": ...}} instead".into()
                    );
                }
                '[' => self.class()?,
                '{' => self.choice()?,
                ',' if close == Some('}') => self.regex.push('|'),
                '|' if close == Some(')') => self.regex.push('|'),
                other => self.push(other),
            }
        }
        close.map_or(Ok(()), |close| Err(format!("a group is not closed by `{close}`")))
    }

    fn push(&mut self, letter: char) {
        self.regex.push_str(&regex_syntax::escape(letter.encode_utf8(&mut [0; 4])));
    }

    /// `*` within a segment, alone in its segment, or `**`.
    fn star(&mut self, starts_segment: bool, close: Option<char>) -> Result<(), String> {
        let mut stars = 1;
        while self.letters.next_if_eq(&'*').is_some() {
            stars += 1;
        }
        let next = self.letters.peek().copied();
        let ends_all = next.is_none();
        let is_segment = starts_segment && (ends_all || next == Some('/') || next == close);
        if stars == 2 && is_segment {
            self.any_folders(next);
        } else if is_segment {
            // A star alone in its segment stands for at least one letter; at the very end a slash may follow.
            self.regex.push_str(if ends_all { "(?:[^/]+/?|/)" } else { "[^/]+" });
        } else {
            self.regex.push_str(if ends_all { "[^/]*/?" } else { "[^/]*" });
        }
        Ok(())
    }

    /// `**` as a whole segment: any number of folders, none among them.
    fn any_folders(&mut self, next: Option<char>) {
        let is_at_root = self.regex == "/";
        if next == Some('/') {
            self.letters.next();
            self.regex.push_str(if is_at_root && self.is_picomatch { ".*/" } else { "(?:.*/)?" });
            return;
        }
        // `/a/**` includes `/a`: the slash before is part of what may be missing.
        if self.regex.ends_with('/') && !is_at_root {
            self.regex.pop();
            self.regex.push_str("(?:/.*)?");
        } else {
            self.regex.push_str(".*");
        }
    }

    fn repeated_group(&mut self, sign: char) -> Result<(), String> {
        self.letters.next();
        self.group(')')?;
        if sign != '@' {
            self.regex.push(sign);
        }
        Ok(())
    }

    fn group(&mut self, close: char) -> Result<(), String> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(format!("its groups are nested deeper than {MOST_DEPTH}"));
        }
        self.regex.push_str("(?:");
        self.sequence(Some(close))?;
        self.regex.push(')');
        self.depth -= 1;
        Ok(())
    }

    /// `{a,b}`; braces without a comma are letters.
    fn choice(&mut self) -> Result<(), String> {
        let (mut depth, mut has_comma, mut has_range) = (0, false, false);
        let mut ahead = self.letters.clone();
        while let Some(letter) = ahead.next() {
            match letter {
                '\\' => {
                    ahead.next();
                }
                '{' => depth += 1,
                '}' if depth == 0 => {
                    return match (has_comma, has_range) {
                        (true, _) => self.group('}'),
                        (false, true) => Err("ranges such as {1..3} are not supported; write {1,2,3}".into()),
                        (false, false) => {
                            self.push('{');
                            Ok(())
                        }
                    };
                }
                '}' => depth -= 1,
                ',' if depth == 0 => has_comma = true,
                '.' if ahead.peek() == Some(&'.') => has_range = true,
                _ => {}
            }
        }
        // Never closed: a letter.
        self.push('{');
        Ok(())
    }

    /// `[a-z]` and `[^a-z]`; in picomatch `!` is an ordinary member. A bracket that is not closed is a letter.
    fn class(&mut self) -> Result<(), String> {
        let mut ahead = self.letters.clone();
        let negated = ahead.next_if_eq(&'^').is_some();
        let mut members = String::new();
        let mut previous = None;
        while let Some(letter) = ahead.next() {
            match letter {
                ']' if previous.is_some() => {
                    self.letters = ahead;
                    let start = if negated { "[^/" } else { "[" };
                    self.regex.push_str(&format!("{start}{members}]"));
                    return Ok(());
                }
                '[' if ahead.peek() == Some(&':') => {
                    return Err("classes such as [:alpha:] are not supported; write [a-zA-Z]".into());
                }
                '\\' => {
                    let escaped = ahead.next().unwrap_or('\\');
                    members.push_str(&escape_in_class(escaped));
                    previous = Some(escaped);
                }
                '-' if previous.is_some() && ahead.peek().is_some_and(|next| *next != ']') => {
                    members.push('-')
                }
                other => {
                    members.push_str(&escape_in_class(other));
                    previous = Some(other);
                }
            }
        }
        self.push('[');
        Ok(())
    }
}

fn escape_in_class(letter: char) -> String {
    if letter.is_alphanumeric() { letter.to_string() } else { format!("\\x{{{:x}}}", u32::from(letter)) }
}

#[cfg(test)]
mod tests {
    use super::super::pattern::Pattern;

    #[test]
    fn each_form_reads_as_picomatch_reads_it() {
        for (glob, fits, fits_not) in [
            ("/train/**", &["/train", "/train/a", "/train/a/b"][..], &["/trainer", "/"][..]),
            ("*", &["/", "a", "a/", ".a"], &["/a", "a/b", ""]),
            ("/*", &["/a", "/a/", "/.a"], &["/", "/a/b"]),
            ("/train*", &["/train", "/train2", "/train/"], &["/train/a"]),
            ("**/*.png", &["a.png", "/a.png", "/a/b.png"], &["/a.jpg"]),
            ("/**/a", &["/b/a", "/b/c/a"], &["/a", "/b/ab", "/b/a/c"]),
            ("/b/**/a", &["/b/a", "/b/c/a"], &["/b/ca"]),
            ("/**", &["/", "/a", "/a/b"], &["a", ""]),
            ("/train/?/*", &["/train/a/b"], &["/train/ab/c", "/train//b"]),
            ("/train/[^a]/**", &["/train/b/c", "/train/b"], &["/train/a/c", "/train/bc/d"]),
            ("/train/[!a]/**", &["/train/a/c", "/train/!/c"], &["/train/b/c"]),
            ("[^a-c]x", &["dx", "-x"], &["ax", "/x"]),
            ("[a-c]x", &["bx"], &["dx", "-x"]),
            ("[]a]", &["]", "a"], &["b"]),
            ("[a", &["[a"], &["a"]),
            ("{a,b{c,d}}.jpg", &["a.jpg", "bc.jpg", "bd.jpg"], &["b.jpg", "c.jpg"]),
            ("{a}", &["{a}"], &["a"]),
            ("{a,", &["{a,"], &["a"]),
            ("a,b", &["a,b"], &["a"]),
            ("*.@(jpg|png)", &["x.jpg", "x.png"], &["x.gif", "x.@(jpg|png)"]),
            ("a+(b)", &["ab", "abbb"], &["a"]),
            ("a?(b)c*(d)", &["ac", "abcdd"], &["abbc"]),
            ("\\*\\[x\\]", &["*[x]"], &["a[x]"]),
            ("a.b+c", &["a.b+c"], &["aXb+c", "a.bbc"]),
            ("ü_*", &["ü_1"], &["u_1"]),
            ("a**b", &["ab", "axxb"], &["a/b"]),
            ("**", &["", "/", "a/b\nc"], &[]),
        ] {
            let pattern = Pattern::glob(glob).unwrap_or_else(|reason| panic!("{glob}: {reason}"));
            for text in fits {
                assert!(pattern.matches(text), "{glob} should match {text}");
            }
            for text in fits_not {
                assert!(!pattern.matches(text), "{glob} should not match {text}");
            }
        }
    }

    #[test]
    fn what_cannot_be_said_is_refused_with_another_way() {
        for (glob, part) in [
            ("!a", "$not"),
            ("!(a)", "$not"),
            ("a!(b)", "$not"),
            ("a@(b", "not closed"),
            ("{1..3}", "{1,2,3}"),
            ("[[:alpha:]]", "[a-zA-Z]"),
            ("[z-a]", "range"),
            (&"@(".repeat(20), "deeper"),
            (&"a".repeat(5_000), "longer"),
        ] {
            let reason = Pattern::glob(glob).expect_err(glob);
            assert!(reason.contains(part), "{glob:.20}: {reason}");
        }
    }
}
