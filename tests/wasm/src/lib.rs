//! Proof that the shared core gives the same bits natively and in WebAssembly, and how long it takes there.
//!
//! Must not know who compares: each vector is a question of known number whose answer is digested to 64 bits.
#![expect(clippy::duplicate_mod, reason = "each workload brings its own generator of random numbers")]

mod digest;
mod random;
mod timings;
mod vectors;

pub use timings::{Items, Line, Sliders};
pub use vectors::{COUNT, digest_of, name_of};
use wasm_bindgen::prelude::wasm_bindgen;

/// How many vectors there are.
#[wasm_bindgen]
#[must_use]
pub fn vector_count() -> u32 {
    COUNT
}

/// The name of a vector and the digest of its answer.
#[wasm_bindgen]
#[must_use]
pub fn vector_line(number: u32) -> String {
    format!("{}: {:016x}", name_of(number), digest_of(number))
}
