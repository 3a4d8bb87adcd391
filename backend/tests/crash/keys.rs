//! A call that is sent again with its key has one effect and one answer, also across a kill.

use crate::chance;
use crate::house::{House, instant, keyed, make_model, start_of};
use proto::v1;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_has_one_effect_and_one_answer_across_kills() {
    let keys = chance::rounds(200);
    let mut chance = chance::of("keys");
    let mut house = House::open().await;
    for number in 0..keys {
        let clients = house.clients().await;
        let model = make_model(&clients, &format!("m{number}")).await.unwrap();
        let key = format!("start-{number}");
        let request = start_of(&model, &instant());
        let first = {
            let (clients, request, key) = (clients.clone(), request.clone(), key.clone());
            tokio::spawn(async move { clients.trainings().start_training(keyed(&key, request)).await })
        };
        // The kill comes before, within or after the call.
        tokio::time::sleep(chance::moment(&mut chance, Duration::from_millis(20))).await;
        house.kill();
        let first = first.await.unwrap();
        house.start().await;
        let clients = house.clients().await;
        let again =
            clients.trainings().start_training(keyed(&key, request.clone())).await.unwrap().into_inner();
        let third = clients.trainings().start_training(keyed(&key, request)).await.unwrap().into_inner();
        assert_eq!(again, third, "the same key has the same answer");
        if let Ok(first) = first {
            assert_eq!(first.into_inner(), again, "the answer before the kill is that after it");
        }
        let list = v1::ListTrainingsRequest { search: format!("m{number}"), ..Default::default() };
        let found = clients.trainings().list_trainings(list).await.unwrap().into_inner().trainings;
        assert_eq!(found.iter().filter(|training| training.model_id == model).count(), 1);
        let other = start_of(&model, &shared::service::ServiceSettings { drain_secs: 6, ..instant() });
        let refused = clients.trainings().start_training(keyed(&key, other)).await.unwrap_err();
        assert!(refused.message().contains("key"), "{refused}");
    }
    house.verify();
    println!("{keys} keys sent three times across {keys} kills: one effect and one answer each");
}
