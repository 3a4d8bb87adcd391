//! What can be written next into a filter of a dataset.
//!
//! Must not know where the filter is written.

use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::sqlite::interrupt::Interruptible;
use shared::filter::Completion;
use shared::format;
use shared::id::DatasetId;
use sqlx::Connection;

/// The fields that items have here, each with what it holds. What other platforms have beside them stays empty here.
const FIELDS: [(&str, &str); 18] = [
    ("annotated", "true or false"),
    ("annotationsCount", "number"),
    ("createdAt", "date"),
    ("datasetId", "id"),
    ("dir", "folder"),
    ("filename", "folder and name"),
    ("hidden", "true or false"),
    ("id", "id"),
    ("metadata.system.height", "pixels"),
    ("metadata.system.mimetype", "text"),
    ("metadata.system.size", "bytes"),
    ("metadata.system.tags", "subset"),
    ("metadata.system.tags.test", "true or missing"),
    ("metadata.system.tags.train", "true or missing"),
    ("metadata.system.tags.validation", "true or missing"),
    ("metadata.system.width", "pixels"),
    ("name", "text"),
    ("type", "text"),
];

impl Store {
    /// The fields that begin with `prefix`, those of one's own among them; or, if a field is named, its values that begin
    /// so, those of most items first. The work ends when the caller goes away.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn complete_filter(
        &self,
        dataset_id: DatasetId,
        field: &str,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<Completion>, StoreError> {
        let turn = self.indices().turn().await;
        let mut reading = Interruptible::new(self.reader().await?).await?;
        let index = async {
            let mut transaction = reading.connection()?.begin().await?;
            let index = turn.index(&mut transaction, dataset_id).await?;
            if field.is_empty() || field.starts_with("metadata.") {
                index.read_details(&mut transaction, dataset_id).await?;
            }
            Ok(index)
        };
        let index: Result<_, StoreError> = Box::pin(index).await;
        reading.give_back().await?;
        let index = index?;
        let (field, prefix) = (field.to_owned(), prefix.to_owned());
        let work = move || {
            if field.is_empty() {
                fields(index.user_fields(), &prefix, limit)
            } else {
                values(index.values(&field, &begins_with(&prefix)), limit)
            }
        };
        let completed = tokio::task::spawn_blocking(work).await;
        completed.map_err(|error| StoreError::Io {
            action: "completing a filter".into(),
            source: std::sync::Arc::new(error),
        })
    }
}

fn fields(own: Vec<(String, &'static str, u64)>, prefix: &str, limit: usize) -> Vec<Completion> {
    let ours = FIELDS.iter().map(|(path, kind)| Completion { text: (*path).into(), detail: (*kind).into() });
    let own = own
        .into_iter()
        .map(|(text, kind, count)| Completion { text, detail: format!("{kind}, {}", items(count)) });
    let is_wanted = begins_with(prefix);
    ours.chain(own).filter(|completion| is_wanted(&completion.text)).take(limit).collect()
}

fn values(tally: super::index::Tally, limit: usize) -> Vec<Completion> {
    let mut counted: Vec<(String, u64)> = tally.into_iter().collect();
    // Stable, so that equal counts stay in the order of their texts.
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counted.into_iter().take(limit).map(|(text, count)| Completion { text, detail: items(count) }).collect()
}

fn items(count: u64) -> String {
    if count == 1 { "1 item".into() } else { format!("{} items", format::count(count)) }
}

/// Whether a text begins as a person has begun it, maybe with the quotation mark of JSON, in whichever case.
fn begins_with(prefix: &str) -> impl Fn(&str) -> bool + use<> {
    let prefix = prefix.strip_prefix('"').unwrap_or(prefix).to_lowercase();
    move |text| {
        let mut letters = text.chars().flat_map(char::to_lowercase);
        prefix.chars().all(|wanted| letters.next() == Some(wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::dql::{Resource, known_fields};

    #[test]
    fn each_field_is_one_of_the_language_in_order() {
        let known = known_fields(Resource::Items);
        for (field, _) in FIELDS {
            assert!(known.iter().any(|name| name == field), "{field}");
        }
        assert!(FIELDS.is_sorted());
    }

    #[test]
    fn what_is_begun_goes_on_in_any_case_and_with_a_quotation_mark() {
        for (prefix, text, fits) in [
            ("", "x", true),
            ("Tr", "train", true),
            ("\"tr", "train", true),
            ("train", "tr", false),
            ("É", "été", true),
        ] {
            assert_eq!(begins_with(prefix)(text), fits, "{prefix} {text}");
        }
    }
}
