//! Versions and recipes as clients make, change and find them.

use super::House;
use proto::v1;
use tonic::Code;

const CREATE: &str = "trainyard.v1.ModelService/CreateModel";
const CLONE: &str = "trainyard.v1.ModelService/CloneModel";

fn create(name: &str) -> v1::CreateModelRequest {
    v1::CreateModelRequest {
        name: name.into(),
        architecture: "yolov8n".into(),
        dataset: "cells".into(),
        ..Default::default()
    }
}

fn by_filter(filter: &str) -> Option<v1::SubsetChoice> {
    Some(v1::SubsetChoice { mode: "dql-filter".into(), filter: filter.into(), ..Default::default() })
}

/// A stored file of weights of this variant and number of classes.
pub(super) async fn stored_weights(house: &House, variant: trainer::Variant, classes: usize) -> String {
    let device = trainer::device::DeviceChoice::Cpu.open().unwrap().device;
    let model = trainer::model::yolov8::YoloV8::new(variant, classes, 0, &device);
    let labels = (0..classes).map(|class| class.to_string()).collect();
    let card = trainer::WeightsCard { network: variant.into(), labels, imgsz: 64 };
    let content = trainer::weights::to_bytes(&model, card.metadata()).unwrap();
    house.server.store().blobs().put_bytes(content.into()).await.unwrap().0
}

#[tokio::test]
async fn a_version_is_made_with_everything_that_it_brings() {
    let house = House::open().await;
    house.dataset("cells").await;
    let hash = stored_weights(&house, trainer::Variant::N, 7).await;
    let request = v1::CreateModelRequest {
        description: " by night ".into(),
        tags: vec!["a".into(), "b".into(), "a".into()],
        labels: vec!["cell".into(), "dot".into()],
        train: by_filter(r#"{"dir": "/"}"#),
        weights_hash: hash.clone(),
        ..create("m")
    };
    let model = house.call(CREATE, &request, &house.owner()).await.decode::<v1::Model>();
    assert_eq!((model.status.as_str(), model.description.as_str()), ("pre-trained", "by night"));
    assert_eq!(
        (model.tags.len(), model.labels.len(), model.initial_weights_hash.as_str()),
        (2, 2, hash.as_str())
    );
    assert_eq!((model.train, model.validation), (by_filter(r#"{"dir": "/"}"#), None));

    let child = v1::CreateModelRequest { weights_of_model: "m".into(), ..create("child") };
    let child = house.call(CREATE, &child, &house.owner()).await.decode::<v1::Model>();
    assert_eq!((child.parent_name.as_str(), child.initial_weights_hash.as_str()), ("m", hash.as_str()));
    house.server.stop().await;
}

#[tokio::test]
async fn what_a_version_cannot_be_made_of_is_named_by_field() {
    let house = House::open().await;
    house.dataset("cells").await;
    house.call(CREATE, &create("plain"), &house.owner()).await.decode::<v1::Model>();
    let small = v1::CreateModelRequest { architecture: "yolov8s".into(), ..create("small") };
    house.call(CREATE, &small, &house.owner()).await.decode::<v1::Model>();
    let store = house.server.store();
    let text = store.blobs().put_bytes("no weights".into()).await.unwrap().0;
    let of_s = stored_weights(&house, trainer::Variant::S, 1).await;
    for (request, part) in [
        (
            v1::CreateModelRequest { train: by_filter("{\"a\": {\"$foo\": 1}}"), ..create("x") },
            "`train.filter` is refused:\nline 1, column 8",
        ),
        (
            v1::CreateModelRequest {
                validation: by_filter(r#"{"filter": {}, "resource": "annotations"}"#),
                ..create("x")
            },
            "`validation.filter` asks for annotations",
        ),
        (
            v1::CreateModelRequest { labels: vec!["a".into(), "a".into()], ..create("x") },
            "`labels` cannot be used",
        ),
        (v1::CreateModelRequest { tags: vec!["a".into(), " ".into()], ..create("x") }, "`tags[1]`"),
        (v1::CreateModelRequest { weights_of_model: "plain".into(), ..create("x") }, "which has none"),
        (
            v1::CreateModelRequest { weights_of_model: "small".into(), ..create("x") },
            "is of yolov8s, and the new version is of yolov8n",
        ),
        (v1::CreateModelRequest { weights_hash: "0".repeat(64), ..create("x") }, "names no stored file"),
        (v1::CreateModelRequest { weights_hash: "../x".into(), ..create("x") }, "names no stored file"),
        (v1::CreateModelRequest { weights_hash: text.clone(), ..create("x") }, "not a safetensors file"),
        (
            v1::CreateModelRequest { weights_hash: of_s, ..create("x") },
            "the weights are of yolov8s, and the version is of yolov8n",
        ),
        (
            v1::CreateModelRequest { weights_hash: text, weights_of_model: "plain".into(), ..create("x") },
            "choose one of them",
        ),
    ] {
        let answer = house.call(CREATE, &request, &house.owner()).await;
        assert_eq!(answer.code, Code::InvalidArgument, "{answer:?}");
        assert!(answer.message.contains(part), "{part}: {}", answer.message);
    }
    let missing = v1::CreateModelRequest { weights_of_model: "nobody".into(), ..create("x") };
    assert_eq!(house.call(CREATE, &missing, &house.owner()).await.code, Code::NotFound);
    house.server.stop().await;
}

#[tokio::test]
async fn a_version_is_cloned_changed_deleted_and_restored() {
    let house = House::open().await;
    let owner = house.owner();
    house.dataset("cells").await;
    let hash = stored_weights(&house, trainer::Variant::N, 1).await;
    let source = v1::CreateModelRequest {
        weights_hash: hash.clone(),
        tags: vec!["t".into()],
        train: by_filter("{}"),
        configuration_json: r#"{"epochs": 3}"#.into(),
        ..create("source")
    };
    let source = house.call(CREATE, &source, &owner).await.decode::<v1::Model>();
    let clone = |name: &str, with_weights| v1::CloneModelRequest {
        model: "source".into(),
        name: name.into(),
        with_weights,
        idempotency_key: name.into(),
        ..Default::default()
    };
    let warm = house.call(CLONE, &clone("warm", true), &owner).await.decode::<v1::Model>();
    assert_eq!(house.call(CLONE, &clone("warm", true), &owner).await.decode::<v1::Model>(), warm);
    assert_eq!((warm.status.as_str(), warm.initial_weights_hash.as_str()), ("pre-trained", hash.as_str()));
    assert_eq!(
        (&warm.tags, &warm.train, &warm.configuration_json),
        (&source.tags, &source.train, &source.configuration_json)
    );
    let cold = v1::CloneModelRequest { labels: vec!["b".into(), "a".into()], ..clone("cold", false) };
    let cold = house.call(CLONE, &cold, &owner).await.decode::<v1::Model>();
    assert_eq!((cold.status.as_str(), cold.initial_weights_hash.as_str()), ("created", ""));
    assert_eq!((cold.labels, cold.parent_name.as_str()), (vec!["b".to_owned(), "a".to_owned()], "source"));
    let of_cold = v1::CloneModelRequest { model: "cold".into(), ..clone("none", true) };
    let refused = house.call(CLONE, &of_cold, &owner).await;
    assert!(refused.code == Code::InvalidArgument && refused.message.contains("has none"), "{refused:?}");
    for (model, start) in [("source", hash.as_str()), ("warm", hash.as_str()), ("cold", "")] {
        let name = format!("again-{model}");
        let again = v1::CloneModelRequest { model: model.into(), same_start: true, ..clone(&name, false) };
        let again = house.call(CLONE, &again, &owner).await.decode::<v1::Model>();
        assert_eq!((again.initial_weights_hash.as_str(), again.parent_name.as_str()), (start, model));
        let delete = v1::DeleteModelRequest { model: name };
        house.call("trainyard.v1.ModelService/DeleteModel", &delete, &owner).await.decode::<v1::Model>();
    }
    let both = v1::CloneModelRequest { same_start: true, ..clone("both", true) };
    let refused = house.call(CLONE, &both, &owner).await;
    assert!(refused.code == Code::InvalidArgument && refused.message.contains("`same_start`"), "{refused:?}");

    let update = v1::UpdateModelRequest {
        model: "cold".into(),
        name: Some("colder".into()),
        set_tags: true,
        ..Default::default()
    };
    let changed =
        house.call("trainyard.v1.ModelService/UpdateModel", &update, &owner).await.decode::<v1::Model>();
    assert_eq!(
        (changed.name.as_str(), changed.tags.len(), changed.id.as_str()),
        ("colder", 0, cold.id.as_str())
    );
    let delete = v1::DeleteModelRequest { model: "colder".into() };
    let deleted =
        house.call("trainyard.v1.ModelService/DeleteModel", &delete, &owner).await.decode::<v1::Model>();
    assert!(deleted.deleted_at_ms.is_some());
    let list = async |request: v1::ListModelsRequest| {
        let answer = house.call("trainyard.v1.ModelService/ListModels", &request, &owner).await;
        answer.decode::<v1::ListModelsResponse>()
    };
    assert_eq!(list(v1::ListModelsRequest::default()).await.total_count, 2);
    let tagged = v1::ListModelsRequest {
        tags: vec!["t".into()],
        statuses: vec!["pre-trained".into()],
        page_size: 1,
        ..Default::default()
    };
    let page = list(tagged.clone()).await;
    assert_eq!((page.models.len(), page.total_count), (1, 2));
    let rest = list(v1::ListModelsRequest { page_token: page.next_page_token, ..tagged }).await;
    let mut names = [page.models[0].name.as_str(), rest.models[0].name.as_str()];
    names.sort_unstable();
    assert_eq!((names, rest.next_page_token.as_str()), (["source", "warm"], ""));
    let unknown = v1::ListModelsRequest { statuses: vec!["asleep".into()], ..Default::default() };
    let answer = house.call("trainyard.v1.ModelService/ListModels", &unknown, &owner).await;
    assert!(answer.message.contains("`statuses[0]` is unknown"), "{}", answer.message);
    let restore = v1::RestoreModelRequest { model_id: cold.id };
    let restored =
        house.call("trainyard.v1.ModelService/RestoreModel", &restore, &owner).await.decode::<v1::Model>();
    assert_eq!(restored.deleted_at_ms, None);
    house.server.stop().await;
}

#[tokio::test]
async fn a_draft_is_an_object_and_comes_back_as_it_was() {
    let house = House::open().await;
    let owner = house.owner();
    house.dataset("cells").await;
    let id = house.model("m", "cells").await.id;
    let get = async || {
        let request = v1::GetDraftRequest { model: "m".into() };
        let answer = house.call("trainyard.v1.ModelService/GetDraft", &request, &owner).await;
        answer.decode::<v1::TrainingDraft>()
    };
    assert_eq!(get().await, v1::TrainingDraft { model_id: id, ..Default::default() });
    let save = |text: &str| v1::SaveDraftRequest {
        model: "m".into(),
        draft_json: text.into(),
        ..Default::default()
    };
    let method = "trainyard.v1.ModelService/SaveDraft";
    let saved = house.call(method, &save(r#"{"labels": []}"#), &owner).await.decode::<v1::TrainingDraft>();
    assert_eq!(get().await, saved);
    let large = format!("{{\"a\": \"{}\"}}", "x".repeat(64 << 10));
    for text in ["[]", "{", large.as_str()] {
        let answer = house.call(method, &save(text), &owner).await;
        assert_eq!(answer.code, Code::InvalidArgument);
        assert!(answer.message.contains("`draft_json`"), "{}", answer.message);
    }
    assert_eq!(get().await, saved);
    let of_another_tab = v1::SaveDraftRequest { known_updated_at_ms: Some(0), ..save("{}") };
    let refused = house.call(method, &of_another_tab, &owner).await;
    assert!(refused.code == Code::Aborted && refused.message.contains("changed meanwhile"), "{refused:?}");
    assert_eq!(get().await, saved);
    let knowing = v1::SaveDraftRequest { known_updated_at_ms: Some(saved.updated_at_ms), ..of_another_tab };
    let later = house.call(method, &knowing, &owner).await.decode::<v1::TrainingDraft>();
    assert!(later.updated_at_ms > saved.updated_at_ms && get().await == later, "{later:?}");
    house.server.stop().await;
}

#[tokio::test]
async fn recipes_are_kept_by_dataset_and_their_labels_are_checked() {
    let house = House::open().await;
    let owner = house.owner();
    house.dataset("cells").await;
    let label = |name: &str, colour: &str| v1::Label { name: name.into(), colour: colour.into() };
    let create = |labels: Vec<v1::Label>| v1::CreateRecipeRequest {
        dataset: "cells".into(),
        title: "mine".into(),
        description: "x".into(),
        labels,
    };
    let method = "trainyard.v1.RecipeService/CreateRecipe";
    let good = vec![label("vehicle.car", ""), label("bus", "#ABCDEF")];
    let made = house.call(method, &create(good), &owner).await.decode::<v1::Recipe>();
    assert_eq!(made.labels, [label("vehicle.car", "#2b6fe0"), label("bus", "#abcdef")]);
    for labels in
        [Vec::new(), vec![label("a", ""), label("a", "")], vec![label("a..b", "")], vec![label("a", "red")]]
    {
        let answer = house.call(method, &create(labels), &owner).await;
        assert_eq!(answer.code, Code::InvalidArgument);
        assert!(answer.message.contains("`labels`"), "{}", answer.message);
    }
    let list = async || {
        let request = v1::ListRecipesRequest { dataset: "cells".into() };
        let answer = house.call("trainyard.v1.RecipeService/ListRecipes", &request, &owner).await;
        answer.decode::<v1::ListRecipesResponse>().recipes
    };
    let titles = async || list().await.into_iter().map(|recipe| recipe.title).collect::<Vec<_>>();
    assert_eq!(titles().await, ["Default", "mine"]);
    let update = v1::UpdateRecipeRequest {
        id: made.id.clone(),
        title: "ours".into(),
        labels: made.labels,
        ..Default::default()
    };
    house.call("trainyard.v1.RecipeService/UpdateRecipe", &update, &owner).await.decode::<v1::Recipe>();
    assert_eq!(titles().await, ["Default", "ours"]);
    let delete = async |id: String| {
        house.call("trainyard.v1.RecipeService/DeleteRecipe", &v1::DeleteRecipeRequest { id }, &owner).await
    };
    assert_eq!(delete(made.id).await.code, Code::Ok);
    let last = delete(list().await.remove(0).id).await;
    assert!(last.code == Code::FailedPrecondition && last.message.contains("only one"), "{last:?}");
    assert_eq!(delete("nonsense".into()).await.code, Code::InvalidArgument);
    house.server.stop().await;
}

#[tokio::test]
async fn a_failed_version_and_its_copies_bring_what_was_trained() {
    let house = House::open().await;
    house.dataset("cells").await;
    let with = |settings: &str| v1::CreateModelRequest { configuration_json: settings.into(), ..create("m") };
    house.call(CREATE, &with(r#"{"epochs": 9, "imgsz": 320}"#), &house.owner()).await.decode::<v1::Model>();
    let start = v1::StartTrainingRequest {
        model: "m".into(),
        configuration_json: r#"{"epochs": 5, "batch_size": 2}"#.into(),
        train: by_filter(r#"{"name": "a.png"}"#),
        ..Default::default()
    };
    let training = house.call("trainyard.v1.TrainingService/StartTraining", &start, &house.owner()).await;
    let abort = v1::AbortTrainingRequest { training: training.decode::<v1::Training>().id };
    house.call("trainyard.v1.TrainingService/AbortTraining", &abort, &house.owner()).await;
    let get = v1::GetModelRequest { model: "m".into() };
    let failed = house.call("trainyard.v1.ModelService/GetModel", &get, &house.owner()).await;
    let clone = v1::CloneModelRequest { model: "m".into(), name: "n".into(), ..Default::default() };
    let clone = house.call("trainyard.v1.ModelService/CloneModel", &clone, &house.owner()).await;
    for (model, status) in [(failed, "failed"), (clone, "created")] {
        let model = model.decode::<v1::Model>();
        let settings: serde_json::Value = serde_json::from_str(&model.configuration_json).unwrap();
        // What was asked for, and not the whole configuration: defaults may yet change.
        assert_eq!(settings, serde_json::json!({ "epochs": 5, "imgsz": 320, "batch_size": 2 }));
        assert_eq!((model.status.as_str(), model.train), (status, start.train.clone()));
        assert_eq!(model.validation.unwrap().mode, "tagged-items");
    }
    house.server.stop().await;
}
