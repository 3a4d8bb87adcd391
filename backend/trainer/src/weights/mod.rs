//! Weights in and out as safetensors, under the names by which the wider ecosystem knows them.
//!
//! Reads half or single precision, writes single precision.
//! Knows parameter names and shapes; must not know training.

mod error;
mod load;
mod save;

pub use error::{Mismatch, WeightsError};
pub use load::{ClassLayers, Loaded, check_bytes, load, load_bytes};
pub use save::{save, to_bytes};

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

use crate::model::published_name;
use crate::model::yolov8::REG_MAX;

/// The constant 0..15 of YOLOv8's published state dict; our decoder computes it.
const DFL_NAME: &str = "model.22.dfl.conv.weight";
/// What names of tensors begin with beside which it stands.
const HEAD: &str = "model.22.";

/// Calls back for every tensor of a module with its published name.
pub(crate) struct NamedVisitor<F> {
    path: Vec<String>,
    each: F,
}

/// What [`NamedVisitor`] hands over: values are only fetched from the device when asked for.
pub(crate) struct NamedTensor<'a> {
    pub name: String,
    pub shape: Vec<usize>,
    pub fetch: &'a dyn Fn() -> Result<Vec<f32>, WeightsError>,
}

/// Visits all float tensors of `module` in their fixed order.
pub(crate) fn visit_named<M: Module, F: FnMut(NamedTensor<'_>)>(module: &M, each: F) {
    module.visit(&mut NamedVisitor { path: Vec::new(), each });
}

impl<F: FnMut(NamedTensor<'_>)> ModuleVisitor for NamedVisitor<F> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = published_name(&self.path.join("."));
        let value = param.val();
        let fetch = || {
            let data = value.clone().into_data().convert::<f32>();
            data.try_to_vec::<f32>().map_err(|error| WeightsError::Device(format!("{error:?}")))
        };
        (self.each)(NamedTensor { name, shape: value.shape().to_vec(), fetch: &fetch });
    }
}

fn dfl_values() -> Vec<f32> {
    (0..REG_MAX).map(|bin| bin as f32).collect()
}

#[cfg(test)]
mod tests;
