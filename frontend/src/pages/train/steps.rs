//! The three steps of the wizard, and which of them a refused field belongs to.
//!
//! Must not know how a step is drawn.

/// A step of the wizard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    Data,
    Configuration,
    Service,
}

impl Step {
    pub const ALL: [Self; 3] = [Self::Data, Self::Configuration, Self::Service];

    /// The word in the path.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Configuration => "config",
            Self::Service => "service",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Data => "Data & Instructions",
            Self::Configuration => "Model Configuration",
            Self::Service => "Service Settings",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }

    /// Its place, counted from 1.
    pub fn number(self) -> usize {
        self as usize + 1
    }

    pub fn next(self) -> Option<Self> {
        Self::ALL.get(self as usize + 1).copied()
    }

    pub fn previous(self) -> Option<Self> {
        (self as usize).checked_sub(1).and_then(|index| Self::ALL.get(index).copied())
    }

    /// The step that shows this field of a request to start a training, for example
    /// `train.filter` or `configuration_json.epochs`.
    pub fn of_field(field: &str) -> Self {
        let first = field.split(['.', '[']).next().unwrap_or(field);
        match first {
            "dataset" | "labels" | "train" | "validation" | "model" => Self::Data,
            "service_settings" | "secrets" => Self::Service,
            // The server names settings by their bare keys too.
            _ => Self::Configuration,
        }
    }
}

/// The last part of a field's path, under which a form knows it.
pub fn key_of_field(field: &str) -> &str {
    field.rsplit('.').next().unwrap_or(field)
}

/// Ids of the elements that may show a field, the likeliest first.
pub fn elements_of_field(field: &str) -> Vec<String> {
    let first = field.split(['.', '[']).next().unwrap_or(field);
    let key = key_of_field(field);
    match (first, key) {
        ("train" | "validation", "filter") => {
            ["filter", "folder", "problem"].map(|part| format!("{first}-{part}")).to_vec()
        }
        ("train" | "validation", "annotation_filter") => vec![format!("{first}-annotations")],
        ("train" | "validation", _) => vec![format!("{first}-problem")],
        ("configuration_json", "configuration_json") => vec!["configuration-json".to_owned()],
        ("labels" | "dataset" | "secrets", _) => vec![first.to_owned()],
        _ => vec![key.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_follow_each_other_and_have_their_words() {
        assert_eq!(Step::Data.previous(), None);
        assert_eq!(Step::Data.next(), Some(Step::Configuration));
        assert_eq!(Step::Service.previous(), Some(Step::Configuration));
        assert_eq!(Step::Service.next(), None);
        for (index, step) in Step::ALL.into_iter().enumerate() {
            assert_eq!(Step::from_name(step.name()), Some(step));
            assert_eq!(step.number(), index + 1);
        }
        assert_eq!(Step::from_name("elsewhere"), None);
    }

    #[test]
    fn a_refused_field_is_shown_in_its_step() {
        for (field, step, key) in [
            ("dataset", Step::Data, "dataset"),
            ("train", Step::Data, "train"),
            ("validation.filter", Step::Data, "filter"),
            ("labels[2]", Step::Data, "labels[2]"),
            ("configuration_json.epochs", Step::Configuration, "epochs"),
            ("epochs", Step::Configuration, "epochs"),
            ("service_settings.drain_secs", Step::Service, "drain_secs"),
            ("secrets[0]", Step::Service, "secrets[0]"),
        ] {
            assert_eq!((Step::of_field(field), key_of_field(field)), (step, key), "{field}");
        }
    }

    #[test]
    fn the_focus_goes_to_the_field_that_was_refused() {
        for (field, first) in [
            ("dataset", "dataset"),
            ("train", "train-problem"),
            ("train.filter", "train-filter"),
            ("validation.annotation_filter", "validation-annotations"),
            ("labels[2]", "labels"),
            ("configuration_json", "configuration-json"),
            ("configuration_json.epochs", "epochs"),
            ("epochs", "epochs"),
            ("service_settings.drain_secs", "drain_secs"),
            ("secrets[0]", "secrets"),
        ] {
            assert_eq!(elements_of_field(field).first().map(String::as_str), Some(first), "{field}");
        }
    }
}
