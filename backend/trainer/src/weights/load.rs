//! Reading a state dict into a model.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData, bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::card::labels_of;
use crate::model::{is_class_layer, is_class_output, published_name};

use super::{DFL_NAME, Mismatch, WeightsError, visit_named};

/// What to do with the layers whose shape depends on the number of classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassLayers<'a> {
    /// They must fit like all others.
    Required,
    /// Those of another shape keep the model's own values: fine-tuning on other classes.
    KeepOnMismatch,
    /// As [`KeepOnMismatch`](Self::KeepOnMismatch), and the outputs also keep the model's own values if the file says
    /// that it learnt other labels than these, in class order. Of a file that says nothing only the shapes are known.
    OfLabels(&'a [String]),
}

/// A model with weights from a file.
#[derive(Debug)]
pub struct Loaded<M> {
    /// The model.
    pub model: M,
    /// Published names that kept the model's own values; empty with [`ClassLayers::Required`].
    pub kept: Vec<String>,
    /// The labels of the file, where they are not those that were asked for.
    pub other_labels: Option<Vec<String>>,
}

/// Reads the weights of `model` from a safetensors file.
///
/// Errors: see [`WeightsError`]; the model is only changed when everything fits.
pub fn load<M: Module>(
    model: M,
    path: &Path,
    class_layers: ClassLayers<'_>,
) -> Result<Loaded<M>, WeightsError> {
    let bytes = std::fs::read(path).map_err(|source| WeightsError::Read { path: path.to_owned(), source })?;
    load_bytes(model, &bytes, class_layers)
}

/// The same from memory.
pub fn load_bytes<M: Module>(
    model: M,
    bytes: &[u8],
    class_layers: ClassLayers<'_>,
) -> Result<Loaded<M>, WeightsError> {
    let tensors = tensors_of(bytes)?;
    let other_labels = other_labels(bytes, class_layers);
    let mut kept = compare(&model, &tensors, class_layers)?;
    if other_labels.is_some() {
        kept.extend(tensors.keys().filter(|name| is_class_output(name)).cloned());
    }
    let mut values = BTreeMap::new();
    for (name, view) in tensors.iter().filter(|(name, _)| !kept.contains(*name)) {
        values.insert(name.clone(), read_values(name, view)?);
    }
    let model = model.map(&mut ValuesMapper { path: Vec::new(), values });
    Ok(Loaded { model, kept: kept.into_iter().collect(), other_labels })
}

/// What a file has learnt, if that is known and is something else: then its outputs mean other classes, whatever their
/// shapes.
fn other_labels(bytes: &[u8], class_layers: ClassLayers<'_>) -> Option<Vec<String>> {
    match class_layers {
        ClassLayers::Required | ClassLayers::KeepOnMismatch => None,
        ClassLayers::OfLabels(wanted) => labels_of(bytes).filter(|found| found != wanted),
    }
}

/// Whether a file in memory could be loaded into `model`, without doing so.
///
/// Errors: see [`WeightsError`].
pub fn check_bytes<M: Module>(
    model: &M,
    bytes: &[u8],
    class_layers: ClassLayers<'_>,
) -> Result<(), WeightsError> {
    let tensors = tensors_of(bytes)?;
    compare(model, &tensors, class_layers)?;
    let is_readable = |dtype| matches!(dtype, Dtype::F16 | Dtype::BF16 | Dtype::F32 | Dtype::F64);
    match tensors.iter().find(|(_, view)| !is_readable(view.dtype())) {
        Some((name, view)) => {
            Err(WeightsError::DataType { name: name.clone(), found: format!("{:?}", view.dtype()) })
        }
        None => Ok(()),
    }
}

/// The tensors of a file that belong to a model, by name.
fn tensors_of(bytes: &[u8]) -> Result<BTreeMap<String, TensorView<'_>>, WeightsError> {
    Ok(SafeTensors::deserialize(bytes)?
        .tensors()
        .into_iter()
        .filter(|(name, _)| !name.ends_with("num_batches_tracked") && name != DFL_NAME)
        .collect())
}

/// Compares names and shapes; returns the class layers that keep their own values.
fn compare<M: Module>(
    model: &M,
    tensors: &BTreeMap<String, TensorView<'_>>,
    class_layers: ClassLayers<'_>,
) -> Result<BTreeSet<String>, WeightsError> {
    let mut mismatch = Mismatch::default();
    let mut known = BTreeSet::new();
    let mut kept = BTreeSet::new();
    visit_named(model, |tensor| {
        match tensors.get(&tensor.name) {
            None => mismatch.missing.push(tensor.name.clone()),
            Some(view) if view.shape() != tensor.shape => {
                if class_layers != ClassLayers::Required && is_class_layer(&tensor.name) {
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
        let Some(values) = self.values.remove(&published_name(&self.path.join("."))) else {
            return param;
        };
        param.map(|old| {
            let data = TensorData::new(values, old.shape());
            Tensor::from_data(data, &old.device()).set_require_grad(old.is_require_grad())
        })
    }
}
