//! Every method that changes something, sent three times with one key: one effect, and the same bytes each time.
//!
//! Must not know how answers are kept.

use super::{Answer, House, Pair, framed};
use crate::auth::policy::{Effect, effect_of_path};
use crate::store::Begun;
use bytes::Bytes;
use prost::Message;
use proto::v1;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::future::Future;
use tonic::Code;

const PREFIX: &str = "trainyard.v1.";

/// Sends each call three times.
struct Thrice<'a> {
    house: &'a House,
    at_once: bool,
    seen: RefCell<BTreeSet<String>>,
}

impl Thrice<'_> {
    async fn send(&self, method: &str, body: Vec<u8>, key: &str) -> Answer {
        let path = format!("{PREFIX}{method}");
        let headers = keyed(self.house.owner(), key);
        super::read(self.house.send(&path, body, "application/grpc-web+proto", &headers).await).await
    }

    /// The answer, which was the same three times.
    async fn call<T: Message + Default>(&self, method: &str, request: &impl Message) -> T {
        assert!(self.seen.borrow_mut().insert(method.to_owned()), "{method} has one case");
        let (body, key) = (framed(request), format!("key-of-{method}"));
        let store = self.house.server.store();
        let send = || self.send(method, body.clone(), &key);
        let answers = if self.at_once {
            futures::future::join_all([send(), send(), send()]).await
        } else {
            let first = send().await;
            let revision = *store.revisions().borrow();
            let answers = vec![first, send().await, send().await];
            assert_eq!(*store.revisions().borrow(), revision, "{method} changed something again");
            answers
        };
        for answer in &answers {
            assert_eq!(answer.code, Code::Ok, "{method}: {}", answer.message);
            assert_eq!(answer.body, answers[0].body, "{method}");
        }
        let empty = framed(&());
        if body != empty {
            let other = self.send(method, empty, &key).await;
            assert_eq!(other.code, Code::FailedPrecondition, "{method}: {}", other.message);
            assert!(other.message.contains("used for another request"), "{}", other.message);
        }
        answers[0].decode()
    }
}

fn keyed(mut headers: Vec<Pair>, key: &str) -> Vec<Pair> {
    headers.push(("idempotency-key", key.to_owned()));
    headers
}

fn selection() -> Option<v1::ItemSelection> {
    Some(v1::ItemSelection { dataset: "cells".into(), item_ids: Vec::new(), filter: "{}".into() })
}

fn new_model(name: &str) -> v1::CreateModelRequest {
    v1::CreateModelRequest {
        name: name.into(),
        architecture: "yolov8n".into(),
        dataset: "cells".into(),
        ..Default::default()
    }
}

async fn change_datasets(thrice: &Thrice<'_>, folder: &std::path::Path) {
    let picture = folder.join("cat/a.png");
    std::fs::create_dir_all(folder.join("cat")).unwrap();
    image::RgbImage::from_pixel(20, 10, image::Rgb([1, 2, 3])).save(picture).unwrap();
    let import = v1::ImportDatasetRequest {
        path: folder.to_str().unwrap().into(),
        name: "cats".into(),
        ..Default::default()
    };
    let event: v1::ImportDatasetEvent = thrice.call("DatasetService/ImportDataset", &import).await;
    let Some(v1::import_dataset_event::Event::Report(report)) = event.event else { panic!("{event:?}") };
    assert_eq!(report.items_added, 1, "what the repeats found was there already");
    let create = v1::CreateDatasetRequest {
        name: "new".into(),
        task: v1::Task::Detection.into(),
        ..Default::default()
    };
    thrice.call::<v1::Dataset>("DatasetService/CreateDataset", &create).await;
    let split = Some(v1::Split { train_percent: 50, validation_percent: 50, test_percent: 0, seed: 1 });
    let request = v1::SplitItemsRequest { selection: selection(), split };
    thrice.call::<v1::ItemsChange>("DatasetService/SplitItems", &request).await;
    let request = v1::MoveItemsRequest { selection: selection(), dir: "/moved".into() };
    let moved: v1::ItemsChange = thrice.call("DatasetService/MoveItems", &request).await;
    assert_eq!(moved.changed_count, 2);
    let undo = v1::UndoItemsChangeRequest { change_id: moved.change_id };
    thrice.call::<v1::ItemsChange>("DatasetService/UndoItemsChange", &undo).await;
    let save = v1::SaveFilterRequest { name: "f".into(), resource: "items".into(), query: "{}".into() };
    let saved: v1::SavedFilter = thrice.call("FilterService/SaveFilter", &save).await;
    let delete = v1::DeleteFilterRequest { id: saved.id };
    thrice.call::<v1::DeleteFilterResponse>("FilterService/DeleteFilter", &delete).await;
    let labels = vec![v1::Label { name: "cell".into(), colour: String::new() }];
    let create = v1::CreateRecipeRequest {
        dataset: "cells".into(),
        title: "r".into(),
        labels: labels.clone(),
        ..Default::default()
    };
    let recipe: v1::Recipe = thrice.call("RecipeService/CreateRecipe", &create).await;
    let update = v1::UpdateRecipeRequest {
        id: recipe.id.clone(),
        title: "s".into(),
        description: String::new(),
        labels,
    };
    thrice.call::<v1::Recipe>("RecipeService/UpdateRecipe", &update).await;
    let delete = v1::DeleteRecipeRequest { id: recipe.id };
    thrice.call::<v1::DeleteRecipeResponse>("RecipeService/DeleteRecipe", &delete).await;
}

async fn change_models(thrice: &Thrice<'_>) {
    let model: v1::Model = thrice.call("ModelService/CreateModel", &new_model("m")).await;
    let draft = v1::SaveDraftRequest {
        model: "m".into(),
        draft_json: "{\"a\": 1}".into(),
        known_updated_at_ms: Some(0),
    };
    thrice.call::<v1::TrainingDraft>("ModelService/SaveDraft", &draft).await;
    let clone = v1::CloneModelRequest { model: model.id.clone(), name: "copy".into(), ..Default::default() };
    thrice.call::<v1::Model>("ModelService/CloneModel", &clone).await;
    let rename =
        v1::UpdateModelRequest { model: "copy".into(), name: Some("named".into()), ..Default::default() };
    thrice.call::<v1::Model>("ModelService/UpdateModel", &rename).await;
    let delete = v1::DeleteModelRequest { model: "named".into() };
    let deleted: v1::Model = thrice.call("ModelService/DeleteModel", &delete).await;
    let restore = v1::RestoreModelRequest { model_id: deleted.id };
    thrice.call::<v1::Model>("ModelService/RestoreModel", &restore).await;
}

async fn change_trainings(thrice: &Thrice<'_>) {
    let start = v1::StartTrainingRequest { model: "m".into(), ..Default::default() };
    let started: v1::Training = thrice.call("TrainingService/StartTraining", &start).await;
    let training = started.id;
    let service = thrice.house.server.store().services().await.unwrap().remove(0).id.to_string();
    let pause = v1::PauseServiceRequest { service: service.clone() };
    thrice.call::<v1::TrainingServiceState>("ComputeService/PauseService", &pause).await;
    let resume = v1::ResumeServiceRequest { service: service.clone() };
    thrice.call::<v1::TrainingServiceState>("ComputeService/ResumeService", &resume).await;
    change_compute(thrice, service).await;
    let priority = v1::SetPriorityRequest { training: training.clone(), priority: 7 };
    let urgent: v1::Training = thrice.call("TrainingService/SetPriority", &priority).await;
    assert_eq!(urgent.priority, 7);
    let abort = v1::AbortTrainingRequest { training: training.clone() };
    thrice.call::<v1::Training>("TrainingService/AbortTraining", &abort).await;
    let remove = v1::RemoveTrainingRequest { training: training.clone() };
    thrice.call::<v1::Training>("TrainingService/RemoveTraining", &remove).await;
    let restore = v1::RestoreTrainingRequest { training };
    thrice.call::<v1::Training>("TrainingService/RestoreTraining", &restore).await;
    // The items are needed no longer.
    let tag = v1::TagItemsRequest { selection: selection(), subset: v1::Subset::Test.into() };
    thrice.call::<v1::ItemsChange>("DatasetService/TagItems", &tag).await;
    let delete = v1::DeleteItemsRequest { selection: selection() };
    thrice.call::<v1::ItemsChange>("DatasetService/DeleteItems", &delete).await;
}

async fn change_compute(thrice: &Thrice<'_>, service: String) {
    let settings = shared::service::ServiceSettings { max_instances: 3, ..Default::default() };
    let update = v1::UpdateTrainingServiceRequest {
        service: service.clone(),
        settings: Some(settings.into()),
        settings_revision: 1,
    };
    let updated: v1::TrainingServiceState =
        thrice.call("ComputeService/UpdateTrainingService", &update).await;
    assert_eq!(updated.settings_revision, 2, "one change is one revision");
    let restart = v1::RestartServiceRequest { service };
    let restarted: v1::TrainingServiceState = thrice.call("ComputeService/RestartService", &restart).await;
    assert_eq!(restarted.generation, updated.generation + 1, "it is restarted once");
    let machine = v1::MachineType { name: "large".into(), cores: 64, ..Default::default() };
    thrice.call::<v1::MachineType>("ComputeService/SaveMachineType", &machine).await;
    let delete = v1::DeleteMachineTypeRequest { name: "large".into() };
    thrice.call::<v1::DeleteMachineTypeResponse>("ComputeService/DeleteMachineType", &delete).await;
    let manifest = r#"{"id": "own", "name": "Own", "task": "detection", "command": ["train"]}"#;
    let save = v1::SaveArchitectureRequest { manifest: manifest.into(), ..Default::default() };
    thrice.call::<v1::Architecture>("ArchitectureService/SaveArchitecture", &save).await;
    let delete = v1::DeleteArchitectureRequest { id: "own".into() };
    thrice.call::<v1::DeleteArchitectureResponse>("ArchitectureService/DeleteArchitecture", &delete).await;
}

/// A training that runs, and has to go round again.
async fn rerun(thrice: &Thrice<'_>) {
    let store = thrice.house.server.store();
    thrice.house.runner().await;
    let service = store.services().await.unwrap().remove(0).id;
    let instance = store.instances(service).await.unwrap().remove(0).id;
    let training = store.lease_next(instance).await.unwrap().unwrap().training_id.to_string();
    let again = v1::RerunTrainingRequest { training };
    thrice.call::<v1::Training>("TrainingService/RerunTraining", &again).await;
}

async fn change_secrets(thrice: &Thrice<'_>) {
    let create =
        v1::CreateSecretRequest { name: "API_TOKEN".into(), value: "a value".into(), ..Default::default() };
    let made: v1::Secret = thrice.call("SecretService/CreateSecret", &create).await;
    let replace = v1::ReplaceSecretRequest { id: made.id.clone(), value: "another value".into() };
    thrice.call::<v1::Secret>("SecretService/ReplaceSecret", &replace).await;
    thrice.call::<v1::RotateKeyResponse>("SecretService/RotateKey", &v1::RotateKeyRequest {}).await;
    let delete = v1::DeleteSecretRequest { id: made.id };
    thrice.call::<v1::DeleteSecretResponse>("SecretService/DeleteSecret", &delete).await;
}

/// Every method that takes a key. One that is new has no case, and fails here.
fn methods_with_a_key() -> BTreeSet<String> {
    let descriptors = prost_types::FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap();
    let services = descriptors.file.iter().flat_map(|file| &file.service);
    let methods = services.flat_map(|service| {
        service.method.iter().map(move |method| format!("{}/{}", service.name(), method.name()))
    });
    methods.filter(|path| matches!(effect_of_path(path), Effect::Once | Effect::OnceStreamed)).collect()
}

async fn everything_thrice(at_once: bool) {
    let house = House::open().await;
    house.dataset("cells").await;
    let folder = tempfile::tempdir().unwrap();
    let thrice = Thrice { house: &house, at_once, seen: RefCell::default() };
    change_datasets(&thrice, folder.path()).await;
    change_models(&thrice).await;
    change_trainings(&thrice).await;
    rerun(&thrice).await;
    change_secrets(&thrice).await;
    assert_eq!(*thrice.seen.borrow(), methods_with_a_key());
    house.server.stop().await;
}

#[tokio::test]
async fn in_a_row_every_method_has_one_effect_and_one_answer() {
    everything_thrice(false).await;
}

#[tokio::test]
async fn at_once_every_method_has_one_effect_and_one_answer() {
    everything_thrice(true).await;
}

/// Has the effect of a call without its answer, as a server that is killed in between.
async fn interrupted<T>(
    house: &House,
    method: &str,
    request: &impl Message,
    work: impl Future<Output = T>,
) -> T {
    let path = format!("/{PREFIX}{method}");
    let request = framed(request);
    match house.server.store().begin_call("owner", "k", &[path.as_bytes(), &request]).await.unwrap() {
        Begun::Work(call) => call.run(work).await,
        Begun::Answered(reply) => panic!("{reply:?}"),
    }
}

#[tokio::test]
async fn a_call_whose_answer_was_lost_has_one_effect_and_is_answered_when_it_comes_again() {
    let house = House::open().await;
    house.dataset("cells").await;
    house.model("m", "cells").await;
    let headers = keyed(house.owner(), "k");
    // By its name, the version is not found any more.
    let delete = v1::DeleteModelRequest { model: "m".into() };
    let method = "ModelService/DeleteModel";
    let deleted = interrupted(&house, method, &delete, house.server.store().delete_model("m")).await.unwrap();
    let again = house.call(&format!("{PREFIX}{method}"), &delete, &headers).await;
    assert_eq!(again.decode::<v1::Model>(), deleted.into());
    let bytes: Bytes = house.call(&format!("{PREFIX}{method}"), &delete, &headers).await.body;
    assert_eq!(bytes, again.body);
    let unkeyed = house.call(&format!("{PREFIX}{method}"), &delete, &house.owner()).await;
    assert_eq!(unkeyed.code, Code::NotFound);
    house.server.stop().await;
}

#[tokio::test]
async fn keys_are_checked_belong_to_their_caller_and_keep_no_credentials() {
    let house = House::open().await;
    house.dataset("cells").await;
    let create = format!("{PREFIX}ModelService/CreateModel");
    let browser = house.browser().await;
    house.call(&create, &new_model("m"), &keyed(house.owner(), "k")).await.decode::<v1::Model>();
    let stranger = house.call(&create, &new_model("m"), &keyed(browser, "k")).await;
    assert_eq!(stranger.code, Code::AlreadyExists, "another caller does not get the answer");
    // A refused call leaves its key free.
    let headers = keyed(house.owner(), "l");
    assert_eq!(house.call(&create, &new_model("m"), &headers).await.code, Code::AlreadyExists);
    house.call(&create, &new_model("n"), &headers).await.decode::<v1::Model>();
    for bad in ["", "a b", &"x".repeat(129)] {
        let answer = house.call(&create, &new_model("o"), &keyed(house.owner(), bad)).await;
        assert_eq!(answer.code, Code::InvalidArgument, "{bad:?}: {}", answer.message);
        assert!(answer.message.contains("visible ASCII"), "{}", answer.message);
    }
    let link = async || {
        let request = v1::CreateSignInLinkRequest::default();
        let path = format!("{PREFIX}AccessService/CreateSignInLink");
        house
            .call(&path, &request, &keyed(house.owner(), "k"))
            .await
            .decode::<v1::CreateSignInLinkResponse>()
            .url
    };
    assert_ne!(link().await, link().await);
    house.server.stop().await;
}
