//! What refuses a manifest: everything that is wrong with it, at once, each at its field.
//!
//! Must not know which other architectures there are.

use super::manifest::{FOLDER, Manifest, ManifestSetting, Output, SettingKind};
use crate::config::schema::FieldError;
use crate::dataset::Label;
use crate::labels::checked_labels;
use crate::secret;
use crate::service::effect_of;
use std::collections::BTreeSet;

/// Characters of an id at most: it is part of the name of a service, which is part of names elsewhere.
const MOST_ID_CHARS: usize = 48;
/// Characters of what is shown on one line.
const MOST_NAME_CHARS: usize = 120;
/// Characters of a description or a help text.
const MOST_TEXT_CHARS: usize = 2_000;
/// Parts of a command, and bytes of each.
const MOST_PARTS: usize = 64;
const MOST_PART_BYTES: usize = 4_096;
/// Sizes, settings and secrets at most.
const MOST_ENTRIES: usize = 200;
/// Characters of a key.
const MOST_KEY_CHARS: usize = 64;
/// Whole numbers beyond this are not exact in every reader of JSON.
const LARGEST_EXACT: f64 = 9_007_199_254_740_991.0;

/// The settings of a service that an architecture cannot choose: its program is its command, and always a process.
const NOT_ITS_OWN: [&str; 2] = ["image", "run_as_process"];

/// Collects what is wrong.
#[derive(Default)]
struct Problems(Vec<FieldError>);

impl Problems {
    fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(FieldError::new(field, message.into()));
    }

    fn add_if(&mut self, is_wrong: bool, field: &str, message: impl Into<String>) {
        if is_wrong {
            self.add(field, message);
        }
    }

    /// What a person reads on one line.
    fn line(&mut self, field: &str, text: &str, most: usize, is_needed: bool) {
        self.add_if(is_needed && text.trim().is_empty(), field, "is empty");
        self.add_if(text.chars().count() > most, field, format!("is longer than {most} characters"));
        self.add_if(text.chars().any(char::is_control), field, "holds control characters");
    }

    /// Names of which each stands once.
    fn once<'a>(&mut self, list: &str, names: impl Iterator<Item = &'a str>) {
        let mut seen = BTreeSet::new();
        for (place, name) in names.enumerate() {
            self.add_if(!seen.insert(name), &format!("{list}[{place}]"), format!("\"{name}\" stands twice"));
            self.add_if(place == MOST_ENTRIES, list, format!("are more than {MOST_ENTRIES}"));
        }
    }
}

impl Manifest {
    /// Everything that is wrong, for files in `folder`, which is empty for none.
    pub(super) fn problems(&self, folder: &str) -> Vec<FieldError> {
        let mut problems = Problems::default();
        self.check_names(&mut problems);
        self.check_command(folder, &mut problems);
        problems.once("variants", self.variants.iter().map(|variant| variant.name.as_str()));
        problems.once("settings", self.settings.iter().map(|setting| setting.key.as_str()));
        problems.once("secrets", self.secrets.iter().map(|secret| secret.name.as_str()));
        for (place, setting) in self.settings.iter().enumerate() {
            setting.check(&format!("settings[{place}]"), &mut problems);
        }
        for (place, declared) in self.secrets.iter().enumerate() {
            let field = format!("secrets[{place}]");
            if let Err(problem) = secret::check_name(&declared.name) {
                problems.add(&format!("{field}.name"), problem);
            }
            if let Err(problem) = secret::check_description(&declared.description) {
                problems.add(&format!("{field}.description"), problem);
            }
        }
        self.check_service(&mut problems);
        problems.0
    }

    fn check_names(&self, problems: &mut Problems) {
        let is_good = self.id.starts_with(|first: char| first.is_ascii_lowercase())
            && self
                .id
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-')
            && !self.id.ends_with('-')
            && self.id.len() <= MOST_ID_CHARS;
        let id =
            "expected a letter, and then letters in lower case, digits and hyphens: at most 48 characters";
        problems.add_if(!is_good, "id", format!("\"{}\" is no id: {id}", self.id.escape_debug()));
        problems.line("name", &self.name, MOST_NAME_CHARS, true);
        problems.line("description", &self.description, MOST_TEXT_CHARS, false);
        let is_other = self.output.is_some_and(|output| output != Output::of(self.task));
        problems.add_if(
            is_other,
            "output",
            "does not go with the task: detection answers boxes, classification a class",
        );
        for (place, variant) in self.variants.iter().enumerate() {
            let field = format!("variants[{place}]");
            let is_good = |letter: char| {
                letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-' || letter == '.'
            };
            let fits = variant.name.len() <= MOST_ID_CHARS && variant.name.chars().all(is_good);
            let message = "may hold letters in lower case, digits, hyphens and points: it follows the id";
            problems.add_if(!fits, &format!("{field}.name"), message);
            problems.line(&format!("{field}.title"), &variant.title, MOST_NAME_CHARS, true);
        }
        if !self.labels.is_empty() {
            let label = |name: &String| Label { name: name.clone(), colour: String::new() };
            if let Err(error) = checked_labels(self.labels.iter().map(label).collect()) {
                problems.add("labels", format!("cannot be used: {error}"));
            }
        }
    }

    fn check_command(&self, folder: &str, problems: &mut Problems) {
        problems.add_if(
            self.command.len() > MOST_PARTS,
            "command",
            format!("has more than {MOST_PARTS} parts"),
        );
        for (place, part) in self.command.iter().enumerate() {
            let field = format!("command[{place}]");
            problems.add_if(
                part.len() > MOST_PART_BYTES,
                &field,
                format!("is longer than {MOST_PART_BYTES} bytes"),
            );
            problems.add_if(part.contains('\0'), &field, "holds a NUL byte");
        }
        let Some(program) = self.command.first() else {
            return problems.add("command", "is empty: name the program that trains, and its arguments");
        };
        let is_named = program.starts_with('/') || program.starts_with(FOLDER) || !program.contains('/');
        let hint = "name it by its whole path, by {folder}/…, or by a name alone, which is looked up on the server's PATH";
        problems.add_if(
            program.trim().is_empty() || !is_named,
            "command[0]",
            format!("is no program: {hint}"),
        );
        let asks = self.command.iter().any(|part| part.contains(FOLDER));
        problems.add_if(
            asks && !folder.starts_with('/'),
            "command",
            "asks for {folder}, but no folder is given: name the folder of its files on the server's machine",
        );
    }

    fn check_service(&self, problems: &mut Problems) {
        for key in self.service.keys() {
            let field = format!("service.{key}");
            if NOT_ITS_OWN.contains(&key.as_str()) {
                problems.add(
                    &field,
                    "is not for an architecture: its program is its command, and always a process",
                );
            } else if effect_of(key).is_none() {
                problems.add(&field, "is no setting of a service");
            }
        }
        for error in self.service_settings().err().into_iter().flatten() {
            let field = if error.key == "service" { error.key } else { format!("service.{}", error.key) };
            problems.add(&field, error.message);
        }
    }
}

impl ManifestSetting {
    fn check(&self, field: &str, problems: &mut Problems) {
        let is_key = |(place, letter): (usize, char)| {
            letter.is_ascii_alphabetic()
                || letter == '_'
                || place > 0 && (letter.is_ascii_digit() || letter == '-' || letter == '.')
        };
        let fits = !self.key.is_empty()
            && self.key.len() <= MOST_KEY_CHARS
            && self.key.chars().enumerate().all(is_key);
        problems.add_if(
            !fits,
            &format!("{field}.key"),
            "is no key: expected a letter, and then letters, digits, points, hyphens and underscores",
        );
        problems.line(&format!("{field}.label"), &self.label, MOST_NAME_CHARS, false);
        problems.line(&format!("{field}.help"), &self.help, MOST_TEXT_CHARS, false);
        problems.line(
            &format!("{field}.unit"),
            self.unit.as_deref().unwrap_or_default(),
            MOST_NAME_CHARS,
            false,
        );
        if self.check_range(field, problems)
            && let Some(problem) = self.problem_of_default()
        {
            problems.add(&format!("{field}.default"), problem);
        }
    }

    /// What is wrong with the default, where what it allows can be meant.
    fn problem_of_default(&self) -> Option<String> {
        if self.kind == SettingKind::Choice {
            let word = self.default.as_str().map(str::to_lowercase);
            let is_known = self.options.iter().any(|option| Some(option.to_lowercase()) == word);
            return (!is_known).then(|| format!("{} is none of the options", self.default));
        }
        self.kind().checked(&self.key, &self.default).err().map(|error| error.message)
    }

    /// Whether what it allows can be meant.
    fn check_range(&self, field: &str, problems: &mut Problems) -> bool {
        let before = problems.0.len();
        let is_whole = |value: Option<f64>| {
            value.is_none_or(|value| value % 1.0 == 0.0 && (0.0..=LARGEST_EXACT).contains(&value))
        };
        match self.kind {
            SettingKind::Integer => {
                for (name, value) in [("min", self.min), ("max", self.max)] {
                    let message = "is no whole number from 0 on; take the type \"number\" for others";
                    problems.add_if(!is_whole(value), &format!("{field}.{name}"), message);
                }
                problems.add_if(
                    self.multiple_of == Some(0),
                    &format!("{field}.multiple_of"),
                    "must not be 0",
                );
            }
            SettingKind::Number => {
                let is_number = self.min.into_iter().chain(self.max).all(f64::is_finite);
                problems.add_if(!is_number, &format!("{field}.min"), "and `max` must be numbers");
            }
            SettingKind::Choice => {
                let options = format!("{field}.options");
                problems.add_if(self.options.is_empty(), &options, "are missing: a choice needs words");
                let lower: BTreeSet<String> =
                    self.options.iter().map(|option| option.to_lowercase()).collect();
                problems.add_if(
                    lower.len() < self.options.len(),
                    &options,
                    "hold a word twice: upper and lower case do not count",
                );
                for option in &self.options {
                    problems.line(&options, option, MOST_NAME_CHARS, true);
                }
            }
            SettingKind::Boolean => {}
            SettingKind::Text => {
                let is_wrong = self.max_chars.is_some_and(|most| !(1..=4_096).contains(&most));
                problems.add_if(is_wrong, &format!("{field}.max_chars"), "must be from 1 to 4096");
            }
        }
        let is_empty = matches!((self.min, self.max), (Some(least), Some(most)) if least > most);
        problems.add_if(is_empty, &format!("{field}.min"), "is more than `max`");
        problems.0.len() == before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What is wrong with a good manifest after a change.
    fn wrong(change: &serde_json::Value, folder: &str) -> Vec<String> {
        let mut written =
            json!({"id": "tiny", "name": "Tiny", "task": "detection", "command": ["/bin/true"]});
        for (key, value) in change.as_object().unwrap() {
            written[key] = value.clone();
        }
        let manifest: Manifest = serde_json::from_value(written).unwrap();
        manifest.problems(folder).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_field_says_what_is_wrong_with_it() {
        let setting = |change: serde_json::Value| {
            let mut setting = json!({"key": "k", "type": "integer", "default": 1});
            for (key, value) in change.as_object().unwrap() {
                setting[key] = value.clone();
            }
            json!({"settings": [setting]})
        };
        for (change, expected) in [
            (json!({"id": "Tiny"}), "`id`: \"Tiny\" is no id"),
            (json!({"id": "tiny-"}), "`id`: \"tiny-\" is no id"),
            (json!({"id": "../a"}), "`id`: \"../a\" is no id"),
            (json!({"id": "a\u{202e}b"}), "is no id"),
            (json!({"name": " "}), "`name`: is empty"),
            (json!({"output": "class"}), "`output`: does not go with the task"),
            (json!({"command": []}), "`command`: is empty"),
            (json!({"command": ["bin/train"]}), "`command[0]`: is no program"),
            (json!({"command": ["{folder}/train"]}), "`command`: asks for {folder}"),
            (json!({"command": ["a\u{0}"]}), "`command[0]`: holds a NUL byte"),
            (json!({"labels": ["a", "a"]}), "`labels`: cannot be used"),
            (json!({"variants": [{"name": "S", "title": "S"}]}), "`variants[0].name`: may hold"),
            (
                json!({"variants": [{"name": "s", "title": "a"}, {"name": "s", "title": "b"}]}),
                "`variants[1]`: \"s\" stands twice",
            ),
            (json!({"secrets": [{"name": "PATH"}]}), "`secrets[0].name`: is `PATH`"),
            (json!({"service": {"max_atempts": 1}}), "`service.max_atempts`: is no setting"),
            (json!({"service": {"image": "/bin/sh"}}), "`service.image`: is not for an architecture"),
            (json!({"service": {"max_attempts": 0}}), "`service.max_attempts`: 0 is out of range"),
            (json!({"service": {"max_attempts": "many"}}), "`service`: invalid type"),
            (setting(json!({"key": "9"})), "`settings[0].key`: is no key"),
            (setting(json!({"default": 1.5})), "`settings[0].default`: 1.5 is not whole"),
            (setting(json!({"min": 2, "max": 1})), "`settings[0].min`: is more than `max`"),
            (setting(json!({"min": -2})), "`settings[0].min`: is no whole number"),
            (setting(json!({"type": "choice"})), "`settings[0].options`: are missing"),
            (setting(json!({"type": "choice", "options": ["a", "A"]})), "hold a word twice"),
            (setting(json!({"type": "choice", "options": ["a"]})), "`settings[0].default`: 1 is none of"),
            (setting(json!({"type": "boolean"})), "`settings[0].default`: 1 is a number"),
            (
                setting(json!({"type": "text", "default": "a\nb"})),
                "`settings[0].default`: \"a\\nb\" holds control",
            ),
        ] {
            let found = wrong(&change, "");
            assert_eq!(found.len(), 1, "{change}: {found:?}");
            assert!(found[0].contains(expected), "{change}: {found:?}");
        }
        assert_eq!(wrong(&json!({"command": ["{folder}/train"]}), "/opt/tiny"), [""; 0]);
    }

    #[test]
    fn everything_is_said_at_once() {
        let found = wrong(&json!({"id": "", "name": "", "command": []}), "");
        assert_eq!(found.len(), 3, "{found:?}");
    }
}
