//! Models: architectures, their versions, and the forms that make and change versions.
//!
//! Must not decide what is possible: `shared::status` does.

pub mod query;

#[cfg(target_arch = "wasm32")]
mod add_architecture;
#[cfg(target_arch = "wasm32")]
mod architectures;
#[cfg(target_arch = "wasm32")]
mod change;
#[cfg(target_arch = "wasm32")]
mod create;
#[cfg(target_arch = "wasm32")]
mod private;
#[cfg(target_arch = "wasm32")]
mod versions;
#[cfg(target_arch = "wasm32")]
mod weights_file;

#[cfg(target_arch = "wasm32")]
pub use architectures::ArchitecturesPage;
#[cfg(target_arch = "wasm32")]
pub use change::{ChangeDialogs, Changes};
#[cfg(target_arch = "wasm32")]
pub use create::CreatePage;
#[cfg(target_arch = "wasm32")]
pub use versions::{TrainLink, VersionsPage};
