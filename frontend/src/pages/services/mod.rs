//! Training services: their list, the page of each, and the machines that they run on.
//!
//! Must not decide what a service may do: `shared` and the server do.

pub mod can;
pub mod gpus;
mod load;
pub mod queue;

#[cfg(target_arch = "wasm32")]
mod configuration;
#[cfg(target_arch = "wasm32")]
mod errors;
#[cfg(target_arch = "wasm32")]
mod executions;
#[cfg(target_arch = "wasm32")]
mod head;
#[cfg(target_arch = "wasm32")]
mod instances;
#[cfg(target_arch = "wasm32")]
mod list;
#[cfg(target_arch = "wasm32")]
mod machine_form;
#[cfg(target_arch = "wasm32")]
mod machines;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
mod revisions;

#[cfg(target_arch = "wasm32")]
pub use list::ServicesPage;
#[cfg(target_arch = "wasm32")]
pub use machines::MachinesPage;
#[cfg(target_arch = "wasm32")]
pub use page::ServicePage;
