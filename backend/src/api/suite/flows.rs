//! Calls that follow each other: signing in, doing a thing twice, and watching.

use super::{House, bearer};
use crate::cli::connect::Connection;
use proto::v1;
use proto::v1::watch_event::Event;
use std::time::Duration;
use tonic::Code;

const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_link_works_once_and_signing_out_ends_the_session() {
    let house = House::open().await;
    let answer = house
        .call(
            "trainyard.v1.AccessService/CreateSignInLink",
            &v1::CreateSignInLinkRequest::default(),
            &house.owner(),
        )
        .await
        .decode::<v1::CreateSignInLinkResponse>();
    let (page, token) = answer.url.split_once("#token=").unwrap();
    assert_eq!(page, house.url("/sign-in"));
    let sign_in = v1::SignInRequest { token: token.to_owned() };
    assert_eq!(house.call("trainyard.v1.AccessService/SignIn", &sign_in, &[]).await.code, Code::Ok);
    let again = house.call("trainyard.v1.AccessService/SignIn", &sign_in, &[]).await;
    assert_eq!(again.code, Code::Unauthenticated);
    assert!(again.message.contains("trainyard link"), "{}", again.message);

    let browser = house.browser().await;
    let session = house
        .call("trainyard.v1.AccessService/GetSession", &(), &browser)
        .await
        .decode::<v1::GetSessionResponse>();
    assert_eq!(session.user, "owner");
    assert_eq!(session.permissions, ["view-secrets", "add-secrets"]);
    assert_eq!(house.call("trainyard.v1.AccessService/SignOut", &(), &browser).await.code, Code::Ok);
    let after = house.call("trainyard.v1.AccessService/GetSession", &(), &browser).await;
    assert_eq!(after.code, Code::Unauthenticated);
    house.server.stop().await;
}

#[tokio::test]
async fn metrics_are_asked_for_by_a_number_of_points_that_can_keep_a_line() {
    let house = House::open().await;
    house.runner().await;
    let method = "trainyard.v1.TrainingService/ListMetrics";
    let ask = |max_points| v1::ListMetricsRequest {
        training: "runner-model".into(),
        max_points,
        ..Default::default()
    };
    let refused = house.call(method, &ask(11), &house.owner()).await;
    assert_eq!(refused.code, Code::InvalidArgument);
    assert!(refused.message.contains("max_points"), "{}", refused.message);
    let answer = house.call(method, &ask(12), &house.owner()).await.decode::<v1::ListMetricsResponse>();
    assert!(answer.series.is_empty() && answer.samples.is_empty() && answer.cursor > 0, "{answer:?}");
    for (from_x, to_x) in [(Some(2.0), Some(1.0)), (Some(f64::NAN), None), (None, Some(f64::NAN))] {
        let request = v1::ListMetricsRequest { from_x, to_x, ..ask(12) };
        let refused = house.call(method, &request, &house.owner()).await;
        assert_eq!(refused.code, Code::InvalidArgument);
        assert!(refused.message.contains("from_x"), "{}", refused.message);
    }
    house.server.stop().await;
}

#[tokio::test]
async fn the_same_key_has_one_effect_and_one_answer() {
    let house = House::open().await;
    house.dataset("cells").await;
    let create = |name: &str| v1::CreateModelRequest {
        name: name.into(),
        architecture: "yolov8n".into(),
        dataset: "cells".into(),
        configuration_json: r#"{"epochs": 3}"#.into(),
        idempotency_key: "k1".into(),
        ..Default::default()
    };
    let method = "trainyard.v1.ModelService/CreateModel";
    let first = house.call(method, &create("m"), &house.owner()).await.decode::<v1::Model>();
    let second = house.call(method, &create("m"), &house.owner()).await.decode::<v1::Model>();
    assert_eq!(first, second);
    let other = house.call(method, &create("other"), &house.owner()).await;
    assert!(matches!(other.code, Code::FailedPrecondition | Code::AlreadyExists), "{other:?}");
    let taken = v1::CreateModelRequest { idempotency_key: String::new(), ..create("m") };
    assert_eq!(house.call(method, &taken, &house.owner()).await.code, Code::AlreadyExists);
    house.server.stop().await;
}

#[tokio::test]
async fn wrong_requests_name_the_field_and_make_nothing() {
    let house = House::open().await;
    house.dataset("cells").await;
    let good = v1::CreateModelRequest {
        name: "m".into(),
        architecture: "yolov8n".into(),
        dataset: "cells".into(),
        ..Default::default()
    };
    let cases = [
        (v1::CreateModelRequest { name: " ".into(), ..good.clone() }, Code::InvalidArgument, "name"),
        (
            v1::CreateModelRequest { architecture: "yolo8n".into(), ..good.clone() },
            Code::InvalidArgument,
            "yolov8n",
        ),
        (v1::CreateModelRequest { dataset: "none".into(), ..good.clone() }, Code::NotFound, "none"),
        (
            v1::CreateModelRequest { configuration_json: "[]".into(), ..good.clone() },
            Code::InvalidArgument,
            "object",
        ),
        (
            v1::CreateModelRequest { configuration_json: r#"{"epochs":0}"#.into(), ..good },
            Code::InvalidArgument,
            "0 is too small",
        ),
    ];
    for (request, code, part) in cases {
        let answer = house.call("trainyard.v1.ModelService/CreateModel", &request, &house.owner()).await;
        assert_eq!(answer.code, code, "{answer:?}");
        assert!(answer.message.contains(part), "{}", answer.message);
    }
    let models = house
        .call("trainyard.v1.ModelService/ListModels", &v1::ListModelsRequest::default(), &house.owner())
        .await
        .decode::<v1::ListModelsResponse>();
    assert!(models.models.is_empty());
    house.server.stop().await;
}

#[tokio::test]
async fn a_message_beyond_the_limit_is_refused() {
    let house = House::open().await;
    let request = v1::SignInRequest { token: "x".repeat(5 << 20) };
    let answer = house.call("trainyard.v1.AccessService/SignIn", &request, &[]).await;
    assert!(matches!(answer.code, Code::OutOfRange | Code::ResourceExhausted), "{answer:?}");
    assert!(answer.message.contains("4194304"), "{}", answer.message);
    house.server.stop().await;
}

async fn watch(house: &House, cursor: i64) -> tonic::Streaming<v1::WatchEvent> {
    let token = house.server.owner_token().expose().to_owned();
    let connection = Connection::connect(house.server.url().to_owned(), token, None).await.unwrap();
    let request = v1::WatchRequest { cursor, trainings: true, ..Default::default() };
    connection.watch().watch(request).await.unwrap().into_inner()
}

async fn next(stream: &mut tonic::Streaming<v1::WatchEvent>) -> Result<v1::WatchEvent, tonic::Status> {
    let message = tokio::time::timeout(SOON, stream.message()).await.expect("nothing came in time");
    message.map(|event| event.expect("the stream ended without a word"))
}

#[tokio::test]
async fn a_stream_tells_what_there_is_then_each_change_and_can_be_resumed() {
    let house = House::open().await;
    house.dataset("cells").await;
    let mut stream = watch(&house, 0).await;
    assert!(matches!(next(&mut stream).await.unwrap().event, Some(Event::CaughtUp(_))));

    let model = house.model("m", "cells").await;
    let start = v1::StartTrainingRequest { model: model.id.clone(), ..Default::default() };
    let training = house
        .call("trainyard.v1.TrainingService/StartTraining", &start, &house.owner())
        .await
        .decode::<v1::Training>();
    let cursor = loop {
        let event = next(&mut stream).await.unwrap();
        if let Some(Event::Trainings(rows)) = event.event {
            assert_eq!(rows.trainings[0].id, training.id);
            break event.cursor;
        }
    };
    drop(stream);

    // Nothing is told twice: the resumed stream only hears of the abort.
    let abort = v1::AbortTrainingRequest { training: training.id.clone() };
    house
        .call("trainyard.v1.TrainingService/AbortTraining", &abort, &house.owner())
        .await
        .decode::<v1::Training>();
    let mut resumed = watch(&house, cursor).await;
    match next(&mut resumed).await.unwrap().event {
        Some(Event::Trainings(rows)) => assert_eq!(rows.trainings[0].status, "terminated"),
        other => panic!("{other:?}"),
    }
    house.server.stop().await;
}

#[tokio::test]
async fn a_server_that_stops_says_good_bye_to_its_streams() {
    let house = House::open().await;
    let mut stream = watch(&house, 0).await;
    assert!(matches!(next(&mut stream).await.unwrap().event, Some(Event::CaughtUp(_))));
    let reader = tokio::spawn(async move { next(&mut stream).await });
    let stopped = tokio::time::timeout(Duration::from_secs(5), house.server.stop()).await;
    assert!(stopped.is_ok(), "a stream held the server up");
    assert_eq!(reader.await.unwrap().unwrap_err().code(), Code::Unavailable);
}

#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let house = House::open().await;
    let browser = house.browser().await;
    let response = house
        .send(
            "trainyard.v1.WatchService/Watch",
            super::framed(&v1::WatchRequest::default()),
            "application/grpc-web+proto",
            &browser,
        )
        .await;
    assert!(super::status_of_headers(&response).is_none());
    house.call("trainyard.v1.AccessService/SignOut", &(), &browser).await;
    let answer = tokio::time::timeout(SOON, super::read(response)).await.expect("the stream went on");
    assert_eq!(answer.code, Code::Unauthenticated, "{answer:?}");
    house.server.stop().await;
}

#[tokio::test]
async fn health_and_reflection_answer() {
    let house = House::open().await;
    let health = house.call("grpc.health.v1.Health/Check", &(), &[]).await;
    assert_eq!(health.code, Code::Ok, "{}", health.message);
    for version in ["v1", "v1alpha"] {
        let method = format!("grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
        assert_eq!(house.call(&method, &(), &[]).await.code, Code::Unauthenticated);
        // An empty question is answered with an error of its own, inside the stream.
        let answered = house.call(&method, &(), &bearer(house.server.owner_token())).await;
        assert_ne!(answered.code, Code::Unauthenticated, "{answered:?}");
        assert_ne!(answered.code, Code::Unimplemented, "{answered:?}");
    }
    house.server.stop().await;
}
