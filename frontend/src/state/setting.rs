//! What a person can choose of how the UI looks and acts: each setting with its values, the first of which holds until
//! another is chosen.
//!
//! Must not know where choices are kept.

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    Theme,
    Density,
    Motion,
    Contrast,
    SingleKeys,
}

impl Setting {
    pub const ALL: [Self; 5] = [Self::Theme, Self::Density, Self::Motion, Self::Contrast, Self::SingleKeys];

    /// The name under which a browser keeps it.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Theme => "trainyard.theme",
            Self::Density => "trainyard.density",
            Self::Motion => "trainyard.motion",
            Self::Contrast => "trainyard.contrast",
            Self::SingleKeys => "trainyard.single-keys",
        }
    }

    /// What styles look at; none where the program alone does.
    pub const fn attribute(self) -> Option<&'static str> {
        match self {
            Self::Theme => Some("data-theme"),
            Self::Density => Some("data-density"),
            Self::Motion => Some("data-motion"),
            Self::Contrast => Some("data-contrast"),
            Self::SingleKeys => None,
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Theme => "Theme",
            Self::Density => "Density",
            Self::Motion => "Motion",
            Self::Contrast => "Contrast",
            Self::SingleKeys => "Single-key shortcuts",
        }
    }

    pub const fn hint(self) -> &'static str {
        match self {
            Self::Theme => "Dark text on light, or light text on dark",
            Self::Density => "How much space is left between rows and around fields",
            Self::Motion => "Whether anything moves by itself or slides into its place",
            Self::Contrast => "Darker text and stronger lines",
            Self::SingleKeys => {
                "Keys that act without Ctrl, such as g t or j and k; they never act in a text field"
            }
        }
    }

    /// Each value and its words; the first one holds until another is chosen.
    pub const fn values(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Theme => &[("system", "As the system"), ("light", "Light"), ("dark", "Dark")],
            Self::Density => &[("comfortable", "Comfortable"), ("compact", "Compact")],
            Self::Motion => &[("system", "As the system"), ("reduce", "Reduced")],
            Self::Contrast => &[("system", "As the system"), ("more", "High")],
            Self::SingleKeys => &[("on", "On"), ("off", "Off")],
        }
    }

    pub const fn default(self) -> &'static str {
        match self {
            Self::Theme | Self::Motion | Self::Contrast => "system",
            Self::Density => "comfortable",
            Self::SingleKeys => "on",
        }
    }

    /// The value of this name; the one that holds by itself for a name that is none.
    pub fn value(self, name: &str) -> &'static str {
        let found = self.values().iter().find(|(value, _)| *value == name);
        found.map_or_else(|| self.default(), |(value, _)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_holds_until_another_is_chosen() {
        for setting in Setting::ALL {
            let values = setting.values();
            assert_eq!(setting.default(), values[0].0, "{setting:?}");
            assert_eq!(setting.value("nonsense"), setting.default(), "{setting:?}");
            for (value, _) in values {
                assert_eq!(setting.value(value), *value);
            }
            assert_eq!(Setting::ALL.iter().filter(|other| other.key() == setting.key()).count(), 1);
        }
    }
}
