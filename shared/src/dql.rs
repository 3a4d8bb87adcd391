//! Filters in the Dataloop Query Language. So far only the one that the product itself writes.
//!
//! Must not know how a filter is run.

use crate::dataset::Subset;
use serde_json::{Map, Value, json};

/// The *Tagged items* filter of a subset: visible files that carry its tag.
#[must_use]
pub fn tagged_items_filter(subset: Subset) -> Value {
    let tag = format!("metadata.system.tags.{}", subset.name());
    let tagged: Map<String, Value> = [(tag, Value::Bool(true))].into_iter().collect();
    json!({
        "filter": { "$and": [{ "hidden": false }, { "type": "file" }, tagged] },
        "page": 0,
        "pageSize": 1000,
        "resource": "items",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_the_one_that_platforms_exchange() {
        for (subset, name) in
            [(Subset::Train, "train"), (Subset::Validation, "validation"), (Subset::Test, "test")]
        {
            let expected = format!(
                r#"{{"filter":{{"$and":[{{"hidden":false}},{{"type":"file"}},{{"metadata.system.tags.{name}":true}}]}},"page":0,"pageSize":1000,"resource":"items"}}"#
            );
            assert_eq!(tagged_items_filter(subset).to_string(), expected);
        }
    }
}
