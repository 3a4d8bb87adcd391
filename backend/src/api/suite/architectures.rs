//! Private architectures as clients add them, and what becomes of versions when a manifest changes.

use super::House;
use proto::v1;
use tonic::Code;

const SAVE: &str = "trainyard.v1.ArchitectureService/SaveArchitecture";
const LIST: &str = "trainyard.v1.ArchitectureService/ListArchitectures";
const REVISIONS: &str = "trainyard.v1.ArchitectureService/ListArchitectureRevisions";
const DELETE: &str = "trainyard.v1.ArchitectureService/DeleteArchitecture";
const CREATE: &str = "trainyard.v1.ModelService/CreateModel";
const START: &str = "trainyard.v1.TrainingService/StartTraining";
const CHECK: &str = "trainyard.v1.TrainingService/CheckTraining";

/// A manifest with these settings, each a whole number.
fn manifest(settings: &[&str]) -> String {
    let mut text =
        "id = \"tiny\"\nname = \"Tiny\"\ntask = \"detection\"\ncommand = [\"{folder}/train\", \"-u\"]\n"
            .to_owned();
    for key in settings {
        text += &format!("\n[[settings]]\nkey = \"{key}\"\ntype = \"integer\"\nmax = 50\ndefault = 5\n");
    }
    text + "\n[service]\nexecution_timeout_secs = 60\n"
}

fn save(settings: &[&str], folder: &str) -> v1::SaveArchitectureRequest {
    v1::SaveArchitectureRequest {
        manifest: manifest(settings),
        folder: folder.to_owned(),
        validate_only: false,
    }
}

async fn saved(house: &House, settings: &[&str], folder: &str) -> u32 {
    let answer = house.call(SAVE, &save(settings, folder), &house.owner()).await;
    assert_eq!(answer.code, Code::Ok, "{}", answer.message);
    answer.decode::<v1::Architecture>().private.unwrap().revision
}

async fn ids(house: &House) -> Vec<String> {
    let answer = house.call(LIST, &(), &house.owner()).await.decode::<v1::ListArchitecturesResponse>();
    answer.architectures.into_iter().map(|architecture| architecture.id).collect()
}

#[tokio::test]
async fn each_manifest_is_a_revision_and_the_same_again_is_none() {
    let house = House::open().await;
    assert_eq!(saved(&house, &["epochs"], "/opt/tiny").await, 1);
    assert_eq!(saved(&house, &["epochs"], "/opt/tiny/").await, 1);
    assert_eq!(saved(&house, &["epochs"], "/opt/other").await, 2);
    assert_eq!(saved(&house, &["epochs", "depth"], "/opt/other").await, 3);
    let one = v1::ListArchitectureRevisionsRequest { id: "tiny".into() };
    let kept = house.call(REVISIONS, &one, &house.owner()).await;
    let kept = kept.decode::<v1::ListArchitectureRevisionsResponse>().revisions;
    let seen: Vec<(u32, &str)> = kept.iter().map(|each| (each.revision, each.folder.as_str())).collect();
    assert_eq!(seen, [(3, "/opt/other"), (2, "/opt/other"), (1, "/opt/tiny")]);
    assert!(ids(&house).await.contains(&"tiny".to_owned()));
    house.server.stop().await;
}

#[tokio::test]
async fn what_refuses_a_manifest_is_said_field_by_field_and_nothing_is_saved() {
    let house = House::open().await;
    let mut request = save(&["epochs", "epochs"], "");
    request.manifest = request.manifest.replace("tiny", "Tiny");
    for validate_only in [true, false] {
        request.validate_only = validate_only;
        let refused = house.call(SAVE, &request, &house.owner()).await;
        assert_eq!(refused.code, Code::InvalidArgument);
        for part in ["`id`", "`settings[1]`", "`command`: asks for {folder}"] {
            assert!(refused.message.contains(part), "{part}: {}", refused.message);
        }
    }
    let fine = v1::SaveArchitectureRequest { validate_only: true, ..save(&[], "/opt") };
    assert_eq!(house.call(SAVE, &fine, &house.owner()).await.code, Code::Ok);
    assert!(!ids(&house).await.contains(&"tiny".to_owned()));
    house.server.stop().await;
}

#[tokio::test]
async fn a_version_of_it_is_trained_by_the_command_that_counted_when_it_was_started() {
    let house = House::open().await;
    house.dataset("cells").await;
    saved(&house, &["epochs", "depth"], "/opt/tiny").await;
    let create = v1::CreateModelRequest {
        name: "m".into(),
        architecture: "tiny".into(),
        dataset: "cells".into(),
        configuration_json: r#"{"epochs": 7.0, "depth": 9}"#.into(),
        ..Default::default()
    };
    let model = house.call(CREATE, &create, &house.owner()).await.decode::<v1::Model>();
    assert_eq!((model.architecture_id.as_str(), model.variant.as_str()), ("tiny", ""));
    let wrong = v1::CreateModelRequest {
        name: "n".into(),
        configuration_json: r#"{"epochs": 51}"#.into(),
        ..create.clone()
    };
    let refused = house.call(CREATE, &wrong, &house.owner()).await;
    assert!(refused.message.contains("`epochs`: 51 is too large"), "{}", refused.message);

    // The next manifest has a setting less: what the version says of it is left out, and told.
    saved(&house, &["epochs"], "/opt/tiny").await;
    let start = v1::StartTrainingRequest { model: "m".into(), ..Default::default() };
    let check = house.call(CHECK, &start, &house.owner()).await.decode::<v1::TrainingCheck>();
    let told: Vec<&str> = check.warnings.iter().map(|warning| warning.kind.as_str()).collect();
    assert!(told.contains(&"configuration"), "{told:?}");
    assert_eq!(check.configuration_json, r#"{"epochs":7}"#);
    assert_eq!(check.service_settings.unwrap().execution_timeout_secs, 60);
    let training = house.call(START, &start, &house.owner()).await.decode::<v1::Training>();
    assert_eq!((training.architecture.as_str(), training.service_name.as_str()), ("tiny", "mgmt-train-tiny"));

    saved(&house, &["epochs"], "/opt/later").await;
    let store = house.server.store();
    let service = store.services().await.unwrap().remove(0);
    let token = crate::auth::Token::generate(crate::auth::TokenKind::Instance).unwrap();
    let reservation = shared::machine::Reservation::default();
    let instance = store.create_instance(service.id, reservation, &token.hash().hex()).await.unwrap();
    store.register_instance(&token.hash().hex(), "session", 1).await.unwrap();
    let leased = store.lease_next(instance.id).await.unwrap().unwrap();
    assert_eq!(leased.command, ["/opt/tiny/train", "-u"]);

    let delete = v1::DeleteArchitectureRequest { id: "tiny".into() };
    let refused = house.call(DELETE, &delete, &house.owner()).await;
    assert_eq!(refused.code, Code::FailedPrecondition);
    assert!(refused.message.contains("has 1 model version"), "{}", refused.message);
    house.server.stop().await;
}

#[tokio::test]
async fn one_that_is_taken_out_comes_back_with_the_next_revision() {
    let house = House::open().await;
    saved(&house, &[], "/opt/tiny").await;
    let delete = v1::DeleteArchitectureRequest { id: "tiny".into() };
    assert_eq!(house.call(DELETE, &delete, &house.owner()).await.code, Code::Ok);
    assert_eq!(house.call(DELETE, &delete, &house.owner()).await.code, Code::NotFound);
    assert!(!ids(&house).await.contains(&"tiny".to_owned()));
    assert_eq!(saved(&house, &[], "/opt/tiny").await, 2);
    let built_in = v1::DeleteArchitectureRequest { id: "yolov8".into() };
    assert_eq!(house.call(DELETE, &built_in, &house.owner()).await.code, Code::NotFound);
    house.server.stop().await;
}
