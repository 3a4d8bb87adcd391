//! The wizard that starts a training: data, configuration, service.
//!
//! Must not check values by itself: `shared` and the server do.

pub mod draft;
pub mod facts;
pub mod overrides;
pub mod service_form;
pub mod steps;

#[cfg(target_arch = "wasm32")]
mod choice;
#[cfg(target_arch = "wasm32")]
mod configuration_step;
#[cfg(target_arch = "wasm32")]
mod data_step;
#[cfg(target_arch = "wasm32")]
mod fields;
#[cfg(target_arch = "wasm32")]
mod keeper;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
mod service_field;
#[cfg(target_arch = "wasm32")]
mod service_step;
#[cfg(target_arch = "wasm32")]
mod submit;
#[cfg(target_arch = "wasm32")]
mod summary;
#[cfg(target_arch = "wasm32")]
mod wizard;

#[cfg(target_arch = "wasm32")]
pub use choice::mode_label;
#[cfg(target_arch = "wasm32")]
pub use data_step::dataset_options;
#[cfg(target_arch = "wasm32")]
pub use page::TrainPage;
#[cfg(target_arch = "wasm32")]
pub use service_field::ServiceSetting;
