//! What must hold in a simulated cluster: the promises of `ARCHITECTURE.md` on attempts, leases, keys and final statuses.
//!
//! Must not know how anything is carried out.

use super::server::{Site, framed};
use super::yard::{Answer, Letter, SharedYard, Yard};
use bytes::Bytes;
use http::HeaderMap;
use prost::Message as _;
use proto::v1;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const FINAL: [&str; 4] = ["success", "failed", "aborted", "terminated"];
const LIST: &str = "/trainyard.v1.TrainingService/ListTrainings";

/// What the person was told, and what was seen since.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// Trainings that were acknowledged, with their version.
    pub(super) started: BTreeMap<String, String>,
    pub(super) aborted: BTreeSet<String>,
    /// Final statuses.
    pub(super) finals: BTreeMap<String, String>,
    /// The person does nothing more.
    pub(super) is_done: bool,
}

/// Listens to a call and its answer at the server.
pub(super) fn hear(yard: &SharedYard, letter: &Letter, answer: &Answer) {
    if letter.path == LIST {
        return;
    }
    let method = letter.path.rsplit('/').next().unwrap_or_default();
    let mut line = format!("{}: {method} {:?}", letter.from, answer.code());
    let mut wrong = Vec::new();
    {
        let mut yard = yard.lock();
        let message = letter.body.slice(5..);
        match method {
            "Lease" => hear_lease(&mut yard, answer, &mut line, &mut wrong),
            "Renew" => hear_renewal(&mut yard, &v1::RenewRequest::decode(message).unwrap(), answer),
            "Report" => {
                hear_report(
                    &mut yard,
                    v1::ReportRequest::decode(message).unwrap(),
                    answer,
                    &mut line,
                    &mut wrong,
                );
            }
            _ => {}
        }
    }
    yard.note(&line);
    for one in wrong {
        yard.blame(&one);
    }
}

fn hear_lease(yard: &mut Yard, answer: &Answer, line: &mut String, wrong: &mut Vec<String>) {
    let leased = answer.message::<v1::LeaseResponse>().unwrap_or_default();
    let Some(v1::Assignment { execution_id: id, attempt, fencing_token, .. }) = leased.assignment else {
        return;
    };
    *line = format!("{line}: attempt {attempt} of {id} ");
    let now = time(yard);
    yard.known.attempts += 1;
    if let Some((before, token, _)) = yard.known.handed_out.insert(id.clone(), (attempt, fencing_token, now))
    {
        if attempt != before + 1 || fencing_token <= token {
            wrong.push(format!(
                "attempt {attempt} with token {fencing_token} of {id} follows attempt {before} with {token}"
            ));
        }
        if let Some(renewed) = yard.known.renewed.get(&(id.clone(), token)).copied() {
            yard.known.handed_on_after.push(now.saturating_sub(renewed));
        }
    }
    if let Some(status) = yard.journal.finals.get(&id) {
        wrong.push(format!("{id} is {status} and was handed out"));
    }
}

fn hear_renewal(yard: &mut Yard, request: &v1::RenewRequest, answer: &Answer) {
    let orders = answer.message::<v1::RenewResponse>().unwrap_or_default().orders;
    let now = time(yard);
    for held in &request.held {
        let renewed = orders.iter().any(|order| {
            order.execution_id == held.execution_id
                && order.fencing_token == held.fencing_token
                && order.order() != v1::Order::Abandon
        });
        if renewed {
            yard.known.renewed.insert((held.execution_id.clone(), held.fencing_token), now);
        }
    }
}

fn hear_report(
    yard: &mut Yard,
    request: v1::ReportRequest,
    answer: &Answer,
    line: &mut String,
    wrong: &mut Vec<String>,
) {
    let Some(held) = request.attempt else { return };
    let (id, token) = (held.execution_id, held.fencing_token);
    let last = request.entries.last().map_or(0, |entry| entry.sequence);
    *line = format!("{line}: up to {last} of attempt {} of {id} ", held.attempt);
    let is_taken = answer.code() == tonic::Code::Ok;
    let is_late = yard.known.handed_out.get(&id).is_some_and(|(_, newest, _)| token < *newest);
    if is_late {
        yard.known.late_reports += 1;
        if is_taken {
            yard.known.late_reports_taken += 1;
            wrong.push(format!("a late report of attempt {} of {id} was taken", held.attempt));
        }
    } else if is_taken {
        let now = time(yard);
        yard.known.renewed.insert((id, token), now);
    }
}

fn time(yard: &Yard) -> Duration {
    turmoil::sim_elapsed().unwrap_or(yard.now)
}

/// All trainings, by a server that lives.
fn trainings(site: &Site) -> Option<Vec<v1::Training>> {
    let house = site.house()?;
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/grpc".parse().unwrap());
    headers.insert("authorization", format!("Bearer {}", site.owner.expose()).parse().unwrap());
    let request = v1::ListTrainingsRequest { page_size: 1_000, ..Default::default() };
    let body: Bytes = framed(&request);
    let letter =
        Letter { from: "observer".into(), path: LIST.into(), headers, body, sent_at: Duration::ZERO };
    Some(house.call(&letter).message::<v1::ListTrainingsResponse>().unwrap().trainings)
}

/// Looks at all trainings: what is final stays as it is. Answers whether all that were acknowledged are.
pub(super) fn look(site: &Site) -> bool {
    let Some(trainings) = trainings(site) else { return false };
    let mut wrong = Vec::new();
    let mut yard = site.yard.lock();
    for training in &trainings {
        let status = &training.status;
        match yard.journal.finals.get(&training.id) {
            Some(before) if before != status => {
                wrong.push(format!("{} was {before} and is {status}", training.id));
            }
            Some(_) => {}
            None if FINAL.contains(&status.as_str()) => {
                yard.journal.finals.insert(training.id.clone(), status.clone());
            }
            None => {}
        }
        if training.attempt > training.max_attempts {
            wrong.push(format!(
                "{} is in attempt {} of {}",
                training.id, training.attempt, training.max_attempts
            ));
        }
        if training.started_at_ms.is_some_and(|at| training.ended_at_ms.is_some_and(|end| end < at)) {
            wrong.push(format!("{} ended before it started", training.id));
        }
    }
    let all_over = trainings.iter().all(|training| yard.journal.finals.contains_key(&training.id));
    drop(yard);
    for one in wrong {
        site.yard.blame(&one);
    }
    all_over
}

/// What only the end shows.
pub(super) fn at_the_end(site: &Site) {
    let trainings = trainings(site).unwrap_or_default();
    let yard = site.yard.lock();
    let mut wrong = Vec::new();
    let found: BTreeSet<&String> = trainings.iter().map(|training| &training.id).collect();
    for id in yard.journal.started.keys().filter(|id| !found.contains(id)) {
        wrong.push(format!("{id} was acknowledged and is lost"));
    }
    let mut versions = BTreeSet::new();
    for training in trainings.iter().filter(|training| !versions.insert(&training.model_id)) {
        wrong.push(format!("the version of {} was started twice", training.id));
    }
    for id in &yard.journal.aborted {
        let status = yard.journal.finals.get(id).map(String::as_str);
        // What was done before the order reached it stays done.
        if !matches!(status, Some("terminated" | "success" | "failed")) {
            wrong.push(format!("{id} was aborted and is {status:?}"));
        }
    }
    drop(yard);
    for one in wrong {
        site.yard.blame(&one);
    }
}
