//! Colours of labels and series, and the way between label names and class indices.
//!
//! Must not know how anything is drawn. The six colours were chosen so that they can be told apart
//! with normal sight and with the three common colour deficiencies, on the page of their theme.

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
}

/// Between label names and class indices: a label's index is its place in the list, from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelMap {
    names: Vec<String>,
    indices: HashMap<String, usize>,
}

impl LabelMap {
    /// From the names in class order.
    ///
    /// # Errors
    /// A name that stands twice or is empty.
    pub fn new(names: Vec<String>) -> Result<Self, LabelError> {
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
    fn names_and_indices_lead_to_each_other() {
        let map = LabelMap::new(vec!["cat".into(), "dog".into()]).unwrap();
        assert_eq!((map.index_of("dog"), map.name_of(1), map.name_of(2)), (Some(1), Some("dog"), None));
        assert_eq!(map.index_of("cow"), None);
        let twice = LabelMap::new(vec!["cat".into(), "cat".into()]);
        assert_eq!(twice, Err(LabelError::Duplicate("cat".into())));
        assert_eq!(LabelMap::new(vec!["cat".into(), " ".into()]), Err(LabelError::Unnamed(2)));
    }
}
