//! Rules for secrets: what they may be called, and which values can be kept from being shown.
//!
//! Must not know how values are sealed or handed over. Values are looked at and never kept.

/// Shorter values would be found, and hidden, in text that has nothing to do with them.
pub const MIN_VALUE_BYTES: usize = 4;
/// Longer values do not fit well into an environment.
pub const MAX_VALUE_BYTES: usize = 16 * 1024;
/// Characters of a name at most.
pub const MAX_NAME_CHARS: usize = 128;
/// Characters of a description at most.
pub const MAX_DESCRIPTION_CHARS: usize = 500;

/// Variables that decide what runs, and how, before the Train function has a say; and those that its
/// runner sets.
const RESERVED: [&str; 36] = [
    "BASH_ENV",
    "CDPATH",
    "CLASSPATH",
    "CUDA_HOME",
    "CUDA_PATH",
    "CUDA_VISIBLE_DEVICES",
    "ENV",
    "GCONV_PATH",
    "GLIBC_TUNABLES",
    "HOME",
    "HOSTALIASES",
    "IFS",
    "JAVA_TOOL_OPTIONS",
    "LANG",
    "LOCPATH",
    "LOGNAME",
    "NLSPATH",
    "NODE_OPTIONS",
    "NODE_PATH",
    "NVIDIA_VISIBLE_DEVICES",
    "PATH",
    "PERL5LIB",
    "PERL5OPT",
    "PROMPT_COMMAND",
    "PS4",
    "PWD",
    "RAYON_NUM_THREADS",
    "RUBYLIB",
    "RUBYOPT",
    "SHELL",
    "SHELLOPTS",
    "TMPDIR",
    "TZ",
    "USER",
    "VK_ICD_FILENAMES",
    "_JAVA_OPTIONS",
];
/// Starts of such names.
const RESERVED_STARTS: [&str; 8] =
    ["BASH_FUNC_", "DYLD_", "LC_", "LD_", "MALLOC_", "PYTHON", "RUST_", "TRAINYARD_"];

/// Checks the name of a secret: it becomes an environment variable of the Train function.
///
/// # Errors
/// What is wrong with it, to be said after the word for the field.
pub fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("is empty; name the environment variable, for example API_TOKEN".into());
    }
    if name.chars().count() > MAX_NAME_CHARS {
        return Err(format!("is longer than {MAX_NAME_CHARS} characters"));
    }
    let fits = |(place, letter): (usize, char)| {
        letter == '_' || letter.is_ascii_alphabetic() || (place > 0 && letter.is_ascii_digit())
    };
    if !name.chars().enumerate().all(fits) {
        return Err("is not the name of an environment variable: \
                    use letters, digits and underscores, and no digit at the start"
            .into());
    }
    let upper = name.to_ascii_uppercase();
    if RESERVED.contains(&upper.as_str()) || RESERVED_STARTS.iter().any(|start| upper.starts_with(start)) {
        return Err(format!(
            "is `{name}`, which decides how programs run and is not for secrets; choose another, for example MY_{upper}"
        ));
    }
    Ok(())
}

/// Checks that a value can stand in an environment variable, and can be told from other text, so that it
/// can be hidden where it shows up.
///
/// # Errors
/// What is wrong with it, without quoting it, to be said after the word for the field.
pub fn check_value(name: &str, value: &str) -> Result<(), String> {
    if value.is_empty() {
        return Err("is empty".into());
    }
    if value.len() < MIN_VALUE_BYTES {
        return Err(format!(
            "is shorter than {MIN_VALUE_BYTES} bytes, which cannot be kept out of logs without hiding other text"
        ));
    }
    if value.len() > MAX_VALUE_BYTES {
        return Err(format!("is longer than {} KiB", MAX_VALUE_BYTES >> 10));
    }
    if value.contains('\0') {
        return Err("holds a NUL byte, which no environment variable can".into());
    }
    if value.trim().is_empty() {
        return Err("is blank".into());
    }
    if marker(name).contains(value) {
        return Err("is a part of what is shown in its place; choose another value or name".into());
    }
    Ok(())
}

/// What is shown where the value of a secret stood.
#[must_use]
pub fn marker(name: &str) -> String {
    format!("[redacted {name}]")
}

/// Checks a description.
///
/// # Errors
/// What is wrong with it, to be said after the word for the field.
pub fn check_description(text: &str) -> Result<(), String> {
    if text.chars().count() > MAX_DESCRIPTION_CHARS {
        return Err(format!("is longer than {MAX_DESCRIPTION_CHARS} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err("holds control characters".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_variables_that_harm_nothing() {
        for name in ["API_TOKEN", "a", "_x9", "WANDB_API_KEY", "HTTPS_PROXY", "PATHS"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        let long = "A".repeat(MAX_NAME_CHARS + 1);
        for (name, part) in [
            ("", "is empty"),
            ("9A", "digit at the start"),
            ("A-B", "letters, digits"),
            ("A=B", "letters, digits"),
            ("ä", "letters, digits"),
            ("A\0", "letters, digits"),
            ("PATH", "MY_PATH"),
            ("path", "not for secrets"),
            ("LD_PRELOAD", "not for secrets"),
            ("DYLD_INSERT_LIBRARIES", "not for secrets"),
            ("TRAINYARD_TOKEN", "not for secrets"),
            ("PYTHONPATH", "not for secrets"),
            (&long, "longer than 128"),
        ] {
            let problem = check_name(name).unwrap_err();
            assert!(problem.contains(part), "{name}: {problem}");
        }
        assert!(RESERVED.is_sorted(), "so that a name is found where one looks for it");
    }

    #[test]
    fn values_must_be_told_from_other_text_and_are_never_quoted() {
        for value in ["abcd", "p w d", "line\nline", "ünïcode"] {
            assert_eq!(check_value("TOKEN", value), Ok(()));
        }
        let long = "x".repeat(MAX_VALUE_BYTES + 1);
        for (value, part) in [
            ("", "empty"),
            ("abc", "shorter than 4"),
            ("a\0bcd", "NUL"),
            ("    ", "blank"),
            ("TOKEN", "shown in its place"),
            ("redacted", "shown in its place"),
            (&long, "longer than 16 KiB"),
        ] {
            let problem = check_value("TOKEN", value).unwrap_err();
            assert!(problem.contains(part), "{problem}");
            assert!(value.len() < 4 || value == "redacted" || !problem.contains(value), "{problem}");
        }
    }
}
