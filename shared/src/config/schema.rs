//! What a setting is: name, range, unit, help and default, and the check of what a person gave.
//!
//! Form, JSON view, command line and server read the same table. Must not know any single setting:
//! the tables stand beside it, one for each architecture.

use crate::suggest::nearest;
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt;

/// What values a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Kind {
    /// A whole number from `min` to `max`, both allowed, that is a multiple of `multiple_of`.
    Integer {
        /// Least allowed value.
        min: u64,
        /// Greatest allowed value.
        max: u64,
        /// 1 for any whole number.
        multiple_of: u64,
    },
    /// A number from `min` to `max`, both allowed.
    Number {
        /// Least allowed value.
        min: f64,
        /// Greatest allowed value.
        max: f64,
    },
    /// One of a few words; upper and lower case do not matter.
    Choice {
        /// The words.
        options: &'static [&'static str],
    },
}

impl fmt::Display for Kind {
    /// What is allowed, in words, as it follows "expected ".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer { min, max, multiple_of: 1 } => write!(f, "a whole number from {min} to {max}"),
            Self::Integer { min, max, multiple_of } => {
                write!(f, "a multiple of {multiple_of} from {min} to {max}")
            }
            Self::Number { min, max } => write!(f, "a number from {min} to {max}"),
            Self::Choice { options } => write!(f, "one of {}", options.join(", ")),
        }
    }
}

/// Where a setting stands in the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Length and size of the training.
    Training,
    /// How the weights are stepped.
    Optimizer,
    /// What counts how much.
    Loss,
    /// How images are varied.
    Augmentation,
    /// How the model is measured.
    Validation,
    /// Files, threads and device.
    Run,
}

impl Group {
    /// All groups, in the order in which the form shows them.
    pub const ALL: [Self; 6] =
        [Self::Training, Self::Optimizer, Self::Loss, Self::Augmentation, Self::Validation, Self::Run];

    /// The heading shown to a person.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Training => "Training",
            Self::Optimizer => "Optimizer",
            Self::Loss => "Loss",
            Self::Augmentation => "Augmentation",
            Self::Validation => "Validation",
            Self::Run => "Run",
        }
    }
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Field {
    /// Its key in configurations and on the command line.
    pub key: &'static str,
    /// Names that it has elsewhere: suggested for, but not accepted.
    pub also_known_as: &'static [&'static str],
    /// Its name in the form.
    pub label: &'static str,
    /// What it does, in a sentence or two.
    pub help: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// Unit of its values; `None` for a bare number or word.
    pub unit: Option<&'static str>,
    /// Its value when nothing is given.
    pub default: Value,
    /// Whether the form hides it at first.
    pub advanced: bool,
    /// Where it stands in the form.
    pub group: Group,
}

/// A setting that cannot be used as it was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, serde::Deserialize)]
#[error("`{key}`: {message}")]
pub struct FieldError {
    /// The key as it was given.
    pub key: String,
    /// What was given, what is allowed, and what was probably meant.
    pub message: String,
}

impl FieldError {
    pub(crate) fn new(key: &str, message: String) -> Self {
        Self { key: shortened(key), message }
    }
}

/// The settings of an architecture, in the order of the form.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Schema {
    /// Each key once.
    pub fields: Vec<Field>,
}

impl Schema {
    /// The setting of this key.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// Every default.
    #[must_use]
    pub fn defaults(&self) -> Map<String, Value> {
        self.fields.iter().map(|field| (field.key.to_owned(), field.default.clone())).collect()
    }

    /// The defaults with `overrides` put over them, each value in its canonical form.
    ///
    /// # Errors
    /// Everything that is wrong, at once, in the order of the keys given.
    pub fn resolve(&self, overrides: &Map<String, Value>) -> Result<Map<String, Value>, Vec<FieldError>> {
        let mut values = self.defaults();
        let mut errors = Vec::new();
        for (key, given) in overrides {
            match self.checked(key, given) {
                Ok(value) => {
                    values.insert(key.clone(), value);
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(values) } else { Err(errors) }
    }

    /// Puts one `key=text` of a command line into `overrides`; a later one replaces an earlier one.
    ///
    /// # Errors
    /// An unknown key, or a text that is no allowed value; `overrides` is then as before.
    pub fn set_from_text(
        &self,
        overrides: &mut Map<String, Value>,
        key: &str,
        text: &str,
    ) -> Result<(), FieldError> {
        let value = self.parse_text(key, text)?;
        overrides.insert(key.to_owned(), value);
        Ok(())
    }

    /// The JSON value that `text` stands for as a value of `key`, as in `--set key=text`.
    ///
    /// # Errors
    /// An unknown key, or a text that is no allowed value.
    pub fn parse_text(&self, key: &str, text: &str) -> Result<Value, FieldError> {
        let field = self.known(key)?;
        let text = text.trim();
        let value = match field.kind {
            Kind::Integer { .. } | Kind::Number { .. } => match serde_json::from_str(&json_number(text)) {
                Ok(Value::Number(number)) => Value::Number(number),
                _ => Value::from(text),
            },
            Kind::Choice { .. } => Value::from(text),
        };
        field.checked(&value)
    }

    fn checked(&self, key: &str, given: &Value) -> Result<Value, FieldError> {
        self.known(key)?.checked(given)
    }

    fn known(&self, key: &str) -> Result<&Field, FieldError> {
        self.field(key).ok_or_else(|| {
            let meant = match self.fields.iter().find(|field| field.also_known_as.contains(&key)) {
                Some(field) => Some(field.key),
                None => nearest(key, self.fields.iter().map(|field| field.key)),
            };
            let message = match meant {
                Some(meant) => format!("unknown setting; did you mean `{meant}`?"),
                None => {
                    let keys: Vec<&str> = self.fields.iter().map(|field| field.key).collect();
                    format!("unknown setting; known ones are {}", keys.join(", "))
                }
            };
            FieldError::new(key, message)
        })
    }
}

impl Field {
    /// The canonical form of `given`: whole numbers without fraction, words in lower case.
    ///
    /// # Errors
    /// What was given and what is allowed.
    pub fn checked(&self, given: &Value) -> Result<Value, FieldError> {
        self.accepted(given).map_err(|problem| {
            FieldError::new(self.key, format!("{} {problem}: expected {}", show(given), self.kind))
        })
    }

    fn accepted(&self, given: &Value) -> Result<Value, String> {
        match self.kind {
            Kind::Integer { min, max, multiple_of } => {
                let number = number_of(given)?;
                let Some(whole) = whole_of(given) else {
                    return Err(if number < 0.0 {
                        "is too small".into()
                    } else if number >= EXACT_LIMIT {
                        "is too large".into()
                    } else {
                        "is not whole".into()
                    });
                };
                if whole < min {
                    return Err("is too small".into());
                }
                if whole > max {
                    return Err("is too large".into());
                }
                if whole % multiple_of != 0 {
                    return Err(format!(
                        "is not a multiple of {multiple_of} ({})",
                        neighbours(whole, min, max, multiple_of)
                    ));
                }
                Ok(Value::from(whole))
            }
            Kind::Number { min, max } => match number_of(given)? {
                number if number < min => Err("is too small".into()),
                number if number > max => Err("is too large".into()),
                number => Ok(Value::from(number)),
            },
            Kind::Choice { options } => {
                let Value::String(word) = given else {
                    return Err(format!("is {}", kind_of(given)));
                };
                let lower = word.to_lowercase();
                match options.iter().find(|&&option| option == lower) {
                    Some(&option) => Ok(Value::from(option)),
                    None => Err(match nearest(&lower, options.iter().copied()) {
                        Some(meant) => format!("is unknown, did you mean \"{meant}\""),
                        None => "is unknown".into(),
                    }),
                }
            }
        }
    }
}

/// Whole numbers beyond this are not exact in a browser.
const EXACT_LIMIT: f64 = 9_007_199_254_740_992.0;

fn number_of(given: &Value) -> Result<f64, String> {
    given.as_f64().filter(|number| number.is_finite()).ok_or_else(|| format!("is {}", kind_of(given)))
}

fn whole_of(given: &Value) -> Option<u64> {
    given.as_u64().or_else(|| {
        let number = given.as_f64()?;
        ((0.0..EXACT_LIMIT).contains(&number) && number % 1.0 == 0.0).then_some(number as u64)
    })
}

fn neighbours(whole: u64, min: u64, max: u64, multiple_of: u64) -> String {
    let below = whole / multiple_of * multiple_of;
    let near: Vec<String> = [below, below.saturating_add(multiple_of)]
        .into_iter()
        .filter(|near| (min..=max).contains(near))
        .map(|near| near.to_string())
        .collect();
    format!("nearest: {}", near.join(" or "))
}

const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "no value",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// JSON wants a digit before the point and no plus sign; people write `.5` and `+1`.
fn json_number(text: &str) -> String {
    let text = text.strip_prefix('+').unwrap_or(text);
    match text.strip_prefix('.') {
        Some(fraction) => format!("0.{fraction}"),
        None => text.to_owned(),
    }
}

fn show(value: &Value) -> String {
    shortened(&value.to_string())
}

fn shortened(text: &str) -> String {
    const SHOWN: usize = 48;
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    text.chars().take(SHOWN).chain("...".chars()).collect()
}
