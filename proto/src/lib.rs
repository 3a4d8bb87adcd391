//! The wire: types and services generated from `trainyard/v1/*.proto`, and their conversions to
//! and from the domain types of `shared`.
//!
//! Must not know how anything is stored or drawn. Builds natively (client and server) and for the
//! browser (client).

pub mod convert;
mod secret;

/// Everything of the package `trainyard.v1`.
#[expect(
    clippy::all,
    clippy::allow_attributes,
    missing_docs,
    unused_qualifications,
    reason = "generated code"
)]
pub mod v1 {
    tonic::include_proto!("trainyard.v1");
}

/// The compiled descriptors of the whole package, for reflection and for checks that cover every method.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// A message as the body of a gRPC-Web call: a byte of flags, four of length, and the message.
#[must_use]
pub fn web_frame(message: &impl prost::Message) -> Vec<u8> {
    let content = message.encode_to_vec();
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    [&[0], length.to_be_bytes().as_slice(), &content].concat()
}
