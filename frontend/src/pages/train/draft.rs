//! What a person has filled in for a training: kept on the server, so that a reload loses nothing.
//!
//! Must not know the form that it is typed into, nor the call that keeps it.

use serde::{Deserialize, Serialize};
use shared::dataset::Subset;
use shared::dql::{default_selection, folder_query, parse, query_from_text, tagged_items_query};
use shared::model::{ChoiceMode, SubsetChoice};
use std::collections::BTreeMap;

/// Everything that is filled in. Unknown parts of another version are left out, missing ones are empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// Id of the dataset; empty for the version's own.
    pub dataset: String,
    /// Id of the recipe whose labels are learnt; empty for the version's own labels.
    pub recipe: String,
    pub train: Option<ChoiceDraft>,
    pub validation: Option<ChoiceDraft>,
    /// Texts of the settings that were changed, by key, as typed.
    pub configuration: BTreeMap<String, String>,
    /// Texts of the service's settings that were changed, by key, as typed.
    pub service: BTreeMap<String, String>,
    /// Names of secrets.
    pub secrets: Vec<String>,
}

impl Draft {
    /// The draft that the server kept; what cannot be read is as good as none.
    pub fn from_json(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// How a subset is chosen, with what was typed for the ways that are not chosen now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChoiceDraft {
    pub mode: ChoiceMode,
    /// The query of *DQL filter*.
    #[serde(default)]
    pub filter: String,
    /// The saved filter that it came from; empty for none.
    #[serde(default)]
    pub saved_filter_id: String,
    /// The folder of *Folder*.
    #[serde(default)]
    pub dir: String,
    #[serde(default = "yes")]
    pub with_subfolders: bool,
    /// Empty for the one that follows from the model.
    #[serde(default)]
    pub annotation_filter: String,
}

const fn yes() -> bool {
    true
}

impl ChoiceDraft {
    /// What is offered first for a subset, and why: the rule is `shared::dql::default_selection`.
    pub fn offered(brought: Option<&SubsetChoice>, subset: Subset) -> (Self, String) {
        let text = brought.map(|choice| choice.filter.as_str());
        let selection = default_selection(text, subset);
        let mode = match selection.mode {
            shared::dql::SelectionMode::TaggedItems => ChoiceMode::TaggedItems,
            shared::dql::SelectionMode::DqlFilter => ChoiceMode::DqlFilter,
        };
        let saved = brought.and_then(|choice| choice.saved_filter_id);
        let draft = Self {
            mode,
            // What is edited starts from something that can be read.
            filter: text.map_or_else(|| tagged_items_query(subset).to_string(), str::to_owned),
            saved_filter_id: saved.map(|id| id.to_string()).unwrap_or_default(),
            dir: String::new(),
            with_subfolders: true,
            annotation_filter: brought
                .and_then(|choice| choice.annotation_filter.clone())
                .unwrap_or_default(),
        };
        (draft, selection.reason.to_string())
    }

    /// The query of items that the choice comes to.
    pub fn query(&self, subset: Subset) -> String {
        match self.mode {
            ChoiceMode::TaggedItems => tagged_items_query(subset).to_string(),
            ChoiceMode::DqlFilter => self.filter.clone(),
            ChoiceMode::Folder => folder_query(&self.dir, self.with_subfolders).to_string(),
        }
    }

    /// Why the choice cannot be used as it is.
    pub fn problem(&self) -> Option<String> {
        match self.mode {
            ChoiceMode::TaggedItems => None,
            ChoiceMode::DqlFilter => self.filter_problem(),
            ChoiceMode::Folder => self.dir.is_empty().then(|| "Choose a folder".to_owned()),
        }
    }

    fn filter_problem(&self) -> Option<String> {
        let refusal = parse(&self.filter).err()?;
        // What was typed in the short form is refused in its words.
        let is_short = !self.filter.trim_start().starts_with('{');
        let of_short = is_short.then(|| query_from_text(&self.filter).err()).flatten();
        Some(of_short.unwrap_or(refusal).to_string())
    }

    /// Why the filter of annotations cannot be used.
    pub fn annotation_problem(&self) -> Option<String> {
        if self.annotation_filter.trim().is_empty() {
            return None;
        }
        parse(&self.annotation_filter).err().map(|refusal| refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brought(filter: &str) -> SubsetChoice {
        SubsetChoice {
            mode: ChoiceMode::Folder,
            filter: filter.into(),
            annotation_filter: None,
            saved_filter_id: None,
        }
    }

    #[test]
    fn what_is_offered_follows_the_rule_and_says_why() {
        let tagged = tagged_items_query(Subset::Train).to_string();
        let cases = [
            (None, ChoiceMode::TaggedItems, "no filter of its own"),
            (Some(brought(&tagged.replace(',', ",\n  "))), ChoiceMode::TaggedItems, "apart from spaces"),
            (
                Some(brought(r#"{"metadata":{"system":{"tags":{"train":true}}}}"#)),
                ChoiceMode::TaggedItems,
                "means the same",
            ),
            (Some(brought(r#"{"dir":"/a"}"#)), ChoiceMode::DqlFilter, "other items"),
            (Some(brought("{")), ChoiceMode::DqlFilter, "cannot be read"),
        ];
        for (given, mode, reason) in cases {
            let (draft, why) = ChoiceDraft::offered(given.as_ref(), Subset::Train);
            assert_eq!(draft.mode, mode, "{given:?}");
            assert!(why.contains(reason), "{why}");
        }
    }

    #[test]
    fn each_way_comes_to_a_query_that_can_be_read() {
        let (mut draft, _) = ChoiceDraft::offered(None, Subset::Validation);
        assert!(draft.query(Subset::Validation).contains("tags.validation"));
        draft.mode = ChoiceMode::Folder;
        assert_eq!(draft.problem().as_deref(), Some("Choose a folder"));
        draft.dir = "/a".into();
        assert!(draft.problem().is_none() && draft.query(Subset::Validation).contains("/a/**"));
        draft.mode = ChoiceMode::DqlFilter;
        assert!(draft.problem().is_none(), "it starts from the tagged items");
        draft.filter = r#"{"filter": {"$eqq": 1}}"#.into();
        assert!(draft.problem().is_some_and(|problem| problem.contains("$eq")));
        draft.filter = "label = ".into();
        assert!(draft.problem().is_some_and(|problem| !problem.contains("JSON")));
        draft.annotation_filter = "{".into();
        assert!(draft.annotation_problem().is_some());
    }

    #[test]
    fn drafts_come_back_and_broken_ones_are_none() {
        let (train, _) = ChoiceDraft::offered(None, Subset::Train);
        let draft = Draft {
            train: Some(train),
            configuration: BTreeMap::from([("epochs".into(), "3x".into())]),
            secrets: vec!["TOKEN".into()],
            ..Draft::default()
        };
        assert_eq!(Draft::from_json(&draft.to_json()), draft);
        for text in ["", "{", "[]", r#"{"train": 3}"#] {
            assert_eq!(Draft::from_json(text), Draft::default(), "{text}");
        }
        assert_eq!(Draft::from_json(r#"{"later": 1, "dataset": "d"}"#).dataset, "d");
    }
}
