//! Calls over the simulated network: a datagram stands for each, is sent again until there is an answer, and may be lost,
//! late or doubled on its way.
//!
//! Must not know what is called.

use super::yard::{Answer, Letter, SharedYard};
use bytes::Bytes;
use futures::future::BoxFuture;
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use proto::v1;
use rand::RngExt as _;
use std::task::{Context, Poll};
use std::time::Duration;
use tonic::Status;
use tonic::body::Body;
use turmoil::net::UdpSocket;

pub(super) const PORT: u16 = 7_000;
/// When a datagram that was not answered is sent again.
const SEND_AGAIN: Duration = Duration::from_millis(700);

/// A host's line to the server.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    pub(super) yard: SharedYard,
    pub(super) host: String,
    /// The machine that the host is on, if it is one of the cluster's.
    pub(super) machine: Option<usize>,
}

impl tower::Service<http::Request<Body>> for Wire {
    type Response = http::Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(self.clone().carry(request))
    }
}

impl Wire {
    async fn carry(self, request: http::Request<Body>) -> Result<http::Response<Body>, Status> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let sent_at = self.yard.time();
        let letter = Letter {
            from: self.host.clone(),
            path: parts.uri.path().to_owned(),
            headers: parts.headers,
            body: body.clone(),
            sent_at,
        };
        let number = {
            let mut yard = self.yard.lock();
            let number = yard.letters.len() as u64;
            yard.letters.insert(number, letter);
            number
        };
        self.yard.note(&format!("{}: calls {}", self.host, parts.uri.path()));
        let answer = self.ask(number).await?;
        if answer.is_reset {
            return Err(Status::unavailable("the connection was reset"));
        }
        if parts.uri.path().ends_with("/Renew") && answer.code() == tonic::Code::Ok {
            self.note_confirmation(&body, &answer.message().unwrap_or_default(), sent_at);
        }
        let frames = http_body_util::Full::new(answer.body);
        let trailers = answer.trailers;
        let body = frames.with_trailers(async move { trailers.map(Ok) });
        let body = UnsyncBoxBody::<Bytes, Status>::new(body.map_err(|never| match never {}));
        let mut response = http::Response::new(Body::new(body));
        *response.headers_mut() = answer.headers;
        Ok(response)
    }

    async fn ask(&self, number: u64) -> Result<Answer, Status> {
        let socket =
            UdpSocket::bind("0.0.0.0:0").await.map_err(|error| Status::internal(error.to_string()))?;
        loop {
            let (refused, twice) = {
                let mut yard = self.yard.lock();
                let reachable = self.machine.is_none_or(|machine| !yard.cut_off.contains(&machine));
                let twice = yard.twice;
                (reachable && !yard.server_is_up, yard.chance.random_bool(twice))
            };
            if refused {
                return Err(Status::unavailable("the connection was refused"));
            }
            for _ in 0..=u32::from(twice) {
                // As a cable that was pulled out: nobody says so.
                let _ = socket.send_to(&number.to_be_bytes(), ("server", PORT)).await;
            }
            let mut buffer = [0; 8];
            if tokio::time::timeout(SEND_AGAIN, socket.recv_from(&mut buffer)).await.is_ok() {
                let answer = self.yard.lock().answers.get(&number).cloned();
                return answer.ok_or_else(|| Status::internal("an answer came that nobody gave"));
            }
        }
    }

    /// From the moment on at which this renewal was sent, the lease is counted anew.
    fn note_confirmation(&self, request: &Bytes, answer: &v1::RenewResponse, sent_at: Duration) {
        let asked = <v1::RenewRequest as prost::Message>::decode(&request[5..]).unwrap();
        let mut yard = self.yard.lock();
        for held in asked.held {
            let confirmed = answer.orders.iter().any(|order| {
                order.execution_id == held.execution_id
                    && order.fencing_token == held.fencing_token
                    && order.order() != v1::Order::Abandon
            });
            if confirmed {
                yard.known.confirmed.insert((held.execution_id, held.fencing_token), sent_at);
            }
        }
    }
}
