//! Every shared component in every state on one page, for who works on them. `cargo xtask dev` builds it in; what people
//! download is built without it.
//!
//! Must not fetch anything: all that it shows is made up here.

pub mod hostile;

#[cfg(all(target_arch = "wasm32", feature = "gallery"))]
mod fields;
#[cfg(all(target_arch = "wasm32", feature = "gallery"))]
mod figures;
#[cfg(all(target_arch = "wasm32", feature = "gallery"))]
mod layers;
#[cfg(all(target_arch = "wasm32", feature = "gallery"))]
mod marks;
#[cfg(all(target_arch = "wasm32", feature = "gallery"))]
mod page;

#[cfg(all(target_arch = "wasm32", feature = "gallery"))]
pub use page::GalleryPage;
