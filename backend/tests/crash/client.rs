//! A client that remembers what it sent and what came back, and can send all of it again.

use crate::deeds::{Answer, Deed};
use crate::house::Clients;
use crate::kill_server::Journal;
use std::sync::Mutex;
use tonic::{Code, Status};

/// Tries of a deed that is refused again and again.
const TRIES: usize = 50;

/// A deed that was sent, and what came back.
struct Sent {
    key: String,
    deed: Deed,
    answer: Option<Answer>,
}

/// How much of an answer must be the same when its call is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sameness {
    /// Every byte: it was kept.
    Whole,
    /// What was made or changed. An answer that could not be kept is made anew of what its call is journaled to have
    /// done, with what else is said of it now: why it waits, for example.
    Effect,
}

impl Sameness {
    fn expect(self, what: &Deed, one: &Answer, other: &Answer) {
        match self {
            Self::Whole => assert_eq!(one.text, other.text, "{what:?} has two answers"),
            Self::Effect => assert_eq!(one.id, other.id, "{what:?} has two effects"),
        }
    }
}

/// One client.
#[derive(Default)]
pub struct Client {
    pub journal: Mutex<Journal>,
    sent: Vec<Sent>,
    number: usize,
    /// Why a deed was not answered.
    pub last_trouble: String,
}

impl Client {
    /// A number that it has not used yet.
    pub fn next(&mut self) -> usize {
        self.number += 1;
        self.number
    }

    /// Does one thing; `None` when there was no answer. A refusal is an answer.
    pub async fn act(&mut self, clients: &Clients, deed: Deed) -> Option<String> {
        let key = format!("key-{}", self.next());
        let answered = deed.send(clients, &key).await;
        let answer = match answered {
            Err(status) if is_over(&deed, &status) => return Some(String::new()),
            Err(status) => {
                self.last_trouble = format!("{deed:?}: {status}");
                None
            }
            Ok(answer) => {
                self.note(&answer);
                Some(answer)
            }
        };
        let id = answer.as_ref().map(|answer| answer.id.clone());
        self.sent.push(Sent { key, deed, answer });
        id
    }

    fn note(&self, answer: &Answer) {
        if let Some(training) = &answer.training {
            self.journal.lock().unwrap().saw(training);
        }
    }

    /// Tries one thing, and forgets it if it is refused.
    pub async fn attempt(&mut self, clients: &Clients, deed: Deed) -> Result<String, Status> {
        let key = format!("key-{}", self.next());
        let answer = deed.send(clients, &key).await?;
        self.note(&answer);
        self.sent.push(Sent { key, deed, answer: Some(answer.clone()) });
        Ok(answer.id)
    }

    /// Does one thing, again for as long as it is refused in a way that `judge` finds good.
    pub async fn insist(&mut self, clients: &Clients, deed: Deed, judge: &mut impl FnMut(&Status)) -> String {
        let key = format!("key-{}", self.next());
        for _ in 0..TRIES {
            match deed.send(clients, &key).await {
                Err(status) if is_over(&deed, &status) => return String::new(),
                Err(status) => judge(&status),
                Ok(answer) => {
                    self.note(&answer);
                    self.sent.push(Sent { key, deed, answer: Some(answer.clone()) });
                    return answer.id;
                }
            }
        }
        panic!("{deed:?} was refused {TRIES} times");
    }

    /// Sends everything again, twice.
    pub async fn send_again(&mut self, clients: &Clients, sameness: Sameness) {
        for sent in std::mem::take(&mut self.sent) {
            let again = match sent.deed.send(clients, &sent.key).await {
                // It had ended before it was aborted.
                Err(status) if is_over(&sent.deed, &status) && sent.answer.is_none() => continue,
                answered => answered.unwrap_or_else(|status| panic!("{:?} again: {status}", sent.deed)),
            };
            // A kept answer tells what was so when it was given first.
            if sent.answer.is_none() {
                self.note(&again);
            }
            let third = sent.deed.send(clients, &sent.key).await.unwrap();
            Sameness::Whole.expect(&sent.deed, &again, &third);
            if let Some(answer) = sent.answer {
                sameness.expect(&sent.deed, &answer, &again);
            }
        }
    }
}

/// What has ended cannot be aborted.
fn is_over(deed: &Deed, status: &Status) -> bool {
    matches!(deed, Deed::Abort(_)) && status.code() == Code::FailedPrecondition
}
