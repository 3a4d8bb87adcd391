//! Patterns of texts: plain wildcards, globs and regular expressions. All match in linear time.
//!
//! Must not know which field they are for.

use super::glob::regex_from_glob;

/// Letters of a pattern at most.
pub const MOST_PATTERN_LETTERS: usize = 1_000;
/// Groups within groups.
const MOST_NESTING: u32 = 32;
/// Bytes that a compiled regular expression may take.
#[cfg(feature = "matching")]
const MOST_PROGRAM_BYTES: usize = 1 << 19;
/// Bytes that its cache may take while it runs.
#[cfg(feature = "matching")]
const MOST_CACHE_BYTES: usize = 1 << 18;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub struct Pattern(Kind);

#[derive(Debug, Clone)]
enum Kind {
    /// The whole text.
    Exact(String),
    /// The folder itself, and what is below it; without the final `/`.
    Under(String),
    /// These pieces in this order, with anything between them.
    Pieces(Vec<String>),
    /// Compiled, and what every text that fits begins with; empty when nothing is known.
    Regex(Program, String),
}

/// What a regular expression becomes.
#[cfg(feature = "matching")]
type Program = regex::Regex;
/// Nothing where nothing is matched: it is only known to be one.
#[cfg(not(feature = "matching"))]
type Program = ();

/// How a regular expression is read.
#[derive(Debug, Clone, Copy, Default)]
struct Options {
    ignores_case: bool,
    is_multi_line: bool,
    dot_matches_line_ends: bool,
    ignores_white_space: bool,
}

impl Options {
    fn read(letters: &str) -> Result<Self, String> {
        let mut options = Self::default();
        for letter in letters.chars() {
            match letter {
                'i' => options.ignores_case = true,
                'm' => options.is_multi_line = true,
                's' => options.dot_matches_line_ends = true,
                'x' => options.ignores_white_space = true,
                other => return Err(format!("there is no option `{other}`; there are i, m, s and x")),
            }
        }
        Ok(options)
    }
}

impl Pattern {
    /// A plain text with `*`. In a path, `*` stays within a folder, `**` crosses folders, and `/a/**` includes `/a`
    /// itself; elsewhere `*` is any run of letters. No other letter is special.
    ///
    /// # Errors
    /// Why the pattern cannot be used, for paths only.
    pub fn wildcard(text: &str, is_path: bool) -> Result<Self, String> {
        if !text.contains('*') {
            return Ok(Self(Kind::Exact(text.to_owned())));
        }
        if !is_path {
            return Ok(Self(Kind::Pieces(text.split('*').map(str::to_owned).collect())));
        }
        match text.strip_suffix("/**") {
            Some(folder) if !folder.is_empty() && !folder.contains('*') => {
                Ok(Self(Kind::Under(folder.to_owned())))
            }
            _ => {
                let escaped: String = text.chars().flat_map(escape_unless_star).collect();
                let mut compiled = Self::compile(&regex_from_glob(&escaped, false)?, "")?;
                if let Kind::Regex(_, prefix) = &mut compiled.0 {
                    let literal = text.split('*').next().unwrap_or_default();
                    // `/a/**` may stand for `/a` alone, too.
                    literal.trim_end_matches('/').clone_into(prefix);
                }
                Ok(compiled)
            }
        }
    }

    /// A glob as picomatch reads it, with dot files: `*` and `?` stay within a folder, `**` crosses folders, `[a-z]`
    /// and `[^a-z]` are classes, `{a,b}` are choices, `@(a|b)`, `?(a)`, `*(a)` and `+(a)` repeat, `\` takes the meaning
    /// from the next letter.
    ///
    /// # Errors
    /// Why the pattern cannot be used.
    pub fn glob(text: &str) -> Result<Self, String> {
        let is_plain =
            |text: &str| !text.contains(['*', '?', '[', ']', '{', '}', '(', ')', '\\', '!', '+', '@']);
        match text.strip_suffix("/**") {
            Some(folder) if !folder.is_empty() && is_plain(folder) => {
                Ok(Self(Kind::Under(folder.to_owned())))
            }
            _ => Self::compile(&regex_from_glob(text, true)?, ""),
        }
    }

    /// A regular expression, found anywhere in the text unless `^` and `$` say otherwise. Options: `i` ignores case,
    /// `m` lets `^` and `$` match at lines, `s` lets `.` match line ends, `x` ignores white space in the pattern.
    ///
    /// # Errors
    /// Why the pattern or an option cannot be used.
    pub fn regex(pattern: &str, options: &str) -> Result<Self, String> {
        Self::compile(pattern, options)
    }

    fn compile(pattern: &str, options: &str) -> Result<Self, String> {
        if pattern.chars().count() > 4 * MOST_PATTERN_LETTERS {
            return Err(format!("it is longer than {MOST_PATTERN_LETTERS} letters"));
        }
        let options = Options::read(options)?;
        program(pattern, options).map(|program| Self(Kind::Regex(program, String::new())))
    }

    /// Whether a text fits.
    #[cfg(feature = "matching")]
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match &self.0 {
            Kind::Exact(exact) => text == exact,
            Kind::Under(folder) => text
                .strip_prefix(folder.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
            Kind::Pieces(pieces) => has_pieces(text, pieces),
            Kind::Regex(regex, _) => regex.is_match(text),
        }
    }

    /// Whether it takes a compiled program to match it.
    #[must_use]
    pub const fn is_compiled(&self) -> bool {
        matches!(self.0, Kind::Regex(..))
    }

    /// The folder, if the pattern is "this folder and what is below it".
    #[must_use]
    pub fn folder(&self) -> Option<&str> {
        match &self.0 {
            Kind::Under(folder) => Some(folder),
            _ => None,
        }
    }

    /// What every text that fits begins with; empty when nothing is known.
    #[must_use]
    pub fn prefix(&self) -> &str {
        match &self.0 {
            Kind::Exact(text) | Kind::Under(text) | Kind::Regex(_, text) => text,
            Kind::Pieces(pieces) => pieces.first().map_or("", String::as_str),
        }
    }
}

fn escape_unless_star(letter: char) -> impl Iterator<Item = char> {
    let special = !letter.is_alphanumeric() && !matches!(letter, '*' | '/');
    special.then_some('\\').into_iter().chain(std::iter::once(letter))
}

/// Reads a regular expression, and compiles it if it is without fault.
#[cfg(feature = "matching")]
fn program(pattern: &str, options: Options) -> Result<Program, String> {
    regex_syntax::ParserBuilder::new()
        .nest_limit(MOST_NESTING)
        .case_insensitive(options.ignores_case)
        .multi_line(options.is_multi_line)
        .dot_matches_new_line(options.dot_matches_line_ends)
        .ignore_whitespace(options.ignores_white_space)
        .build()
        .parse(pattern)
        .map_err(|error| reason(&error.to_string()))?;
    let built = regex::RegexBuilder::new(pattern)
        .size_limit(MOST_PROGRAM_BYTES)
        .dfa_size_limit(MOST_CACHE_BYTES)
        .nest_limit(MOST_NESTING)
        .case_insensitive(options.ignores_case)
        .multi_line(options.is_multi_line)
        .dot_matches_new_line(options.dot_matches_line_ends)
        .ignore_whitespace(options.ignores_white_space)
        .build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => {
            "it is too large once it is compiled; ask for less repetition".into()
        }
        other => reason(&other.to_string()),
    })
}

/// Reads a regular expression. What its classes hold, which takes tables of all letters, and how large it becomes, is
/// found out by whoever compiles it.
#[cfg(not(feature = "matching"))]
fn program(pattern: &str, options: Options) -> Result<Program, String> {
    regex_syntax::ast::parse::ParserBuilder::new()
        .nest_limit(MOST_NESTING)
        .ignore_whitespace(options.ignores_white_space)
        .build()
        .parse(pattern)
        .map(drop)
        .map_err(|error| reason(&error.to_string()))
}

/// The first piece at the start, the last at the end, the others between them, each as early as possible.
#[cfg(feature = "matching")]
fn has_pieces(text: &str, pieces: &[String]) -> bool {
    let [first, middle @ .., last] = pieces else {
        return pieces.first().is_some_and(|only| text == only);
    };
    let Some(mut rest) = text.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str()))
    else {
        return false;
    };
    for piece in middle {
        let Some((_, after)) = rest.split_once(piece.as_str()) else {
            return false;
        };
        rest = after;
    }
    true
}

/// The last line of a message that draws the pattern, which says what is wrong.
fn reason(message: &str) -> String {
    let last = message.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(pattern: &Pattern, name: &str, fits: &[&str], fits_not: &[&str]) {
        for text in fits {
            assert!(pattern.matches(text), "{name} should match {text}");
        }
        for text in fits_not {
            assert!(!pattern.matches(text), "{name} should not match {text}");
        }
    }

    #[test]
    fn wildcards_of_paths_stay_in_their_folder_unless_doubled() {
        for (text, fits, fits_not) in [
            ("/a/**", &["/a", "/a/", "/a/b", "/a/b/c.jpg", "/a/.b"][..], &["/ab", "/", "/b/a/c", ""][..]),
            ("/a/*", &["/a/b.jpg", "/a/.hidden"], &["/a", "/a/", "/a/b/c.jpg"]),
            ("/**", &["/", "/a", "/a/b"], &["a", ""]),
            ("/**/x.jpg", &["/x.jpg", "/a/x.jpg", "/a/b/x.jpg"], &["/ax.jpg", "/a/x.png"]),
            ("/a*/b", &["/a/b", "/abc/b"], &["/a/c/b", "/b"]),
            ("/a?[b]/*", &["/a?[b]/c"], &["/axb/c"]),
            ("/{a,b}/*", &["/{a,b}/c"], &["/a/c"]),
            ("/odd (1)+/**", &["/odd (1)+/c", "/odd (1)+"], &["/odd 1/c"]),
        ] {
            check(&Pattern::wildcard(text, true).unwrap(), text, fits, fits_not);
        }
    }

    #[test]
    fn wildcards_of_other_texts_are_any_run() {
        for (text, fits, fits_not) in [
            ("*dog*", &["dog", "a dog/x", "dogs"][..], &["do g", ""][..]),
            ("video*", &["video/mp4", "video"], &["a video"]),
            ("2024-03-*", &["2024-03-31T00:00:00.000Z"], &["2024-04-01"]),
            ("a*b*c", &["abc", "a-b-b-c"], &["acb", "ab"]),
            ("aa*aa", &["aaaa", "aa-aa"], &["aaa"]),
            ("*", &["", "anything"], &[]),
            ("**", &["", "a/b"], &[]),
        ] {
            check(&Pattern::wildcard(text, false).unwrap(), text, fits, fits_not);
        }
    }

    #[test]
    fn regular_expressions_search_and_take_options() {
        check(&Pattern::regex("^img_", "").unwrap(), "^img_", &["img_1"], &["IMG_1", "a img_"]);
        check(&Pattern::regex("^img_", "i").unwrap(), "i", &["IMG_1"], &[]);
        check(&Pattern::regex("^b$", "m").unwrap(), "m", &["a\nb"], &["ab"]);
        check(&Pattern::regex("a.b", "s").unwrap(), "s", &["a\nb"], &[]);
        check(&Pattern::regex("a b", "x").unwrap(), "x", &["ab"], &["a b"]);
        for (pattern, options, part) in [
            ("(", "", "unclosed group"),
            ("a", "iq", "no option `q`"),
            ("(?=a)", "", "look-around"),
            ("\\1", "", "backreferences"),
            ("((((a{100}){100}){100}){100})", "", "too large"),
            (&"a".repeat(10_000), "", "longer than"),
        ] {
            let reason = Pattern::regex(pattern, options).unwrap_err();
            assert!(reason.contains(part), "{pattern:.20}: {reason}");
        }
    }

    #[test]
    fn patterns_that_ruin_other_engines_take_linear_time() {
        let text = "a".repeat(1 << 20);
        assert!(!Pattern::regex("(a+)+$x", "").unwrap().matches(&text));
        assert!(!Pattern::regex("(a|a)*b", "").unwrap().matches(&text));
        assert!(!Pattern::wildcard(&"a*".repeat(400), false).unwrap().matches(&text[1..300]));
        assert!(!Pattern::glob(&format!("{}b", "*a".repeat(400))).unwrap().matches(&text[..2_000]));
    }

    proptest! {
        #[test]
        fn a_text_without_stars_matches_itself_alone(text in "[a-z/.\\[\\]{}()?!+]{0,12}", other in "[a-z/]{0,12}") {
            for is_path in [false, true] {
                let pattern = Pattern::wildcard(&text, is_path).unwrap();
                prop_assert!(pattern.matches(&text));
                prop_assert_eq!(pattern.matches(&other), text == other);
            }
        }

        #[test]
        fn pieces_agree_with_a_regular_expression(pattern in "[ab*]{0,8}", text in "[ab]{0,10}") {
            let quoted = format!("^(?s:{})$", regex_syntax::escape(&pattern).replace("\\*", ".*"));
            let expected = regex::Regex::new(&quoted).unwrap().is_match(&text);
            prop_assert_eq!(Pattern::wildcard(&pattern, false).unwrap().matches(&text), expected);
        }

        #[test]
        fn the_prefix_is_one(pattern in "[ab*/]{0,8}", text in "[ab/]{0,10}", is_path in any::<bool>()) {
            let pattern = Pattern::wildcard(&pattern, is_path).unwrap();
            if pattern.matches(&text) {
                prop_assert!(text.starts_with(pattern.prefix()));
            }
        }
    }
}
