//! Calls that may be sent again: with the same idempotency key, a call has one effect and the same answer.
//!
//! Must not know what a method does. The key comes in a header, or in a field of the requests that have one. The store
//! journals what the writes of a call came to, and this layer keeps what the method answered.

use super::error::{OrProblem, Problem};
use super::router::MAX_REQUEST_BYTES;
use crate::auth::Caller;
use crate::auth::policy::{Effect, effect_of_path};
use crate::crash_point::{CrashPoint, pass};
use crate::store::{Begun, Call, Store};
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::{BufMut, Bytes};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use prost::Message;
use prost::encoding::{self, DecodeContext, WireType};
use std::convert::Infallible;
use tonic::{Code, Status};

/// The header that carries the key.
pub const KEY_HEADER: HeaderName = HeaderName::from_static("idempotency-key");
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MOST_KEY_LETTERS: usize = 128;
/// What stands before a message: whether it is compressed, and its length.
const FRAME_BYTES: usize = 5;

/// Requests that can carry the key themselves, in the field of this number. A test compares them with the descriptors.
const KEY_FIELDS: &[(&str, u32)] = &[
    ("DatasetService/CreateDataset", 3),
    ("ModelService/CreateModel", 5),
    ("ModelService/CloneModel", 6),
    ("SecretService/CreateSecret", 4),
    ("TrainingService/StartTraining", 3),
];

/// Lets a call with a key that was answered before be answered so again, and any other one be worked on.
pub async fn once(State(store): State<Store>, request: Request, next: Next) -> Response {
    let effect = effect_of_path(request.uri().path());
    let Some(caller) = identity(request.extensions().get::<Caller>()) else { return next.run(request).await };
    let field = key_field(request.uri().path());
    let header = request.headers().get(KEY_HEADER).cloned();
    if !matches!(effect, Effect::Once | Effect::OnceStreamed) || (header.is_none() && field.is_none()) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(message) = to_bytes(body, MAX_REQUEST_BYTES + FRAME_BYTES).await else {
        return refusal(too_large());
    };
    let key = match key_of(header.as_ref(), field, &message) {
        Ok(Some(key)) => key,
        Ok(None) => return next.run(Request::from_parts(parts, Body::from(message))).await,
        Err(problem) => return refusal(problem),
    };
    let begun = store.begin_call(&caller, &key, &[parts.uri.path().as_bytes(), &message]).await;
    let call = match begun.or_problem() {
        Ok(Begun::Work(call)) => call,
        Ok(Begun::Answered(reply)) => return answer(reply.into()),
        Err(status) => return status.into_http::<Body>().into_response(),
    };
    let response = call.clone().run(next.run(Request::from_parts(parts, Body::from(message)))).await;
    if let Some(reply) = call.reply() {
        return answer(Bytes::copy_from_slice(reply));
    }
    // A refusal stands among the headers, and a stream is kept by its method.
    if effect == Effect::OnceStreamed || response.headers().contains_key(STATUS) {
        return response;
    }
    keep_answer(&store, &call, response).await
}

/// Keeps the last message of a streamed answer, if the call of this task has a key.
pub(super) async fn keep(store: &Store, last: &impl Message) {
    let Some(call) = Call::current() else { return };
    pass(CrashPoint::ImportBeforeAnswer);
    finish(store, &call, framed(last)).await;
}

/// A message as it travels, uncompressed.
pub(super) fn framed(message: &impl Message) -> Vec<u8> {
    let length = message.encoded_len();
    let mut frame = Vec::with_capacity(FRAME_BYTES + length);
    frame.put_u8(0);
    frame.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    frame.put_slice(&message.encode_to_vec());
    frame
}

async fn keep_answer(store: &Store, call: &Call, response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let collected = match body.collect().await {
        Ok(collected) => collected,
        Err(error) => return Status::internal(error.to_string()).into_http::<Body>().into_response(),
    };
    let trailers = collected.trailers().cloned().unwrap_or_default();
    let reply = collected.to_bytes();
    if trailers.get(STATUS).is_some_and(|status| status == "0") {
        pass(CrashPoint::CallAfterEffect);
        finish(store, call, reply.to_vec()).await;
        pass(CrashPoint::CallBeforeReply);
        return answer(reply);
    }
    Response::from_parts(parts, with_trailers(reply, trailers))
}

/// The effect is durable and journaled already, so the caller is answered in any case.
async fn finish(store: &Store, call: &Call, reply: Vec<u8>) {
    if let Err(error) = store.finish_call(call, reply).await {
        tracing::warn!(%error, "an answer was not kept; the call is worked on again if it is sent again");
    }
}

/// The answer of a call that went well.
fn answer(reply: Bytes) -> Response {
    let trailers = HeaderMap::from_iter([(STATUS, HeaderValue::from_static("0"))]);
    let mut response = Response::new(with_trailers(reply, trailers));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}

/// Its length is not said beforehand: for browsers the trailers become a part of the body, which would be cut off.
fn with_trailers(reply: Bytes, trailers: HeaderMap) -> Body {
    let frames = [Frame::data(reply), Frame::trailers(trailers)];
    Body::new(StreamBody::new(futures::stream::iter(frames.map(Ok::<_, Infallible>))))
}

fn refusal(problem: Problem) -> Response {
    Status::from(problem).into_http::<Body>().into_response()
}

fn too_large() -> Problem {
    let message = format!("the request broke off, or is larger than {} MiB", MAX_REQUEST_BYTES >> 20);
    Problem::new(Code::OutOfRange, "REQUEST_TOO_LARGE", message).next("send less at once")
}

/// Whose keys they are. Sessions do not meet each other's keys: one may have been given less than another.
fn identity(caller: Option<&Caller>) -> Option<String> {
    match caller? {
        Caller::Owner => Some("owner".to_owned()),
        Caller::Browser(token, _) => Some(format!("session {}", token.hex())),
        Caller::Anonymous | Caller::NewInstance(_) | Caller::Runner(_) => None,
    }
}

fn key_field(path: &str) -> Option<u32> {
    let method = path.strip_prefix("/trainyard.v1.")?;
    KEY_FIELDS.iter().find(|(known, _)| *known == method).map(|(_, number)| *number)
}

/// The key of a call, which the field tells before the header does; none if there is none.
fn key_of(
    header: Option<&HeaderValue>,
    field: Option<u32>,
    message: &Bytes,
) -> Result<Option<String>, Problem> {
    let in_field = field.and_then(|number| text_field(message, number)).filter(|key| !key.is_empty());
    let in_header = header.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let Some(key) = in_field.or(in_header) else { return Ok(None) };
    let is_good =
        (1..=MOST_KEY_LETTERS).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if is_good {
        return Ok(Some(key));
    }
    let problem = format!("must be 1 to {MOST_KEY_LETTERS} visible ASCII characters, for example a UUID");
    Err(Problem::field("idempotency_key", problem))
}

/// The text in this field of a framed message. What cannot be read is left to the method, which refuses it.
fn text_field(frame: &Bytes, number: u32) -> Option<String> {
    let mut message = frame.get(FRAME_BYTES..)?;
    let mut found = None;
    while !message.is_empty() {
        let (tag, wire_type) = encoding::decode_key(&mut message).ok()?;
        if tag == number && wire_type == WireType::LengthDelimited {
            let mut text = String::new();
            encoding::string::merge(wire_type, &mut text, &mut message, DecodeContext::default()).ok()?;
            found = Some(text);
        } else {
            encoding::skip_field(wire_type, tag, &mut message, DecodeContext::default()).ok()?;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::suite::framed;
    use proto::v1;

    #[test]
    fn requests_with_a_key_are_those_of_the_descriptors() {
        let descriptors = prost_types::FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap();
        let mut defined = Vec::new();
        for file in &descriptors.file {
            for (service, method) in file
                .service
                .iter()
                .flat_map(|service| service.method.iter().map(move |method| (service, method)))
            {
                let input = method.input_type().rsplit('.').next().unwrap();
                let message = descriptors
                    .file
                    .iter()
                    .flat_map(|file| &file.message_type)
                    .find(|message| message.name() == input);
                let field = message
                    .and_then(|message| message.field.iter().find(|field| field.name() == "idempotency_key"));
                let name = format!("{}/{}", service.name(), method.name());
                if let Some(field) = field
                    && effect_of_path(&name) == Effect::Once
                {
                    defined.push((name, u32::try_from(field.number()).unwrap()));
                }
            }
        }
        defined.sort();
        let mut listed: Vec<_> =
            KEY_FIELDS.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect();
        listed.sort();
        assert_eq!(defined, listed);
    }

    #[test]
    fn a_key_comes_in_the_field_or_in_the_header_and_is_short_and_plain() {
        let frame = |key: &str| -> Bytes {
            let request = v1::CreateSecretRequest {
                name: "A".into(),
                value: "some value".into(),
                idempotency_key: key.into(),
                ..Default::default()
            };
            framed(&request).into()
        };
        let header = HeaderValue::from_static("in-header");
        let key = |header: Option<&HeaderValue>, key: &str| key_of(header, Some(4), &frame(key));
        assert_eq!(key(None, "").unwrap(), None);
        assert_eq!(key(None, "in-field").unwrap().as_deref(), Some("in-field"));
        assert_eq!(key(Some(&header), "").unwrap().as_deref(), Some("in-header"));
        assert_eq!(key(Some(&header), "in-field").unwrap().as_deref(), Some("in-field"));
        for bad in ["a b", "é", &"x".repeat(129), "a\n"] {
            let problem = key(None, bad).unwrap_err();
            assert_eq!(problem.violations[0].0, "idempotency_key", "{bad}");
        }
        assert!(key_of(Some(&HeaderValue::from_static("")), None, &Bytes::new()).is_err());
        assert_eq!(key_of(None, Some(4), &Bytes::from_static(b"\0\0\0\0\x02\xff\xff")).unwrap(), None);
    }
}
