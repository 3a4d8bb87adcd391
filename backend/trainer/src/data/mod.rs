//! From image files to batches: decoding, memory, order and threads.
//!
//! Must not know the model or the losses.

mod batch;
mod picture;
mod prefetch;
mod store;

pub use batch::{Batch, epoch_order, letterboxed_batch, order_by_shape, train_batch};
pub use picture::{Fit, Picture, PictureError, read_image};
pub use prefetch::for_each_ahead;
pub use store::{PictureStore, Prepared};
