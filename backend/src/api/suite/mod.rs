//! The API as clients meet it: the real server on loopback, called over gRPC-web and plain HTTP.
//!
//! Must not know how a method is written.

mod architectures;
mod checks;
mod files;
mod flows;
mod idempotency;
mod items;
mod matrix;
mod models;
mod page;
mod queries;
mod secrets;
mod thumbnails;
mod uploads;

use crate::auth::{Token, TokenKind};
use crate::config::{DataFolder, ServeConfig};
use crate::serve::Server;
use crate::store::{NewAnnotation, NewImport, NewItem};
use bytes::Bytes;
use prost::Message;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use shared::dataset::{PixelBox, Subset, Task};
use std::net::{Ipv4Addr, SocketAddr};

/// A server with everything that tests ask of it.
struct House {
    server: Server,
    client: reqwest::Client,
    _folder: tempfile::TempDir,
}

/// What a method answered.
#[derive(Debug)]
struct Answer {
    code: tonic::Code,
    message: String,
    body: Bytes,
    headers: HeaderMap,
}

impl Answer {
    fn decode<T: Message + Default>(&self) -> T {
        assert_eq!(self.code, tonic::Code::Ok, "{}", self.message);
        T::decode(self.body.clone()).unwrap()
    }
}

type Pair = (&'static str, String);

impl House {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = ServeConfig {
            data: DataFolder::at(folder.path().join("data")),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            allow_remote: false,
            secrets_key_file: Some(folder.path().join("keys/secrets.key")),
        };
        let server = Server::start(config, false).await.unwrap();
        Self { server, client: reqwest::Client::new(), _folder: folder }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    fn owner(&self) -> Vec<Pair> {
        bearer(self.server.owner_token())
    }

    /// A cookie of a browser that has just signed in.
    async fn browser(&self) -> Vec<Pair> {
        self.browser_of(&self.server.sign_in_link().await.unwrap()).await
    }

    /// A cookie of a browser that signed in by a link of this maker that withholds these permissions.
    async fn browser_without(&self, permissions: &[&str], maker: &[Pair]) -> Vec<Pair> {
        let withheld_permissions = permissions.iter().map(|name| (*name).to_owned()).collect();
        let request = proto::v1::CreateSignInLinkRequest { withheld_permissions };
        let answer = self.call("trainyard.v1.AccessService/CreateSignInLink", &request, maker).await;
        self.browser_of(&answer.decode::<proto::v1::CreateSignInLinkResponse>().url).await
    }

    async fn browser_of(&self, link: &str) -> Vec<Pair> {
        let token = link.split("token=").nth(1).unwrap().to_owned();
        let answer =
            self.call("trainyard.v1.AccessService/SignIn", &proto::v1::SignInRequest { token }, &[]).await;
        assert_eq!(answer.code, tonic::Code::Ok, "{}", answer.message);
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        vec![
            ("cookie", cookie.split(';').next().unwrap().to_owned()),
            ("origin", self.server.url().to_owned()),
        ]
    }

    /// The session token of a registered runner.
    async fn runner(&self) -> Vec<Pair> {
        let store = self.server.store();
        self.dataset("for-the-runner").await;
        let model = self.model("runner-model", "for-the-runner").await;
        let request = proto::v1::StartTrainingRequest { model: model.id, ..Default::default() };
        self.call("trainyard.v1.TrainingService/StartTraining", &request, &self.owner())
            .await
            .decode::<proto::v1::Training>();
        let service = store.services().await.unwrap().remove(0);
        let one_time = Token::generate(TokenKind::Instance).unwrap();
        let session = Token::generate(TokenKind::Runner).unwrap();
        store
            .create_instance(service.id, shared::machine::Reservation::default(), &one_time.hash().hex())
            .await
            .unwrap();
        store.register_instance(&one_time.hash().hex(), &session.hash().hex(), 1).await.unwrap();
        bearer(&session)
    }

    /// A dataset with one labelled image in each of the subsets that a training needs.
    async fn dataset(&self, name: &str) {
        let item = |file: &str, subset| NewItem {
            dir: "/".into(),
            name: file.into(),
            content_hash: "ab".repeat(32),
            mimetype: "image/png".into(),
            size_bytes: 1,
            width: 64,
            height: 64,
            subset: Some(subset),
            annotations: vec![NewAnnotation {
                label: "cell".into(),
                region: Some(PixelBox { x1: 1.0, y1: 1.0, x2: 9.0, y2: 9.0 }),
            }],
            metadata: None,
        };
        let items = vec![item("a.png", Subset::Train), item("b.png", Subset::Validation)];
        let import =
            NewImport { name: name.into(), task: Task::Detection, labels: vec!["cell".into()], items };
        self.server.store().import_dataset(import).await.unwrap();
    }

    async fn model(&self, name: &str, dataset: &str) -> proto::v1::Model {
        let request = proto::v1::CreateModelRequest {
            name: name.into(),
            architecture: "yolov8n".into(),
            dataset: dataset.into(),
            ..Default::default()
        };
        self.call("trainyard.v1.ModelService/CreateModel", &request, &self.owner()).await.decode()
    }

    /// Calls a method over gRPC-web, as browsers do.
    async fn call(&self, method: &str, request: &impl Message, headers: &[Pair]) -> Answer {
        let response = self.send(method, framed(request), "application/grpc-web+proto", headers).await;
        read(response).await
    }

    async fn send(
        &self,
        method: &str,
        body: Vec<u8>,
        content_type: &str,
        headers: &[Pair],
    ) -> reqwest::Response {
        self.client
            .post(self.url(&format!("/{method}")))
            .header("content-type", content_type)
            .headers(header_map(headers))
            .body(body)
            .send()
            .await
            .unwrap()
    }

    async fn get(&self, path: &str, headers: &[Pair]) -> reqwest::Response {
        self.client.get(self.url(path)).headers(header_map(headers)).send().await.unwrap()
    }
}

fn bearer(token: &Token) -> Vec<Pair> {
    vec![("authorization", format!("Bearer {}", token.expose()))]
}

fn header_map(pairs: &[Pair]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
        .collect()
}

/// A message in the frame of gRPC: not compressed, with its length.
pub(super) fn framed(message: &impl Message) -> Vec<u8> {
    let bytes = message.encode_to_vec();
    let mut frame = vec![0];
    frame.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
    frame.extend(bytes);
    frame
}

/// The status of an answer that has no body yet: refusals carry it among the headers.
fn status_of_headers(response: &reqwest::Response) -> Option<tonic::Code> {
    let code = response.headers().get("grpc-status")?.to_str().unwrap().parse::<i32>().unwrap();
    Some(tonic::Code::from(code))
}

/// Reads an answer to its end: one message, then the status in a frame of its own.
async fn read(response: reqwest::Response) -> Answer {
    assert!(response.headers().contains_key("x-request-id"), "{response:?}");
    let headers = response.headers().clone();
    let in_headers = status_of_headers(&response);
    let mut rest = response.bytes().await.unwrap();
    let mut answer = Answer { code: tonic::Code::Ok, message: String::new(), body: Bytes::new(), headers };
    let text = |value: &str| percent_decoded(value);
    if let Some(code) = in_headers {
        answer.code = code;
        answer.message =
            answer.headers.get("grpc-message").map(|value| text(value.to_str().unwrap())).unwrap_or_default();
    }
    while rest.len() >= 5 {
        let kind = rest[0];
        let length = u32::from_be_bytes(rest[1..5].try_into().unwrap()) as usize;
        let frame = rest.slice(5..5 + length);
        rest = rest.slice(5 + length..);
        if kind & 0x80 == 0 {
            answer.body = frame;
            continue;
        }
        for line in String::from_utf8_lossy(&frame).lines() {
            match line.split_once(':').map(|(name, value)| (name.trim(), value.trim())) {
                Some(("grpc-status", value)) => {
                    answer.code = tonic::Code::from(value.parse::<i32>().unwrap())
                }
                Some(("grpc-message", value)) => answer.message = text(value),
                _ => {}
            }
        }
    }
    answer
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits: String = rest.by_ref().take(2).map(char::from).collect();
            bytes.push(u8::from_str_radix(&digits, 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}
