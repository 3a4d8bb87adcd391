//! Calls that may be sent again: who is at work under which key, and which of its writes is next.
//!
//! Must not know SQL, nor what a call does.

use super::blobs::hex;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use tokio::sync::OwnedMutexGuard;

tokio::task_local! {
    static CURRENT: Call;
}

/// A call with a key, at work. While a clone of it lives, others with the same key wait.
#[derive(Debug, Clone)]
pub struct Call {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    identity: Identity,
    steps: AtomicU32,
    /// What it is answered, once that is durable together with its effect.
    reply: OnceLock<Vec<u8>>,
    _turn: OwnedMutexGuard<()>,
}

/// How a call is known again. Nobody can guess a request by its digest without the key, which is not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) key_hash: String,
    pub(super) request_digest: String,
}

impl Identity {
    pub(super) fn of(caller: &str, key: &str, request: &[&[u8]]) -> Self {
        let mut digests = [caller, key].map(|salt| Sha256::new_with_prefix(Sha256::digest(salt)));
        let [key_hash, request_digest] = &mut digests;
        key_hash.update(Sha256::digest(key));
        for part in request {
            request_digest.update(Sha256::digest(part));
        }
        let [key_hash, request_digest] = digests.map(|digest| hex(&digest.finalize()));
        Self { key_hash, request_digest }
    }
}

/// One write of a call.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) identity: Identity,
    pub(super) number: u32,
}

impl Call {
    pub(super) fn new(identity: Identity, turn: OwnedMutexGuard<()>) -> Self {
        let inner = Inner { identity, steps: AtomicU32::new(0), reply: OnceLock::new(), _turn: turn };
        Self { inner: Arc::new(inner) }
    }

    pub(super) fn identity(&self) -> &Identity {
        &self.inner.identity
    }

    /// The call that this task works on, if it has a key.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Works on the call: the writes of `work` have one effect, however often it is run.
    pub async fn run<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// Work for a task of its own, as a part of the call of this task.
    pub fn carry<F: Future>(work: F) -> impl Future<Output = F::Output> {
        let current = Self::current();
        async move {
            match current {
                Some(call) => call.run(work).await,
                None => work.await,
            }
        }
    }

    pub(super) fn next_step() -> Option<(Self, Step)> {
        let step = |call: &Self| {
            let number = call.inner.steps.fetch_add(1, Ordering::Relaxed);
            (call.clone(), Step { identity: call.inner.identity.clone(), number })
        };
        CURRENT.try_with(step).ok()
    }

    /// What it is answered, if that was kept together with its effect: then it is this and nothing else.
    #[must_use]
    pub fn reply(&self) -> Option<&[u8]> {
        self.inner.reply.get().map(Vec::as_slice)
    }

    pub(super) fn set_reply(&self, reply: Vec<u8>) {
        // A call has one answer.
        let _ = self.inner.reply.set(reply);
    }
}

#[cfg(test)]
impl Call {
    /// The same call as it is worked on when the caller of the first went away before its write was done.
    pub(super) fn new_for_tests(first: &Self) -> Self {
        let turn = Arc::new(Turn::default());
        let turn = turn.try_lock_owned().unwrap_or_else(|_| unreachable!("nobody else has it"));
        Self::new(first.identity().clone(), turn)
    }
}

type Turn = tokio::sync::Mutex<()>;

/// Lets the calls of one key work one after the other. It holds only those that are at work or wait.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<HashMap<String, Weak<Turn>>>);

impl Turns {
    pub(super) async fn take(&self, key_hash: &str) -> OwnedMutexGuard<()> {
        self.turn(key_hash).lock_owned().await
    }

    fn turn(&self, key_hash: &str) -> Arc<Turn> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| turn.strong_count() > 0);
        if let Some(turn) = turns.get(key_hash).and_then(Weak::upgrade) {
            return turn;
        }
        let turn = Arc::new(Turn::default());
        turns.insert(key_hash.to_owned(), Arc::downgrade(&turn));
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_known_by_caller_key_and_request() {
        let base = Identity::of("a", "k", &[b"path", b"body"]);
        assert_eq!(base, Identity::of("a", "k", &[b"path", b"body"]));
        for (caller, key, request) in [
            ("b", "k", [&b"path"[..], b"body"]),
            ("a", "l", [b"path", b"body"]),
            ("a", "k", [b"pathb", b"ody"]),
            ("a", "k", [b"path", b"other"]),
        ] {
            assert_ne!(base, Identity::of(caller, key, &request), "{caller} {key} {request:?}");
        }
        let other_caller = Identity::of("b", "k", &[b"path", b"body"]);
        assert_ne!(base.key_hash, other_caller.key_hash, "callers do not meet each other's keys");
        assert_ne!(Identity::of("ak", "", &[]).key_hash, Identity::of("a", "k", &[]).key_hash);
    }

    #[tokio::test]
    async fn turns_come_one_after_the_other_and_are_forgotten() {
        let turns = Turns::default();
        let first = turns.take("k").await;
        let mut second = std::pin::pin!(turns.take("k"));
        assert!(futures::poll!(second.as_mut()).is_pending());
        drop(turns.take("other").await);
        drop(first);
        drop(second.await);
        let _only = turns.take("third").await;
        assert_eq!(turns.0.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn steps_are_counted_within_a_call_and_in_its_tasks() {
        let turn = Turns::default().take("k").await;
        let call = Call::new(Identity::of("a", "k", &[]), turn);
        assert!(Call::next_step().is_none());
        call.run(async {
            assert_eq!(Call::next_step().map(|(_, step)| step.number), Some(0));
            let carried = Call::carry(async { Call::next_step().map(|(_, step)| step.number) });
            assert_eq!(tokio::spawn(carried).await.unwrap(), Some(1));
        })
        .await;
    }
}
