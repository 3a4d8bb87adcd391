//! The last answers of the server, by call and request: what a page was shown before is shown at once when somebody comes
//! back to it, while it is asked for anew. `resource::fetched` does both, and every page fetches by it.
//!
//! Must not know what is asked. What is kept is bounded by number, size and age, and forgotten with each call that may
//! change something and with the session; an answer that was on its way meanwhile is not kept either.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

const MOST_ANSWERS: usize = 256;
const MOST_BYTES: usize = 8 << 20;
/// A larger answer is not kept.
const LARGEST_BYTES: usize = 1 << 20;
/// An older answer is as good as none.
const LONGEST_MS: i64 = 5 * 60_000;
/// How the names of methods begin that change nothing.
const READING: [&str; 5] = ["Get", "List", "Check", "Preview", "Complete"];

/// What was answered.
struct Answer {
    path: &'static str,
    request: Vec<u8>,
    bytes: Rc<[u8]>,
    at_ms: i64,
}

impl Answer {
    fn is_to(&self, path: &str, request: &[u8]) -> bool {
        self.path == path && self.request == request
    }

    fn size(&self) -> usize {
        self.request.len() + self.bytes.len()
    }
}

/// The answers, the newest last.
#[derive(Default)]
struct Answers {
    list: VecDeque<Answer>,
    size: usize,
    /// How often all was forgotten.
    turn: u64,
}

impl Answers {
    fn get(&self, path: &str, request: &[u8], now_ms: i64) -> Option<Rc<[u8]>> {
        let found = self.list.iter().find(|answer| answer.is_to(path, request))?;
        (now_ms - found.at_ms <= LONGEST_MS).then(|| found.bytes.clone())
    }

    fn keep(&mut self, answer: Answer) {
        if let Some(place) = self.list.iter().position(|old| old.is_to(answer.path, &answer.request)) {
            self.size -= self.list.remove(place).map_or(0, |old| old.size());
        }
        if answer.bytes.len() > LARGEST_BYTES {
            return;
        }
        self.size += answer.size();
        self.list.push_back(answer);
        while self.list.len() > MOST_ANSWERS || self.size > MOST_BYTES {
            let Some(oldest) = self.list.pop_front() else { return };
            self.size -= oldest.size();
        }
    }

    fn forget(&mut self) {
        self.list.clear();
        self.size = 0;
        self.turn += 1;
    }
}

/// How a page asks at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    /// For what is kept, and for nothing else.
    Kept,
    /// The server.
    Server,
}

thread_local! {
    static ANSWERS: RefCell<Answers> = RefCell::default();
    /// While a page's question is at work: how it asks, and what its answers so far come to.
    static ASKING: RefCell<Option<(Asking, u64)>> = const { RefCell::new(None) };
}

/// What the answers to a question come to, whatever their order: the same again for the same answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Digest(u64);

/// The answer to a question by what is kept, if that is enough for it.
pub fn recalled<T>(question: impl Future<Output = T>) -> Option<(T, Digest)> {
    let mut digest = Digest::default();
    match poll_as(Asking::Kept, &mut digest, pin!(question), &mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some((answer, digest)),
        Poll::Pending => None,
    }
}

/// Asks the server, and keeps what it answers.
pub async fn asked<T>(question: impl Future<Output = T>) -> (T, Digest) {
    let (mut question, mut digest) = (pin!(question), Digest::default());
    let answer =
        std::future::poll_fn(|context| poll_as(Asking::Server, &mut digest, question.as_mut(), context));
    let answer = answer.await;
    (answer, digest)
}

fn poll_as<T>(
    asking: Asking,
    digest: &mut Digest,
    question: Pin<&mut impl Future<Output = T>>,
    context: &mut Context<'_>,
) -> Poll<T> {
    // A question may ask another one of its own.
    let outer = ASKING.replace(Some((asking, digest.0)));
    let answer = question.poll(context);
    if let Some((_, sum)) = ASKING.replace(outer) {
        digest.0 = sum;
    }
    answer
}

/// Waits for ever where only what is kept is asked for. Whoever asks the server for what is never kept awaits this before.
pub async fn unless_recalling() {
    if ASKING.with_borrow(|asking| matches!(asking, Some((Asking::Kept, _)))) {
        std::future::pending().await
    }
}

/// What a call does for an answer: finds it here, or has `send` fetch it and keeps it if a page asked for it.
///
/// # Errors
/// What `send` fails with.
pub async fn answer<B: AsRef<[u8]> + From<Vec<u8>>, E>(
    path: &'static str,
    request: Vec<u8>,
    now_ms: i64,
    send: impl AsyncFnOnce(Vec<u8>) -> Result<B, E>,
) -> Result<B, E> {
    if !only_reads(path) {
        // Who asks for what is kept must not change anything.
        unless_recalling().await;
        forget();
        let answer = send(request).await;
        forget();
        return answer;
    }
    match ASKING.with_borrow(|asking| asking.map(|(asking, _)| asking)) {
        None => send(request).await,
        Some(Asking::Kept) => match ANSWERS.with_borrow(|answers| answers.get(path, &request, now_ms)) {
            Some(bytes) => {
                note(path, &request, &bytes);
                Ok(bytes.to_vec().into())
            }
            None => std::future::pending().await,
        },
        Some(Asking::Server) => {
            let turn = ANSWERS.with_borrow(|answers| answers.turn);
            let answer = send(request.clone()).await?;
            note(path, &request, answer.as_ref());
            ANSWERS.with_borrow_mut(|answers| {
                if answers.turn == turn {
                    let bytes = answer.as_ref().into();
                    answers.keep(Answer { path, request, bytes, at_ms: now_ms });
                }
            });
            Ok(answer)
        }
    }
}

/// Forgets everything: something may have been changed, or the session is another one.
pub fn forget() {
    ANSWERS.with_borrow_mut(Answers::forget);
}

fn note(path: &str, request: &[u8], bytes: &[u8]) {
    let mut hasher = DefaultHasher::new();
    (path, request, bytes).hash(&mut hasher);
    ASKING.with_borrow_mut(|asking| {
        if let Some((_, sum)) = asking {
            *sum = sum.wrapping_add(hasher.finish());
        }
    });
}

/// Whether the method at the end of a path changes nothing.
fn only_reads(path: &str) -> bool {
    let method = path.rsplit('/').next().unwrap_or_default();
    READING.iter().any(|word| method.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    const LIST: &str = "/trainyard.v1.ModelService/ListModels";
    const CHANGE: &str = "/trainyard.v1.ModelService/UpdateModel";

    /// A call whose server answers at once.
    async fn call(path: &'static str, request: &str, now_ms: i64, answer_with: &str) -> Vec<u8> {
        let send = async |_| Ok::<_, ()>(answer_with.as_bytes().to_vec());
        answer(path, request.as_bytes().to_vec(), now_ms, send).await.unwrap()
    }

    fn asked_now<T>(question: impl Future<Output = T>) -> (T, Digest) {
        let mut question = pin!(asked(question));
        match question.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => answer,
            Poll::Pending => panic!("the server of these tests answers at once"),
        }
    }

    fn recalled_words(request: &'static str, now_ms: i64) -> Option<String> {
        let found = recalled(call(LIST, request, now_ms, "from nowhere"))?;
        Some(String::from_utf8(found.0).unwrap())
    }

    #[test]
    fn what_was_answered_is_recalled_until_it_is_old() {
        forget();
        assert_eq!(recalled_words("all", 0), None);
        let (_, first) = asked_now(call(LIST, "all", 0, "two"));
        assert_eq!(recalled_words("all", LONGEST_MS).as_deref(), Some("two"));
        assert_eq!(recalled_words("some", 0), None);
        assert_eq!(recalled_words("all", LONGEST_MS + 1), None);
        // The same answers come to the same, and others to something else.
        assert_eq!(recalled(call(LIST, "all", 0, "")).map(|(_, digest)| digest), Some(first));
        assert_ne!(asked_now(call(LIST, "all", 0, "three")).1, first);
        assert_eq!(recalled_words("all", 0).as_deref(), Some("three"));
    }

    #[test]
    fn a_question_of_several_calls_is_recalled_as_a_whole_or_not_at_all() {
        forget();
        let both = async || (call(LIST, "one", 0, "1").await, call(LIST, "other", 0, "2").await);
        asked_now(call(LIST, "one", 0, "1"));
        assert!(recalled(both()).is_none());
        asked_now(both());
        assert_eq!(recalled(both()).map(|(found, _)| found), Some((b"1".to_vec(), b"2".to_vec())));
        assert!(recalled(async { unless_recalling().await }).is_none());
    }

    #[test]
    fn what_changes_something_is_sent_once_and_all_is_forgotten() {
        forget();
        asked_now(call(LIST, "all", 0, "two"));
        let sent = Cell::new(0);
        let change = async || {
            let send = async |_| {
                sent.set(sent.get() + 1);
                Ok::<Vec<u8>, ()>(Vec::new())
            };
            answer(CHANGE, Vec::new(), 0, send).await
        };
        assert!(recalled(change()).is_none());
        assert_eq!((sent.get(), recalled_words("all", 0).as_deref()), (0, Some("two")));
        // Also where no page asks, but a press does.
        let mut press = pin!(change());
        assert!(press.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
        assert_eq!((sent.get(), recalled_words("all", 0)), (1, None));
    }

    #[test]
    fn an_answer_that_a_change_overtook_is_not_kept() {
        forget();
        let overtaken = async || {
            let send = async |_| {
                forget();
                Ok::<_, ()>(b"before the change".to_vec())
            };
            answer(LIST, b"all".to_vec(), 0, send).await
        };
        assert_eq!(asked_now(overtaken()).0, Ok(b"before the change".to_vec()));
        assert_eq!(recalled_words("all", 0), None);
    }

    #[test]
    fn the_oldest_go_first_and_nothing_too_large_stays() {
        let mut answers = Answers::default();
        let mut keep = |number: usize, length: usize| {
            let (request, bytes) = (number.to_be_bytes().to_vec(), vec![0; length].into());
            answers.keep(Answer { path: LIST, request, bytes, at_ms: 0 });
            (answers.list.len(), answers.size)
        };
        for number in 0..=MOST_ANSWERS {
            keep(number, 10);
        }
        assert_eq!(keep(MOST_ANSWERS, 10), (MOST_ANSWERS, MOST_ANSWERS * 18));
        for number in 0..9 {
            assert!(keep(number, LARGEST_BYTES).1 <= MOST_BYTES);
        }
        let (count, size) = keep(8, LARGEST_BYTES + 1);
        assert_eq!((count, size), (6, 6 * (LARGEST_BYTES + 8)));
        assert!(answers.get(LIST, &0usize.to_be_bytes(), 0).is_none());
    }

    #[test]
    fn methods_are_told_apart_by_their_names() {
        for (path, expected) in [
            (LIST, true),
            (CHANGE, false),
            ("/trainyard.v1.TrainingService/CheckTraining", true),
            ("/trainyard.v1.FilterService/PreviewFilter", true),
            ("/trainyard.v1.AccessService/SignOut", false),
            ("/trainyard.v1.ModelService/SaveDraft", false),
        ] {
            assert_eq!(only_reads(path), expected, "{path}");
        }
    }
}
