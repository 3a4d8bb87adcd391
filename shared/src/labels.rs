//! Colours of labels and series, and the way between label names and class indices.
//!
//! Must not know how anything is drawn. The six colours were chosen so that they can be told apart
//! with normal sight and with the three common colour deficiencies, on the page of their theme.

use crate::dataset::Label;
use std::collections::HashMap;

/// Colours for the light theme, and for boxes on images: `#rrggbb`.
pub const LIGHT_PALETTE: [&str; 6] = ["#2b6fe0", "#d9520a", "#0f9f7a", "#3a1560", "#c83fb0", "#6b1207"];

/// Colours for the dark theme, in the same order.
pub const DARK_PALETTE: [&str; 6] = ["#7aa7ff", "#f0a04b", "#66f0e6", "#b14dff", "#ffffc2", "#ff5c7c"];

/// How a line is broken, so that more lines than colours can be told apart without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dash {
    /// Unbroken.
    Solid,
    /// Long strokes.
    Dashed,
    /// Short strokes.
    Dotted,
}

impl Dash {
    /// In the order in which they are used.
    pub const ALL: [Self; 3] = [Self::Solid, Self::Dashed, Self::Dotted];
}

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SeriesStyle {
    /// Index into [`LIGHT_PALETTE`] and [`DARK_PALETTE`].
    pub colour: usize,
    /// How its line is broken.
    pub dash: Dash,
}

const STYLES: usize = LIGHT_PALETTE.len() * Dash::ALL.len();

/// Colour of a class (`#rrggbb`): by class index, starting again after the sixth.
#[must_use]
pub const fn label_colour(class: usize) -> &'static str {
    LIGHT_PALETTE[class % LIGHT_PALETTE.len()]
}

/// The dark theme's counterpart of a colour of [`LIGHT_PALETTE`]; any other colour is kept.
#[must_use]
pub fn on_dark(colour: &str) -> &str {
    LIGHT_PALETTE.iter().position(|light| *light == colour).map_or(colour, |index| DARK_PALETTE[index])
}

/// A style for each id, all different for up to 18 ids, and the same for an id wherever it is shown
/// as long as no id before it in the list took that style first.
#[must_use]
pub fn series_styles<'a>(ids: impl IntoIterator<Item = &'a str>) -> Vec<SeriesStyle> {
    let mut used = [0u32; STYLES];
    ids.into_iter()
        .map(|id| {
            // Solid lines of all colours are used before broken ones: the hash chooses the colour only.
            let wish = (fnv1a(id.as_bytes()) % LIGHT_PALETTE.len() as u64) as usize;
            let place = least_used(&used, wish);
            used[place] += 1;
            SeriesStyle { colour: place % LIGHT_PALETTE.len(), dash: Dash::ALL[place / LIGHT_PALETTE.len()] }
        })
        .collect()
}

/// The first of the least used places of the earliest dash that has one, stepping on from `wish`.
fn least_used(used: &[u32; STYLES], wish: usize) -> usize {
    let colours = LIGHT_PALETTE.len();
    let least = used.iter().copied().min().unwrap_or(0);
    for dash in 0..Dash::ALL.len() {
        for step in 0..colours {
            let place = dash * colours + (wish + step) % colours;
            if used[place] == least {
                return place;
            }
        }
    }
    wish
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo).
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// A label list that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Two classes have one name.
    #[error("label `{0}` stands twice in the list: names must differ")]
    Duplicate(String),
    /// A class has no name.
    #[error("label {0} has no name (labels are counted from 1)")]
    Unnamed(usize),
    /// A part of a nested name is empty.
    #[error("label `{0}` has an empty part: nested labels are written as `vehicle.car`")]
    EmptyPart(String),
    /// A name is too long, or holds letters that cannot be shown.
    #[error(
        "label {0} is longer than {MOST_LABEL_LETTERS} letters or holds control characters (labels are counted from 1)"
    )]
    Unreadable(usize),
    /// A colour is none.
    #[error("label `{0}` has the colour `{1}`: write it as `#rrggbb`, or leave it out")]
    Colour(String, String),
    /// There are more than can be used.
    #[error("there are {0} labels, and at most {MOST_LABELS} can be used")]
    TooMany(usize),
}

/// Classes that a list may have.
pub const MOST_LABELS: usize = 10_000;

/// Letters that the name of a label may have.
pub const MOST_LABEL_LETTERS: usize = 200;

/// The labels of a recipe as they are kept: names trimmed, and a colour for each that has none, by its class index.
///
/// A nested label carries its parents' names with dots, for example `vehicle.car`.
///
/// ```
/// use shared::dataset::Label;
/// use shared::labels::{checked_labels, label_colour};
/// let labels = checked_labels(vec![Label { name: " vehicle.car ".into(), colour: String::new() }]).unwrap();
/// assert_eq!((labels[0].name.as_str(), labels[0].colour.as_str()), ("vehicle.car", label_colour(0)));
/// ```
///
/// # Errors
/// A name that stands twice, is empty, has an empty part or cannot be read; a colour that is none; too many labels.
pub fn checked_labels(labels: Vec<Label>) -> Result<Vec<Label>, LabelError> {
    let labels: Vec<Label> = labels
        .into_iter()
        .enumerate()
        .map(|(index, label)| checked_label(index, label))
        .collect::<Result<_, _>>()?;
    LabelMap::new(labels.iter().map(|label| label.name.clone()).collect())?;
    Ok(labels)
}

fn checked_label(index: usize, label: Label) -> Result<Label, LabelError> {
    let name = checked_name(index, &label.name)?;
    let colour = label.colour.trim().to_lowercase();
    if colour.is_empty() {
        return Ok(Label { name, colour: label_colour(index).to_owned() });
    }
    let digits = colour.strip_prefix('#').unwrap_or_default();
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(LabelError::Colour(name, label.colour));
    }
    Ok(Label { name, colour })
}

fn checked_name(index: usize, name: &str) -> Result<String, LabelError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(LabelError::Unnamed(index + 1));
    }
    if name.chars().count() > MOST_LABEL_LETTERS || name.chars().any(char::is_control) {
        return Err(LabelError::Unreadable(index + 1));
    }
    if name.split('.').any(|part| part.trim().is_empty()) {
        return Err(LabelError::EmptyPart(name.to_owned()));
    }
    Ok(name.to_owned())
}

/// Between label names and class indices, both ways: a label's index is its place in the list, from 0.
///
/// This is the id map of a model: the network's output number `n` means the label [`name_of`](Self::name_of)`(n)`, and
/// [`index_of`](Self::index_of) is its inverse. Another order or another list is another map, and a network that was
/// trained by one means nothing by the other.
///
/// ```
/// use shared::labels::LabelMap;
/// let map = LabelMap::new(vec!["cat".into(), "dog".into()]).unwrap();
/// assert_eq!(map.index_of("dog"), Some(1));
/// assert!(map.names().iter().all(|name| map.index_of(name).and_then(|index| map.name_of(index)) == Some(name)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelMap {
    names: Vec<String>,
    indices: HashMap<String, usize>,
}

impl LabelMap {
    /// From the names in class order.
    ///
    /// # Errors
    /// A name that stands twice or is empty, or too many names.
    pub fn new(names: Vec<String>) -> Result<Self, LabelError> {
        if names.len() > MOST_LABELS {
            return Err(LabelError::TooMany(names.len()));
        }
        let mut indices = HashMap::with_capacity(names.len());
        for (index, name) in names.iter().enumerate() {
            if name.trim().is_empty() {
                return Err(LabelError::Unnamed(index + 1));
            }
            if indices.insert(name.clone(), index).is_some() {
                return Err(LabelError::Duplicate(name.clone()));
            }
        }
        Ok(Self { names, indices })
    }

    /// Names in class order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The class index of a name.
    #[must_use]
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.indices.get(name).copied()
    }

    /// The name of a class index.
    #[must_use]
    pub fn name_of(&self, index: usize) -> Option<&str> {
        self.names.get(index).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn classes_take_the_palette_in_order() {
        assert_eq!((label_colour(0), label_colour(5), label_colour(6)), ("#2b6fe0", "#6b1207", "#2b6fe0"));
        assert_eq!((on_dark("#2b6fe0"), on_dark("#123456")), ("#7aa7ff", "#123456"));
    }

    #[test]
    fn eighteen_series_differ_and_the_first_six_are_solid() {
        let ids: Vec<String> = (0..40).map(|n| format!("run-{n}")).collect();
        let styles = series_styles(ids.iter().map(String::as_str));
        let different: HashSet<SeriesStyle> = styles[..18].iter().copied().collect();
        assert_eq!(different.len(), 18);
        assert!(styles[..6].iter().all(|style| style.dash == Dash::Solid));
        assert_eq!(series_styles(["run-7"]), series_styles(["run-7"]));
    }

    #[test]
    fn a_series_alone_has_its_own_colour_in_any_company_that_left_it_free() {
        let alone = series_styles(["a"])[0];
        let other =
            (0..).map(|n| format!("b{n}")).find(|id| series_styles([id.as_str()])[0] != alone).unwrap();
        assert_eq!(series_styles([other.as_str(), "a"])[1], alone);
    }

    #[test]
    fn labels_of_a_recipe_are_checked_one_by_one() {
        let label = |name: &str, colour: &str| Label { name: name.into(), colour: colour.into() };
        let kept = checked_labels(vec![label("vehicle", ""), label("vehicle.car", "#ABCDEF")]).unwrap();
        assert_eq!(kept, [label("vehicle", label_colour(0)), label("vehicle.car", "#abcdef")]);
        assert_eq!(checked_labels(Vec::new()), Ok(Vec::new()));
        let long = "x".repeat(MOST_LABEL_LETTERS + 1);
        for (labels, expected) in [
            (vec![label("a", ""), label(" a ", "")], LabelError::Duplicate("a".into())),
            (vec![label("a", ""), label(" ", "")], LabelError::Unnamed(2)),
            (vec![label("a..b", "")], LabelError::EmptyPart("a..b".into())),
            (vec![label("a. ", "")], LabelError::EmptyPart("a.".into())),
            (vec![label(&long, "")], LabelError::Unreadable(1)),
            (vec![label("a\nb", "")], LabelError::Unreadable(1)),
            (vec![label("a", "red")], LabelError::Colour("a".into(), "red".into())),
            (vec![label("a", "#ééé")], LabelError::Colour("a".into(), "#ééé".into())),
            (vec![label("a", ""); MOST_LABELS + 1], LabelError::TooMany(MOST_LABELS + 1)),
        ] {
            assert_eq!(checked_labels(labels), Err(expected));
        }
    }

    #[test]
    fn names_and_indices_lead_to_each_other() {
        let map = LabelMap::new(vec!["cat".into(), "dog".into()]).unwrap();
        assert_eq!((map.index_of("dog"), map.name_of(1), map.name_of(2)), (Some(1), Some("dog"), None));
        assert_eq!(map.index_of("cow"), None);
        let twice = LabelMap::new(vec!["cat".into(), "cat".into()]);
        assert_eq!(twice, Err(LabelError::Duplicate("cat".into())));
        assert_eq!(LabelMap::new(vec!["cat".into(), " ".into()]), Err(LabelError::Unnamed(2)));
    }
}
