//! Calls with a key: in a row, at once, across a restart between effect and answer, and when they are old.

use super::*;
use crate::store::{Begun, Call};
use std::time::Duration;

const KEPT: Duration = Duration::from_hours(72);

async fn begin(store: &Store, key: &str, request: &str) -> Result<Begun, StoreError> {
    store.begin_call("owner", key, &[request.as_bytes()]).await
}

/// The call, which was not answered yet.
async fn work(store: &Store, key: &str, request: &str) -> Call {
    match begin(store, key, request).await.unwrap() {
        Begun::Work(call) => call,
        Begun::Answered(reply) => panic!("`{key}` was answered: {reply:?}"),
    }
}

async fn reply(store: &Store, key: &str, request: &str) -> Vec<u8> {
    match begin(store, key, request).await.unwrap() {
        Begun::Work(_) => panic!("`{key}` was not answered"),
        Begun::Answered(reply) => reply,
    }
}

async fn trainings(store: &Store) -> u64 {
    store.trainings(TrainingQuery { limit: 10, ..Default::default() }).await.unwrap().1
}

#[tokio::test]
async fn what_was_journaled_before_a_crash_is_not_done_again_and_the_rest_is() {
    let mut bench = Bench::new().await;
    let model = bench.model("m").await;
    let new = new_training(&model, ServiceSettings::default());
    let twin = new_model("twin", model.dataset_id);
    let first =
        work(&bench.store, "k", "a").await.run(bench.store.start_training(new.clone())).await.unwrap();
    bench.reopen().await;
    // The call comes again, meets its first write, and goes on with its second.
    let store = bench.store.clone();
    let both = async {
        let started = store.start_training(new.clone()).await.unwrap();
        (started, store.create_model(twin.clone()).await.unwrap())
    };
    let (started, made) = work(&bench.store, "k", "a").await.run(both).await;
    assert_eq!((started, trainings(&bench.store).await), (first, 1));
    bench.reopen().await;
    let again = work(&bench.store, "k", "a").await;
    let refused = begin(&bench.store, "other", "a").await.unwrap();
    assert!(matches!(refused, Begun::Work(_)), "another key is another call");
    let both = async {
        let started = bench.store.start_training(new.clone()).await.unwrap();
        (started, bench.store.create_model(twin.clone()).await.unwrap())
    };
    assert_eq!(again.clone().run(both).await.1, made);
    bench.store.finish_call(&again, b"answer".to_vec()).await.unwrap();
    drop(again);
    bench.reopen().await;
    assert_eq!(reply(&bench.store, "k", "a").await, b"answer");
    let reused = begin(&bench.store, "k", "b").await.unwrap_err();
    assert!(reused.to_string().contains("was used for another request"), "{reused}");
    let unkeyed = bench.store.start_training(new).await.unwrap_err();
    assert!(unkeyed.to_string().contains("is being trained already"), "{unkeyed}");
}

#[tokio::test]
async fn an_answer_is_as_durable_as_its_effect_when_both_are_written_together() {
    let mut bench = Bench::new().await;
    let model = bench.model("m").await;
    let new = new_training(&model, ServiceSettings::default());
    let start = |store: Store, reply: Vec<u8>| {
        let new = new.clone();
        async move { store.start_and_answer(new, move |_| Some(reply)).await }
    };
    // The server is killed before it hears that its write is done: the answer is there all the same.
    let call = work(&bench.store, "k", "a").await;
    let started = call.clone().run(start(bench.store.clone(), b"answer".to_vec())).await.unwrap();
    assert_eq!(bench.store.training("m").await.unwrap(), started, "what is answered is what is stored");
    assert_eq!(call.reply(), Some(b"answer".as_slice()));
    drop(call);
    bench.reopen().await;
    assert_eq!(reply(&bench.store, "k", "a").await, b"answer");
    assert!(matches!(begin(&bench.store, "k", "b").await, Err(StoreError::Refused { .. })));

    // Two at once: the caller of one went away while its write was on its way.
    let other = bench.model("other").await;
    let new = new_training(&other, ServiceSettings::default());
    let start = |reply: &'static [u8]| {
        let (store, new) = (bench.store.clone(), new.clone());
        async move { store.start_and_answer(new, move |_| Some(reply.to_vec())).await }
    };
    let first = work(&bench.store, "l", "a").await;
    let second = Call::new_for_tests(&first);
    let (one, two) = tokio::join!(first.clone().run(start(b"one")), second.clone().run(start(b"two")));
    assert!(one.is_ok() && two.is_err(), "{two:?}");
    assert_eq!(second.reply(), Some(b"one".as_slice()));
    drop((first, second));
    assert_eq!((reply(&bench.store, "l", "a").await, trainings(&bench.store).await), (b"one".to_vec(), 2));

    // A refusal keeps nothing, and neither does an answer that is too long, whose effect is journaled.
    let refused = work(&bench.store, "r", "a").await;
    assert!(refused.clone().run(start(b"never")).await.is_err());
    assert_eq!(refused.reply(), None);
    let third = bench.model("third").await;
    let new = new_training(&third, ServiceSettings::default());
    let store = bench.store.clone();
    let long = || store.start_and_answer(new.clone(), |_| Some(vec![0; (256 << 10) + 1]));
    let call = work(&bench.store, "long", "a").await;
    let started = call.clone().run(long()).await.unwrap();
    assert_eq!(bench.store.training("third").await.unwrap(), started);
    assert_eq!(call.reply(), None);
    drop(call);
    assert_eq!(work(&bench.store, "long", "a").await.run(long()).await.unwrap(), started);
}

#[tokio::test]
async fn other_content_is_refused_before_the_answer_too_and_other_callers_have_other_keys() {
    let bench = Bench::new().await;
    let model = bench.model("m").await;
    let made = |name: &str| bench.store.create_model(new_model(name, model.dataset_id));
    work(&bench.store, "k", "a").await.run(made("one")).await.unwrap();
    assert!(matches!(begin(&bench.store, "k", "b").await, Err(StoreError::Refused { .. })));
    assert!(matches!(bench.store.begin_call("another", "k", &[b"b"]).await, Ok(Begun::Work(_))));
    // What was refused is not journaled: it is asked again.
    let taken = work(&bench.store, "l", "c").await.run(made("one")).await.unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::AlreadyExists);
    bench.store.delete_model("one").await.unwrap();
    work(&bench.store, "l", "c").await.run(made("one")).await.unwrap();
}

#[tokio::test]
async fn a_repeat_waits_for_the_call_that_is_at_work() {
    let bench = Bench::new().await;
    let call = work(&bench.store, "k", "a").await;
    let mut second = std::pin::pin!(begin(&bench.store, "k", "a"));
    assert!(futures::poll!(second.as_mut()).is_pending());
    bench.store.finish_call(&call, b"answer".to_vec()).await.unwrap();
    assert!(futures::poll!(second.as_mut()).is_pending(), "the call is still at work");
    drop(call);
    assert!(matches!(second.await.unwrap(), Begun::Answered(reply) if reply == b"answer"));
}

#[tokio::test]
async fn a_key_is_kept_for_a_day_and_its_rows_are_deleted_by_the_next() {
    let bench = Bench::new().await;
    let dataset = bench.dataset("set").await;
    let rows = async || {
        let mut reader = bench.store.reader().await.unwrap();
        let rows: (i64, i64) = sqlx::query_as(
            "SELECT (SELECT COUNT(*) FROM idempotency_calls), (SELECT COUNT(*) FROM idempotency_steps)",
        )
        .fetch_one(&mut *reader)
        .await
        .unwrap();
        rows
    };
    let call = work(&bench.store, "k", "a").await;
    bench.store.finish_call(&call, b"answer".to_vec()).await.unwrap();
    drop(call);
    let unanswered = work(&bench.store, "u", "a").await;
    unanswered.run(bench.store.create_model(new_model("m", dataset.id))).await.unwrap();
    assert_eq!(rows().await, (2, 1));
    bench.clock.advance(KEPT);
    assert_eq!(reply(&bench.store, "k", "a").await, b"answer");
    bench.clock.advance(Duration::from_millis(1));
    let other = work(&bench.store, "k", "b").await;
    assert_eq!(rows().await, (2, 1));
    other.run(bench.store.create_model(new_model("n", dataset.id))).await.unwrap();
    assert_eq!(rows().await, (1, 1), "the old rows are gone");

    bench.clock.advance(KEPT + Duration::from_millis(1));
    let model = bench.store.model("n").await.unwrap();
    let start =
        bench.store.start_and_answer(new_training(&model, ServiceSettings::default()), |_| Some(vec![7]));
    work(&bench.store, "k", "c").await.run(start).await.unwrap();
    assert_eq!(rows().await, (1, 0), "also by a start");
    assert_eq!(reply(&bench.store, "k", "c").await, [7]);
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_kept_but_its_writes_are() {
    let bench = Bench::new().await;
    let dataset = bench.dataset("set").await;
    let made = || bench.store.create_model(new_model("m", dataset.id));
    let call = work(&bench.store, "k", "a").await;
    let first = call.clone().run(made()).await.unwrap();
    bench.store.finish_call(&call, vec![0; (256 << 10) + 1]).await.unwrap();
    drop(call);
    assert_eq!(work(&bench.store, "k", "a").await.run(made()).await.unwrap(), first);
}
