//! How a call travels: as bytes, so that the browser downloads the machinery of gRPC once and not once for each method.
//!
//! Must not know what is called.

use super::{ApiError, idempotency_key};
use crate::state::clock::browser_now_ms;
use crate::state::kept;
use prost::Message;
use prost::bytes::{Buf as _, BufMut as _, Bytes};
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Request, Status, Streaming};
use tonic_web_wasm_client::Client;

/// Messages as they are on the wire.
#[derive(Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, message: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&message);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}

/// Boxed, so that who awaits it does not contain all of it.
type Answer<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

/// The way to the server that this page came from. The session travels as a cookie that scripts cannot read.
async fn ready() -> Result<Grpc<Client>, ApiError> {
    let mut line = Grpc::new(Client::new(leptos::prelude::window().location().origin().unwrap_or_default()));
    line.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    Ok(line)
}

/// A browser may send a request again by itself when a connection breaks. With a key it has one effect nevertheless;
/// methods that only read do not look at it.
fn asking(message: Vec<u8>) -> Request<Vec<u8>> {
    let mut request = Request::new(message);
    if let Ok(key) = idempotency_key().parse() {
        request.metadata_mut().insert("idempotency-key", key);
    }
    request
}

fn send(path: &'static str, message: Vec<u8>) -> Answer<Bytes> {
    Box::pin(async move {
        let path = PathAndQuery::from_static(path);
        Ok(ready().await?.unary(asking(message), path, Raw).await?.into_inner())
    })
}

fn open(path: &'static str, message: Vec<u8>) -> Answer<Streaming<Bytes>> {
    Box::pin(async move {
        let path = PathAndQuery::from_static(path);
        Ok(ready().await?.server_streaming(asking(message), path, Raw).await?.into_inner())
    })
}

fn read<A: Message + Default>(bytes: Bytes) -> Result<A, ApiError> {
    A::decode(bytes).map_err(|error| ApiError::malformed(&error))
}

/// The server's answer, or the one that is kept, where a page asks for that.
fn answered(path: &'static str, message: Vec<u8>) -> Answer<Bytes> {
    Box::pin(async move {
        kept::answer(path, message, browser_now_ms(), async |message| send(path, message).await).await
    })
}

/// Asks once.
pub async fn unary<A: Message + Default>(path: &'static str, request: impl Message) -> Result<A, ApiError> {
    read(answered(path, request.encode_to_vec()).await?)
}

/// Messages that come one after another.
pub struct Messages<A> {
    bytes: Streaming<Bytes>,
    kind: PhantomData<A>,
}

impl<A: Message + Default> Messages<A> {
    /// The next one; nothing when it was the last.
    pub async fn next(&mut self) -> Result<Option<A>, ApiError> {
        self.bytes.message().await?.map(read).transpose()
    }
}

/// Asks, and is answered again and again.
pub async fn stream<A: Message + Default>(
    path: &'static str,
    request: impl Message,
) -> Result<Messages<A>, ApiError> {
    let bytes = open(path, request.encode_to_vec()).await?;
    Ok(Messages { bytes, kind: PhantomData })
}

/// Declares calls: `name(Request) -> Answer = "Service/Method";`. `cargo xtask tidy` compares them with the API's own files.
macro_rules! calls {
    ($($name:ident($request:ident) -> $answer:ident = $path:literal;)*) => {
        /// The calls as they are on the wire.
        pub(super) mod rpc {
            use crate::api::ApiError;
            use crate::api::call::unary;
            use proto::v1;

            $(
                pub async fn $name(request: v1::$request) -> Result<v1::$answer, ApiError> {
                    unary(concat!("/trainyard.v1.", $path), request).await
                }
            )*
        }
    };
}
pub(super) use calls;
