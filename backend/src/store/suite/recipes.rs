//! Recipes: every dataset has one, it follows the labels until a person changes it, and the last one stays.

use super::*;
use shared::dataset::Label;
use shared::recipe::FIRST_TITLE;

fn recipe(title: &str, labels: &[&str]) -> NewRecipe {
    let label = |name: &&str| Label { name: (*name).to_owned(), colour: "#112233".into() };
    NewRecipe { title: title.into(), description: "d".into(), labels: labels.iter().map(label).collect() }
}

fn names(recipe: &shared::recipe::Recipe) -> Vec<&str> {
    recipe.labels.iter().map(|label| label.name.as_str()).collect()
}

#[tokio::test]
async fn a_dataset_brings_a_recipe_that_follows_its_labels_until_a_person_changes_it() {
    let bench = Bench::new().await;
    let store = &bench.store;
    let dataset = bench.dataset("set").await;
    let first = store.recipes(dataset.id).await.unwrap().remove(0);
    assert_eq!((first.title.as_str(), first.labels.clone()), (FIRST_TITLE, dataset.labels.clone()));

    let more = |name: &str| NewImport { labels: vec![name.to_owned()], items: Vec::new(), ..import("set") };
    store.import_dataset(more("cow")).await.unwrap();
    assert_eq!(names(&store.recipes(dataset.id).await.unwrap()[0]), ["dog", "cat", "cow"]);

    store.update_recipe(first.id, recipe(FIRST_TITLE, &["cat"])).await.unwrap();
    store.import_dataset(more("hen")).await.unwrap();
    let kept = store.recipes(dataset.id).await.unwrap();
    assert_eq!((kept.len(), names(&kept[0])), (1, vec!["cat"]));
}

#[tokio::test]
async fn recipes_are_made_changed_and_deleted_but_for_the_last_one() {
    let mut bench = Bench::new().await;
    let dataset = bench.dataset("set").await;
    bench.clock.advance(std::time::Duration::from_secs(1));
    let made = bench.store.create_recipe(dataset.id, recipe("mine", &["b", "a.c"])).await.unwrap();
    assert_eq!(names(&made), ["b", "a.c"]);
    let taken = bench.store.create_recipe(dataset.id, recipe("mine", &["b"])).await.unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::AlreadyExists);
    let first = bench.store.recipes(dataset.id).await.unwrap().remove(0);
    let taken = bench.store.update_recipe(first.id, recipe("mine", &["b"])).await.unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::AlreadyExists);
    bench.clock.advance(std::time::Duration::from_secs(1));
    let changed = bench.store.update_recipe(made.id, recipe("mine", &["z"])).await.unwrap();
    assert_eq!((names(&changed), changed.updated_at_ms - changed.created_at_ms), (vec!["z"], 1_000));

    bench.reopen().await;
    assert_eq!(bench.store.recipes(dataset.id).await.unwrap(), [first.clone(), changed]);
    bench.store.delete_recipe(first.id).await.unwrap();
    let last = bench.store.delete_recipe(made.id).await.unwrap_err();
    assert!(last.to_string().contains("the only one of its dataset"), "{last}");
    assert_eq!(bench.store.delete_recipe(first.id).await.unwrap_err().kind(), ErrorKind::NotFound);
    let unknown: shared::id::DatasetId = bench.store.new_id();
    let error = bench.store.create_recipe(unknown, recipe("x", &["a"])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
