//! Reading a state dict into a model.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData, bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::model::yolov8::{is_class_layer, ultralytics_name};

use super::{DFL_NAME, Mismatch, WeightsError, visit_named};

/// What to do with the layers whose shape depends on the number of classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassLayers {
    /// They must fit like all others.
    Required,
    /// Those of another shape keep the model's own values: fine-tuning on other classes.
    KeepOnMismatch,
}

/// A model with weights from a file.
#[derive(Debug)]
pub struct Loaded<M> {
    /// The model.
    pub model: M,
    /// Published names that kept the model's own values; empty with [`ClassLayers::Required`].
    pub kept: Vec<String>,
}

/// Reads the weights of `model` from a safetensors file.
///
/// Errors: see [`WeightsError`]; the model is only changed when everything fits.
pub fn load<M: Module>(model: M, path: &Path, class_layers: ClassLayers) -> Result<Loaded<M>, WeightsError> {
    let bytes = std::fs::read(path).map_err(|source| WeightsError::Read { path: path.to_owned(), source })?;
    load_bytes(model, &bytes, class_layers)
}

/// The same from memory.
pub fn load_bytes<M: Module>(
    model: M,
    bytes: &[u8],
    class_layers: ClassLayers,
) -> Result<Loaded<M>, WeightsError> {
    let file = SafeTensors::deserialize(bytes)?;
    let tensors: BTreeMap<String, TensorView<'_>> = file
        .tensors()
        .into_iter()
        .filter(|(name, _)| !name.ends_with("num_batches_tracked") && name != DFL_NAME)
        .collect();
    let kept = compare(&model, &tensors, class_layers)?;
    let mut values = BTreeMap::new();
    for (name, view) in tensors.iter().filter(|(name, _)| !kept.contains(*name)) {
        values.insert(name.clone(), read_values(name, view)?);
    }
    let model = model.map(&mut ValuesMapper { path: Vec::new(), values });
    Ok(Loaded { model, kept: kept.into_iter().collect() })
}

/// Compares names and shapes; returns the class layers that keep their own values.
fn compare<M: Module>(
    model: &M,
    tensors: &BTreeMap<String, TensorView<'_>>,
    class_layers: ClassLayers,
) -> Result<BTreeSet<String>, WeightsError> {
    let mut mismatch = Mismatch::default();
    let mut known = BTreeSet::new();
    let mut kept = BTreeSet::new();
    visit_named(model, |tensor| {
        match tensors.get(&tensor.name) {
            None => mismatch.missing.push(tensor.name.clone()),
            Some(view) if view.shape() != tensor.shape => {
                if class_layers == ClassLayers::KeepOnMismatch && is_class_layer(&tensor.name) {
                    kept.insert(tensor.name.clone());
                } else {
                    let shapes = (tensor.name.clone(), tensor.shape, view.shape().to_vec());
                    mismatch.misshaped.push(shapes);
                }
            }
            Some(_) => {}
        }
        known.insert(tensor.name);
    });
    mismatch.unexpected = tensors.keys().filter(|name| !known.contains(*name)).cloned().collect();
    if mismatch.is_empty() { Ok(kept) } else { Err(WeightsError::Mismatch(mismatch)) }
}

fn read_values(name: &str, view: &TensorView<'_>) -> Result<Vec<f32>, WeightsError> {
    let data = view.data();
    Ok(match view.dtype() {
        Dtype::F16 => decode(data, |bytes| f16::from_le_bytes(bytes).to_f32()),
        Dtype::BF16 => decode(data, |bytes| bf16::from_le_bytes(bytes).to_f32()),
        Dtype::F32 => decode(data, f32::from_le_bytes),
        Dtype::F64 => decode(data, |bytes| f64::from_le_bytes(bytes) as f32),
        other => {
            return Err(WeightsError::DataType { name: name.to_owned(), found: format!("{other:?}") });
        }
    })
}

fn decode<const B: usize>(data: &[u8], value: impl Fn([u8; B]) -> f32) -> Vec<f32> {
    data.as_chunks::<B>().0.iter().map(|bytes| value(*bytes)).collect()
}

/// Puts values in by published name; names and shapes are already known to fit.
struct ValuesMapper {
    path: Vec<String>,
    values: BTreeMap<String, Vec<f32>>,
}

impl ModuleMapper for ValuesMapper {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(values) = self.values.remove(&ultralytics_name(&self.path.join("."))) else {
            return param;
        };
        param.map(|old| {
            let data = TensorData::new(values, old.shape());
            Tensor::from_data(data, &old.device()).set_require_grad(old.is_require_grad())
        })
    }
}
