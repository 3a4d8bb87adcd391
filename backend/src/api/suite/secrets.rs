//! Secrets over the API: values go in and come out nowhere.

use super::{Answer, House, Pair};
use proto::v1;
use tonic::Code;

const SERVICE: &str = "trainyard.v1.SecretService";

async fn create(house: &House, name: &str, value: &str, key: &str, headers: &[Pair]) -> Answer {
    let request = v1::CreateSecretRequest {
        name: name.into(),
        description: "for the registry".into(),
        value: value.into(),
        idempotency_key: key.into(),
    };
    house.call(&format!("{SERVICE}/CreateSecret"), &request, headers).await
}

async fn list(house: &House) -> (Answer, Vec<v1::Secret>) {
    let answer =
        house.call(&format!("{SERVICE}/ListSecrets"), &v1::ListSecretsRequest {}, &house.owner()).await;
    let secrets = answer.decode::<v1::ListSecretsResponse>().secrets;
    (answer, secrets)
}

#[tokio::test]
async fn a_value_goes_in_and_never_comes_out() {
    let house = House::open().await;
    let value = "canary-5ecret-value";
    let answer = create(&house, "API_TOKEN", value, "k", &house.owner()).await;
    assert!(!answer.body.windows(6).any(|part| part == b"canary"));
    let made: v1::Secret = answer.decode();
    assert_eq!((made.name.as_str(), made.created_by.as_str()), ("API_TOKEN", "owner"));
    let again: v1::Secret = create(&house, "API_TOKEN", value, "k", &house.owner()).await.decode();
    assert_eq!(again, made);
    let other = create(&house, "API_TOKEN", "another value", "k", &house.owner()).await;
    assert_eq!(other.code, Code::FailedPrecondition, "{}", other.message);
    let taken = create(&house, "API_TOKEN", value, "k2", &house.owner()).await;
    assert_eq!(taken.code, Code::AlreadyExists, "{}", taken.message);

    let replace = v1::ReplaceSecretRequest { id: made.id.clone(), value: "canary-another".into() };
    let replaced: v1::Secret =
        house.call(&format!("{SERVICE}/ReplaceSecret"), &replace, &house.owner()).await.decode();
    assert_ne!(replaced.fingerprint, made.fingerprint);
    let rotated: v1::RotateKeyResponse =
        house.call(&format!("{SERVICE}/RotateKey"), &v1::RotateKeyRequest {}, &house.owner()).await.decode();
    assert_eq!(rotated.resealed_count, 1);
    let (answer, secrets) = list(&house).await;
    assert!(!answer.body.windows(6).any(|part| part == b"canary"));
    assert_eq!(secrets.len(), 1);

    let delete = v1::DeleteSecretRequest { id: made.id.clone() };
    house
        .call(&format!("{SERVICE}/DeleteSecret"), &delete, &house.owner())
        .await
        .decode::<v1::DeleteSecretResponse>();
    let gone = house.call(&format!("{SERVICE}/DeleteSecret"), &delete, &house.owner()).await;
    assert_eq!(gone.code, Code::NotFound);
    house.server.stop().await;
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_without_quoting_it() {
    let house = House::open().await;
    for (name, value, says) in [
        ("PATH", "canary-value", "not for secrets"),
        ("LD_PRELOAD", "canary-value", "not for secrets"),
        ("TRAINYARD_TOKEN", "canary-value", "not for secrets"),
        ("1A", "canary-value", "digit"),
        ("", "canary-value", "empty"),
        ("A", "abc", "shorter than 4"),
        ("A", "", "empty"),
        ("A", "canary\0value", "NUL"),
    ] {
        let answer = create(&house, name, value, "", &house.owner()).await;
        assert_eq!(answer.code, Code::InvalidArgument, "{name}");
        assert!(answer.message.contains(says) && !answer.message.contains("canary"), "{}", answer.message);
    }
    let request = v1::ReplaceSecretRequest { id: "nonsense".into(), value: "canary-value".into() };
    let answer = house.call(&format!("{SERVICE}/ReplaceSecret"), &request, &house.owner()).await;
    assert!(answer.code == Code::InvalidArgument && !answer.message.contains("canary"), "{}", answer.message);
    assert!(list(&house).await.1.is_empty());
    house.server.stop().await;
}

#[tokio::test]
async fn a_session_does_only_what_its_link_gave_it() {
    let house = House::open().await;
    create(&house, "API_TOKEN", "canary-value", "", &house.owner()).await.decode::<v1::Secret>();
    house.dataset("cells").await;
    let model = house.model("m", "cells").await;
    let starting = |secrets: &[&str]| v1::StartTrainingRequest {
        model: model.id.clone(),
        secrets: secrets.iter().map(|name| (*name).to_owned()).collect(),
        ..Default::default()
    };
    let no_view = house.browser_without(&["view-secrets"], &house.owner()).await;
    let no_add = house.browser_without(&["add-secrets"], &house.owner()).await;
    // Whoever lacks something cannot hand it on.
    let made_by_it = house.browser_without(&[], &no_add).await;
    for (who, headers, may_view, may_add) in [
        ("without viewing", &no_view, false, true),
        ("without adding", &no_add, true, false),
        ("by a link of one without adding", &made_by_it, true, false),
    ] {
        let listed = house.call(&format!("{SERVICE}/ListSecrets"), &v1::ListSecretsRequest {}, headers).await;
        assert_eq!(listed.code == Code::Ok, may_view, "{who}: {}", listed.message);
        let added = create(&house, &format!("T{}", who.len()), "some value", "", headers).await;
        assert_eq!(added.code == Code::Ok, may_add, "{who}: {}", added.message);
        for refused in [&listed, &added].into_iter().filter(|answer| answer.code != Code::Ok) {
            assert_eq!(refused.code, Code::PermissionDenied, "{who}");
            assert!(refused.message.contains("sign-in link"), "{}", refused.message);
        }
        let check = "trainyard.v1.TrainingService/CheckTraining";
        for secret in ["API_TOKEN", "NO_SUCH"] {
            let check: v1::TrainingCheck = house.call(check, &starting(&[secret]), headers).await.decode();
            let told = check.problems.iter().find(|problem| problem.field == "secrets");
            let is_hidden = told.is_some_and(|problem| problem.message.contains("may not see"));
            assert_eq!(is_hidden, !may_view, "{who}: {told:?}");
        }
        let plain: v1::TrainingCheck = house.call(check, &starting(&[]), headers).await.decode();
        assert!(plain.problems.iter().all(|problem| problem.field != "secrets"), "{who}: {plain:?}");
    }
    let start = "trainyard.v1.TrainingService/StartTraining";
    let refused = house.call(start, &starting(&["API_TOKEN"]), &no_view).await;
    assert_eq!(refused.code, Code::InvalidArgument, "{}", refused.message);
    let unknown = v1::CreateSignInLinkRequest { withheld_permissions: vec!["everything".into()] };
    let refused = house.call("trainyard.v1.AccessService/CreateSignInLink", &unknown, &house.owner()).await;
    assert!(refused.message.contains("view-secrets or add-secrets"), "{}", refused.message);
    house.server.stop().await;
}
