//! Calls as the command line sends them: signed in, and those that change something with a key of their own, so that one
//! whose connection broke before the answer is sent once more and has one effect.
//!
//! Must not know any command.

use crate::api::KEY_HEADER;
use crate::auth::policy::{Effect, effect_of_path};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full, StreamBody};
use std::future::{poll_fn, ready};
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::transport::Channel;
use tower::Service;

/// A channel on which every call is signed in.
#[derive(Debug, Clone)]
pub struct SignedIn<S = Channel> {
    channel: S,
    authorization: HeaderValue,
}

impl<S> SignedIn<S> {
    /// Signs in the calls on this channel.
    pub const fn new(channel: S, authorization: HeaderValue) -> Self {
        Self { channel, authorization }
    }
}

impl<S, A> Service<Request<Body>> for SignedIn<S>
where
    S: Service<Request<Body>, Response = Response<A>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    A: Send,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.channel.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        request.headers_mut().insert(AUTHORIZATION, self.authorization.clone());
        // The clone is not ready; the one that is ready takes the call.
        let other = self.channel.clone();
        let channel = std::mem::replace(&mut self.channel, other);
        if matches!(effect_of_path(request.uri().path()), Effect::Once | Effect::OnceStreamed) {
            Box::pin(send_with_key(channel, request))
        } else {
            let mut channel = channel;
            Box::pin(channel.call(request))
        }
    }
}

async fn send_with_key<S: Service<Request<Body>>>(
    mut channel: S,
    request: Request<Body>,
) -> Result<S::Response, S::Error> {
    let (mut parts, body) = request.into_parts();
    if let Ok(key) = HeaderValue::from_str(&format!("{:032x}", rand::random::<u128>())) {
        parts.headers.insert(KEY_HEADER, key);
    }
    let message: Bytes = match body.collect().await {
        Ok(collected) => collected.to_bytes(),
        // What cannot be encoded is told where it is sent.
        Err(status) => {
            let broken = StreamBody::new(futures::stream::once(ready(Err::<
                hyper::body::Frame<Bytes>,
                tonic::Status,
            >(status))));
            return channel.call(Request::from_parts(parts, Body::new(broken))).await;
        }
    };
    let again = Request::from_parts(parts.clone(), Body::new(Full::new(message.clone())));
    if let Ok(answer) = channel.call(Request::from_parts(parts, Body::new(Full::new(message)))).await {
        return Ok(answer);
    }
    poll_fn(|context| channel.poll_ready(context)).await?;
    channel.call(again).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// Keys and bodies as they came.
    type Seen = Arc<Mutex<Vec<(Option<HeaderValue>, Bytes)>>>;

    /// Breaks as often as it is told, and notes the key and the content of each call.
    #[derive(Clone)]
    struct Line {
        breaks: Arc<Mutex<u32>>,
        seen: Seen,
    }

    impl Service<Request<Body>> for Line {
        type Response = Response<()>;
        type Error = &'static str;
        type Future = BoxFuture<'static, Result<Response<()>, &'static str>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: Request<Body>) -> Self::Future {
            let line = self.clone();
            Box::pin(async move {
                assert_eq!(request.headers()[AUTHORIZATION], "Bearer t");
                let key = request.headers().get(KEY_HEADER).cloned();
                let content = request.into_body().collect().await.unwrap().to_bytes();
                line.seen.lock().unwrap().push((key, content));
                let mut breaks = line.breaks.lock().unwrap();
                if *breaks == 0 {
                    return Ok(Response::new(()));
                }
                *breaks -= 1;
                Err("broken")
            })
        }
    }

    #[tokio::test]
    async fn what_changes_something_has_a_key_and_is_sent_again_when_the_line_breaks() {
        for (method, breaks, sent, has_key, arrives) in [
            ("ModelService/DeleteModel", 0, 1, true, true),
            ("ModelService/DeleteModel", 1, 2, true, true),
            ("ModelService/DeleteModel", 2, 2, true, false),
            ("ModelService/GetModel", 1, 1, false, false),
            ("AccessService/CreateSignInLink", 1, 1, false, false),
        ] {
            let line = Line { breaks: Arc::new(Mutex::new(breaks)), seen: Arc::default() };
            let mut channel = SignedIn::new(line.clone(), HeaderValue::from_static("Bearer t"));
            let mut keys = Vec::new();
            for round in 1..=2 {
                *line.breaks.lock().unwrap() = breaks;
                line.seen.lock().unwrap().clear();
                let body = Body::new(Full::new(Bytes::from_static(b"content")));
                let request = Request::post(format!("/trainyard.v1.{method}")).body(body).unwrap();
                assert_eq!(channel.call(request).await.is_ok(), arrives, "{method}, {breaks}");
                let seen = line.seen.lock().unwrap().clone();
                assert_eq!(seen.len(), sent, "{method}, {breaks}, {round}");
                assert!(seen.iter().all(|call| *call == seen[0] && call.1 == "content"), "{seen:?}");
                assert_eq!(seen[0].0.is_some(), has_key, "{method}");
                keys.push(seen[0].0.clone());
            }
            assert!(!has_key || keys[0] != keys[1], "each call has a key of its own");
        }
    }
}
