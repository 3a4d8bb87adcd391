//! The model's tensors on the host, in one fixed order: what the optimiser steps, the average follows and
//! checkpoints keep.
//!
//! The device's model is written after every step; this table is the truth. Knows no losses and no files.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};
use rayon::prelude::*;

use crate::model::{ParameterKind, published_name};

/// A tensor could not be fetched from the device, or a gradient is missing.
#[derive(Debug, thiserror::Error)]
#[error("cannot fetch {name} from the device: {reason}")]
pub struct ParameterError {
    /// Published name of the tensor.
    pub name: String,
    /// The device's words.
    pub reason: String,
}

/// One tensor of the model.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Published name.
    pub name: String,
    /// What it is.
    pub kind: ParameterKind,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its values.
    pub value: Vec<f32>,
    /// Gradient of the last step; empty for running statistics and before the first step.
    pub gradient: Vec<f32>,
    /// The optimiser's first moment (momentum); empty until used.
    pub first: Vec<f32>,
    /// The optimiser's second moment; empty until used.
    pub second: Vec<f32>,
    /// Exponential moving average of the values.
    pub average: Vec<f32>,
}

impl Slot {
    /// Whether the optimiser steps it.
    pub fn is_trained(&self) -> bool {
        self.kind != ParameterKind::State
    }
}

/// Values of all tensors of a model, in the table's order.
pub type Values = Vec<Vec<f32>>;

/// All tensors of a model, in the order in which the model is visited.
#[derive(Clone, Debug)]
pub struct ParameterTable {
    /// The tensors.
    pub slots: Vec<Slot>,
}

impl ParameterTable {
    /// Fetches a model's tensors; the average starts at their values.
    ///
    /// # Errors
    /// If the device fails.
    pub fn new<M: Module>(model: &M) -> Result<Self, ParameterError> {
        let mut slots = Vec::new();
        visit(model, |name, tensor| {
            let value = tensor.values(&name)?;
            slots.push(Slot {
                kind: ParameterKind::of(&name, tensor.shape().len()),
                name,
                shape: tensor.shape(),
                average: value.clone(),
                value,
                gradient: Vec::new(),
                first: Vec::new(),
                second: Vec::new(),
            });
            Ok(())
        })?;
        Ok(Self { slots })
    }

    /// Moves the gradients of a backward pass into the table.
    /// A parameter that the loss does not reach gets a gradient of zeros.
    ///
    /// # Errors
    /// If the device fails.
    pub fn take_gradients<M: Module>(
        &mut self,
        model: &M,
        gradients: &mut Gradients,
    ) -> Result<(), ParameterError> {
        let mut slots = self.slots.iter_mut();
        visit(model, |name, tensor| {
            if let Some(slot) = slots.next().filter(|slot| slot.is_trained()) {
                slot.gradient = match tensor.gradient(&name, gradients)? {
                    Some(values) => values,
                    None => vec![0.0; slot.value.len()],
                };
            }
            Ok(())
        })
    }

    /// Fetches the running statistics, which the forward pass moves, from the model.
    ///
    /// # Errors
    /// If the device fails.
    pub fn take_statistics<M: Module>(&mut self, model: &M) -> Result<(), ParameterError> {
        let mut slots = self.slots.iter_mut();
        visit(model, |name, tensor| {
            if let Some(slot) = slots.next().filter(|slot| !slot.is_trained()) {
                slot.value = tensor.values(&name)?;
            }
            Ok(())
        })
    }

    /// A model with the table's values; running statistics too where `with_statistics`.
    pub fn write<M: Module>(&self, model: M, with_statistics: bool) -> M {
        write_each(
            model,
            self.slots.iter().map(|slot| (with_statistics || slot.is_trained()).then_some(&slot.value)),
        )
    }

    /// A model with the averaged values.
    pub fn write_average<M: Module>(&self, model: M) -> M {
        write_each(model, self.slots.iter().map(|slot| Some(&slot.average)))
    }

    /// The averaged values, tensor by tensor.
    pub fn averages(&self) -> Values {
        self.slots.par_iter().map(|slot| slot.average.clone()).collect()
    }

    /// A copy of all that a checkpoint keeps, which later steps do not change.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        let copy = |slot: &Slot| Slot {
            name: slot.name.clone(),
            kind: slot.kind,
            shape: slot.shape.clone(),
            value: slot.value.clone(),
            gradient: Vec::new(),
            first: slot.first.clone(),
            second: slot.second.clone(),
            average: slot.average.clone(),
        };
        Self { slots: self.slots.par_iter().map(copy).collect() }
    }

    /// Moves the average: average * decay + value * (1 - decay).
    ///
    /// Running statistics are averages already, so they are taken as they are, less `start_share` of the mean 0
    /// and variance 1 that they started from: early in a training these would drown the data's.
    pub fn average(&mut self, decay: f64, start_share: f64) {
        let kept = decay as f32;
        let share = start_share as f32;
        self.slots.par_iter_mut().for_each(|slot| {
            if slot.is_trained() {
                for (average, value) in slot.average.iter_mut().zip(&slot.value) {
                    *average = *average * kept + *value * (1.0 - kept);
                }
                return;
            }
            let start = if slot.name.ends_with("running_var") { 1.0 } else { 0.0 };
            for (average, value) in slot.average.iter_mut().zip(&slot.value) {
                *average = (*value - share * start) / (1.0 - share);
            }
        });
    }

    /// L2 norm of each trained parameter's gradient, by name.
    pub fn gradient_norms(&self) -> Vec<(String, f64)> {
        let trained = self.slots.par_iter().filter(|slot| slot.is_trained());
        trained.map(|slot| (slot.name.clone(), square_sum(&slot.gradient).sqrt())).collect()
    }

    /// Scales all gradients down so that their joint L2 norm is at most `limit`; returns the norm before.
    /// A limit of 0 does nothing.
    pub fn clip_gradients(&mut self, limit: f64) -> f64 {
        // The sums of the slots are added in a fixed order, so that the same run gives the same bits.
        let squares: Vec<f64> = self.slots.par_iter().map(|slot| square_sum(&slot.gradient)).collect();
        let norm = squares.iter().sum::<f64>().sqrt();
        if limit > 0.0 && norm > limit {
            let factor = (limit / (norm + 1e-6)) as f32;
            self.slots.par_iter_mut().for_each(|slot| {
                for value in &mut slot.gradient {
                    *value *= factor;
                }
            });
        }
        norm
    }

    /// Number of trained values.
    pub fn trained_count(&self) -> usize {
        self.slots.iter().filter(|slot| slot.is_trained()).map(|slot| slot.value.len()).sum()
    }
}

/// Eight sums side by side, so that additions do not wait for each other; the order is fixed.
fn square_sum(values: &[f32]) -> f64 {
    let (rows, rest) = values.as_chunks::<8>();
    let mut sums = [0.0_f64; 8];
    for row in rows {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += f64::from(*value) * f64::from(*value);
        }
    }
    let rest = rest.iter().map(|value| f64::from(*value) * f64::from(*value));
    sums.into_iter().sum::<f64>() + rest.sum::<f64>()
}

/// One visited tensor, with its rank forgotten.
trait AnyTensor {
    fn shape(&self) -> Vec<usize>;
    fn values(&self, name: &str) -> Result<Vec<f32>, ParameterError>;
    fn gradient(&self, name: &str, from: &mut Gradients) -> Result<Option<Vec<f32>>, ParameterError>;
}

impl<const D: usize> AnyTensor for Tensor<D> {
    fn shape(&self) -> Vec<usize> {
        self.dims().to_vec()
    }

    fn values(&self, name: &str) -> Result<Vec<f32>, ParameterError> {
        let failed = |reason| ParameterError { name: name.to_owned(), reason };
        let data = self.clone().inner().try_into_data().map_err(|error| failed(format!("{error:?}")))?;
        data.convert::<f32>().try_into_vec().map_err(|error| failed(format!("{error:?}")))
    }

    fn gradient(&self, name: &str, from: &mut Gradients) -> Result<Option<Vec<f32>>, ParameterError> {
        self.grad_remove(from).map(|gradient| gradient.values(name)).transpose()
    }
}

type Each<'a> = dyn FnMut(String, &dyn AnyTensor) -> Result<(), ParameterError> + 'a;

fn visit<M: Module>(
    module: &M,
    mut each: impl FnMut(String, &dyn AnyTensor) -> Result<(), ParameterError>,
) -> Result<(), ParameterError> {
    let mut visitor = Visitor { path: Vec::new(), each: &mut each, result: Ok(()) };
    module.visit(&mut visitor);
    visitor.result
}

struct Visitor<'a, 'b> {
    path: Vec<String>,
    each: &'a mut Each<'b>,
    result: Result<(), ParameterError>,
}

impl ModuleVisitor for Visitor<'_, '_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.result.is_ok() {
            self.result = (self.each)(published_name(&self.path.join(".")), &param.val());
        }
    }
}

/// A model with these values; a tensor keeps its own where there are none.
pub fn write_each<'a, M: Module>(model: M, values: impl Iterator<Item = Option<&'a Vec<f32>>>) -> M {
    model.map(&mut Writer { values })
}

struct Writer<I> {
    values: I,
}

impl<'a, I: Iterator<Item = Option<&'a Vec<f32>>>> ModuleMapper for Writer<I> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(value) = self.values.next().flatten() else { return param };
        param.map(|old| {
            let data = TensorData::new(value.clone(), old.shape());
            Tensor::from_data(data, &old.device()).set_require_grad(old.is_require_grad())
        })
    }
}
