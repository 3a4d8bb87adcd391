//! Everything a person can ask for from anywhere: the palette, the shortcuts and their sheet are
//! made from this one list.
//!
//! Must not know how a command is carried out.

/// Letters of an id.
const ID_LETTERS: usize = 36;

/// A command that is there on every page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    GoToTraining,
    GoToModels,
    GoToDatasets,
    GoToServices,
    GoToSecrets,
    GoToAppearance,
    GoToFilterLanguage,
    Compare,
    Train,
    ImportDataset,
    OpenPalette,
    ShowShortcuts,
    FocusSearch,
    ToggleTheme,
    ToggleSingleKeys,
    SignOut,
}

/// Keys that start a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Keys {
    None,
    /// A key by itself; can be turned off, and never fires in a text field.
    Single(&'static str),
    /// Two keys, one after the other.
    Pair(&'static str, &'static str),
    /// With Ctrl, or Cmd where there is one.
    Control(&'static str),
}

impl Command {
    pub const ALL: [Self; 16] = [
        Self::GoToTraining,
        Self::GoToModels,
        Self::GoToDatasets,
        Self::GoToServices,
        Self::GoToSecrets,
        Self::GoToAppearance,
        Self::GoToFilterLanguage,
        Self::Compare,
        Self::Train,
        Self::ImportDataset,
        Self::OpenPalette,
        Self::ShowShortcuts,
        Self::FocusSearch,
        Self::ToggleTheme,
        Self::ToggleSingleKeys,
        Self::SignOut,
    ];

    pub const fn label(self) -> &'static str {
        match self {
            Self::GoToTraining => "Go to Training",
            Self::GoToModels => "Go to Models",
            Self::GoToDatasets => "Go to Datasets",
            Self::GoToServices => "Go to Services",
            Self::GoToSecrets => "Go to Secrets",
            Self::GoToAppearance => "Go to Appearance",
            Self::GoToFilterLanguage => "Go to Filter language",
            Self::Compare => "Compare trainings…",
            Self::Train => "Create version…",
            Self::ImportDataset => "Import a dataset…",
            Self::OpenPalette => "Open command palette",
            Self::ShowShortcuts => "Show keyboard shortcuts",
            Self::FocusSearch => "Focus search",
            Self::ToggleTheme => "Switch between light and dark",
            Self::ToggleSingleKeys => "Turn single-key shortcuts on or off",
            Self::SignOut => "Sign out",
        }
    }

    pub const fn keys(self) -> Keys {
        match self {
            Self::GoToTraining => Keys::Pair("g", "t"),
            Self::GoToModels => Keys::Pair("g", "m"),
            Self::GoToDatasets => Keys::Pair("g", "d"),
            Self::GoToServices => Keys::Pair("g", "s"),
            Self::GoToAppearance => Keys::Pair("g", "a"),
            // For "help": `f` follows the end of a log.
            Self::GoToFilterLanguage => Keys::Pair("g", "h"),
            Self::Compare => Keys::Pair("g", "c"),
            Self::Train => Keys::Single("c"),
            Self::OpenPalette => Keys::Control("k"),
            Self::ShowShortcuts => Keys::Single("?"),
            Self::FocusSearch => Keys::Single("/"),
            Self::GoToSecrets
            | Self::ImportDataset
            | Self::ToggleTheme
            | Self::ToggleSingleKeys
            | Self::SignOut => Keys::None,
        }
    }

    /// Whether the palette offers it; what opens the palette need not be in it.
    pub const fn is_in_palette(self) -> bool {
        !matches!(self, Self::OpenPalette | Self::FocusSearch)
    }
}

impl Keys {
    /// The keys as they are printed, one by one.
    pub fn printed(self) -> Vec<&'static str> {
        match self {
            Self::None => Vec::new(),
            Self::Single(key) => vec![key],
            Self::Pair(first, second) => vec![first, second],
            Self::Control(key) => vec!["Ctrl", key],
        }
    }
}

/// The shortcuts of one place, for the sheet.
pub const PLACE_SHORTCUTS: &[(&str, &[(&str, &str)])] = &[
    (
        "In tables",
        &[
            ("j", "Next row"),
            ("k", "Previous row"),
            ("↑ ↓", "Previous or next row, from a row on"),
            ("Home End", "First or last row"),
            ("PgUp PgDn", "A page on"),
            ("Enter", "Open the row"),
            (".", "Menu of the row"),
            ("Space", "Select the row, or not"),
            ("Shift ↑ ↓", "Select the next row, too"),
        ],
    ),
    (
        "In a dataset",
        &[
            ("← → ↑ ↓", "Go to another item"),
            ("j", "Next item"),
            ("k", "Previous item"),
            ("Space", "Select the item, or not"),
            ("Shift ↑ ↓", "Select all up to there"),
            ("Ctrl A", "Select everything that the filter finds"),
            ("Enter", "Open the item"),
            ("Esc", "Close the item, then select nothing"),
        ],
    ),
    (
        "In charts",
        &[
            ("←", "Previous point"),
            ("→", "Next point"),
            ("Home", "First point"),
            ("End", "Last point"),
            ("+ − 0", "Zoom in, out, show all"),
            ("Shift ← →", "Show what is beside"),
            ("Enter", "Pin the values"),
            ("s", "Calmer lines"),
            ("Esc", "Unpin, then hide the cursor"),
        ],
    ),
    ("In logs", &[("f", "Follow the end"), ("e", "Next error"), ("n N", "Next match, match before")]),
    ("Anywhere", &[("F6", "Go to the messages"), ("Esc", "Close the topmost layer")]),
];

/// What a key means, given the key before it.
pub fn for_key(pending: Option<&str>, key: &str) -> KeyMeaning {
    let is_meant = |command: &Command| match (command.keys(), pending) {
        (Keys::Single(only), None) => only == key,
        (Keys::Pair(first, second), Some(before)) => first == before && second == key,
        _ => false,
    };
    if let Some(command) = Command::ALL.into_iter().find(is_meant) {
        return KeyMeaning::Run(command);
    }
    let starts_pair = |command: Command| matches!(command.keys(), Keys::Pair(first, _) if first == key);
    if pending.is_none() && Command::ALL.into_iter().any(starts_pair) {
        return KeyMeaning::WaitForSecond;
    }
    KeyMeaning::Nothing
}

/// Ids of what a comparison begins with that is asked for at a path with a query: the trainings that are selected, or the
/// version whose page it is.
pub fn compared_from(path: &str, query: &str) -> Vec<String> {
    let mut parts = path.trim_start_matches('/').split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("models"), Some("training"), None) => {
            let pairs = query.trim_start_matches('?').split('&');
            let selected = pairs.filter_map(|pair| pair.strip_prefix("sel=")).next().unwrap_or_default();
            selected.split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect()
        }
        // No other page of models has an id of this length in its path.
        (Some("models"), Some(id), _) if id.len() == ID_LETTERS => vec![id.to_owned()],
        _ => Vec::new(),
    }
}

/// What a key press asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyMeaning {
    Run(Command),
    WaitForSecond,
    Nothing,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_commands_share_keys_or_names() {
        let mut keys = HashSet::new();
        let mut labels = HashSet::new();
        for command in Command::ALL {
            assert!(labels.insert(command.label()), "{command:?}");
            assert!(command.keys() == Keys::None || keys.insert(command.keys()), "{command:?}");
        }
    }

    #[test]
    fn a_comparison_begins_with_what_is_seen() {
        let id = "01890000-0000-7000-8000-000000000001";
        let cases = [
            ("/models/training", "?q=a&sel=a,b", vec!["a", "b"]),
            ("/models/training", "", vec![]),
            ("/models/01890000-0000-7000-8000-000000000001/logs", "?q=a", vec![id]),
            ("/models/architectures", "", vec![]),
            ("/", "", vec![]),
        ];
        for (path, query, expected) in cases {
            assert_eq!(compared_from(path, query), expected, "{path}{query}");
        }
    }

    #[test]
    fn keys_mean_their_commands() {
        let cases = [
            (None, "?", KeyMeaning::Run(Command::ShowShortcuts)),
            (None, "g", KeyMeaning::WaitForSecond),
            (Some("g"), "t", KeyMeaning::Run(Command::GoToTraining)),
            (Some("g"), "s", KeyMeaning::Run(Command::GoToServices)),
            (Some("g"), "h", KeyMeaning::Run(Command::GoToFilterLanguage)),
            (Some("g"), "c", KeyMeaning::Run(Command::Compare)),
            (Some("g"), "?", KeyMeaning::Nothing),
            (None, "t", KeyMeaning::Nothing),
            (None, "", KeyMeaning::Nothing),
            (None, "k", KeyMeaning::Nothing),
        ];
        for (pending, key, meaning) in cases {
            assert_eq!(for_key(pending, key), meaning, "{pending:?} {key}");
        }
    }
}
