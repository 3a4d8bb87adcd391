//! What the store finds is what evaluation finds over the same documents.

use super::query_strategies::{items, query};
use super::*;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::Value;
use shared::dataset::{Item, annotation_document, full_name, item_document};
use shared::dql::{Documents, Query, Tables, matching, parse};
use shared::id::DatasetId;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

/// Stores filled anew, and queries put to each.
const STORES: u32 = 10;
const QUERIES: u32 = 400;
/// Gaps between imports, so that items have different times.
const GAPS: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(1), Duration::from_secs(3_600), Duration::from_secs(50 * 86_400)];

/// A filled store, and the documents of what is in it, in the order of pages.
struct Filled {
    bench: Bench,
    dataset_id: DatasetId,
    stored: Vec<Item>,
    item_ids: Vec<String>,
    items: Documents,
    annotation_ids: Vec<String>,
    annotations: Documents,
}

impl Filled {
    async fn with(new: Vec<NewItem>) -> Self {
        let bench = Bench::new().await;
        let metadata: HashMap<String, Option<Value>> = new
            .iter()
            .map(|item| (full_name(&item.dir, &item.name), item.metadata.clone().map(Value::Object)))
            .collect();
        // A second dataset of the same content must stay out of everything.
        for name in ["set", "other"] {
            let mut gap = GAPS.iter().cycle();
            for part in new.chunks(new.len().div_ceil(GAPS.len()).max(1)) {
                bench.clock.advance(*gap.next().unwrap());
                let import = NewImport {
                    name: name.into(),
                    task: Task::Detection,
                    labels: vec![],
                    items: part.to_vec(),
                };
                bench.store.import_dataset(import).await.unwrap();
            }
        }
        let dataset_id = bench.store.dataset_id("set").await.unwrap();
        let all = Page { offset: 0, limit: 1_000 };
        let stored = bench.store.find_items(dataset_id, &Query::default(), all).await.unwrap().rows;
        assert_eq!(stored.len(), metadata.len());
        let mut filled = Self {
            bench,
            dataset_id,
            stored: stored.clone(),
            item_ids: Vec::new(),
            items: Documents::new(),
            annotation_ids: Vec::new(),
            annotations: Documents::new(),
        };
        for item in stored {
            let user = metadata[&full_name(&item.dir, &item.name)].as_ref();
            let document = item_document(&item, item.annotations.len() as u64, user);
            filled.items.push_value(&document).unwrap();
            filled.item_ids.push(item.id.to_string());
            for annotation in &item.annotations {
                let document = annotation_document(annotation, item.id, dataset_id);
                filled.annotations.push_value(&document).unwrap();
                filled.annotation_ids.push(annotation.id.to_string());
            }
        }
        filled
    }

    fn ids(&self, is_items: bool) -> &[String] {
        if is_items { &self.item_ids } else { &self.annotation_ids }
    }

    fn with_ids(&self, text: &str) -> String {
        let nobody = String::from("nobody");
        let mut text = text.replace("DATASET", &self.dataset_id.to_string());
        for (name, ids) in [("ITEM", &self.item_ids), ("ANNOTATION", &self.annotation_ids)] {
            for place in 0..2 {
                text = text.replace(&format!("{name}{place}"), ids.get(place).unwrap_or(&nobody));
            }
        }
        text
    }

    async fn page(&self, query: &Query, is_items: bool, page: Page) -> (Vec<String>, bool) {
        let store = &self.bench.store;
        if is_items {
            let found = store.find_items(self.dataset_id, query, page).await.unwrap();
            (found.rows.iter().map(|item| item.id.to_string()).collect(), found.has_more)
        } else {
            let found = store.find_annotations(self.dataset_id, query, page).await.unwrap();
            (found.rows.iter().map(|(_, annotation)| annotation.id.to_string()).collect(), found.has_more)
        }
    }

    async fn check(&self, text: &str, is_items: bool) -> Result<(), TestCaseError> {
        let Ok(parsed) = parse(text) else { return Ok(()) };
        let query = parsed.query;
        let tables = Tables { items: &self.items, annotations: Some(&self.annotations) };
        let expected = matching(&query, tables).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let expected: Vec<&String> = expected.into_iter().map(|place| &self.ids(is_items)[place]).collect();
        let (found, has_more) = self.page(&query, is_items, Page { offset: 0, limit: 1_000 }).await;
        proptest::prop_assert_eq!(found.iter().collect::<Vec<_>>(), expected.clone(), "{}", text);
        proptest::prop_assert!(!has_more);
        let count = if is_items {
            self.bench.store.count_items(self.dataset_id, &query).await
        } else {
            self.bench.store.count_annotations(self.dataset_id, &query).await
        };
        proptest::prop_assert_eq!(count.unwrap(), expected.len() as u64);
        let (second, has_more) = self.page(&query, is_items, Page { offset: 3, limit: 4 }).await;
        proptest::prop_assert_eq!(
            second.iter().collect::<Vec<_>>(),
            expected.iter().skip(3).take(4).copied().collect::<Vec<_>>()
        );
        proptest::prop_assert_eq!(has_more, expected.len() > 7);
        if is_items {
            self.check_preview(&query, &expected).await?;
        }
        Ok(())
    }

    /// What a preview counts is what the documents of the items say that are found.
    async fn check_preview(&self, query: &Query, expected: &[&String]) -> Result<(), TestCaseError> {
        let preview = self.bench.store.preview_items(self.dataset_id, query, 4).await.unwrap();
        let shown: Vec<String> = preview.items.iter().map(|item| item.id.to_string()).collect();
        let first: Vec<&String> = expected.iter().take(4).copied().collect();
        proptest::prop_assert_eq!(shown.iter().collect::<Vec<_>>(), first);
        let found: Vec<&Item> =
            self.stored.iter().filter(|item| expected.contains(&&item.id.to_string())).collect();
        proptest::prop_assert_eq!(preview.total_count, found.len() as u64);
        let tagged = |subset| found.iter().filter(|item| item.subset == Some(subset)).count() as u64;
        proptest::prop_assert_eq!(preview.subset_counts, Subset::ALL.map(tagged));
        let unannotated = found.iter().filter(|item| item.annotations.is_empty()).count();
        proptest::prop_assert_eq!(preview.unannotated_count, unannotated as u64);
        let mut labels: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for item in &found {
            let own: BTreeSet<&str> = item.annotations.iter().map(|each| each.label.as_str()).collect();
            own.into_iter().for_each(|label| labels.entry(label).or_default().0 += 1);
            item.annotations.iter().for_each(|each| labels.entry(&each.label).or_default().1 += 1);
        }
        let told: BTreeMap<&str, (u64, u64)> = preview
            .labels
            .iter()
            .map(|count| (count.label.as_str(), (count.item_count, count.annotation_count)))
            .collect();
        proptest::prop_assert_eq!(told, labels);
        Ok(())
    }
}

fn compare_with_evaluation(is_items: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for _ in 0..STORES {
        let config = Config { cases: QUERIES, failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new(config);
        let new = items().new_tree(&mut runner).unwrap().current();
        let filled = runtime.block_on(Filled::with(new));
        let outcome = runner.run(&query(is_items), |query| {
            let text = filled.with_ids(&query.to_string());
            runtime.block_on(filled.check(&text, is_items))
        });
        if let Err(error) = outcome {
            let documents: Vec<String> = filled.ids(is_items).to_vec();
            panic!("{error}\n{documents:?}");
        }
    }
}

#[test]
fn items_are_found_as_evaluation_finds_them() {
    compare_with_evaluation(true);
}

#[test]
fn annotations_are_found_as_evaluation_finds_them() {
    compare_with_evaluation(false);
}
