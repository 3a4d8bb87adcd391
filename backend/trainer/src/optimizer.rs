//! How a step changes the weights: SGD with Nesterov momentum, or AdamW.
//!
//! Works on the host's [`ParameterTable`], one pass over memory for each tensor, all tensors in parallel.
//! Three groups: convolution weights (with decay), biases and shifts, normalisation scales (both without).

use rayon::prelude::*;
use shared::config::{ClassificationConfig, DetectionConfig, Optimizer};

use crate::model::ParameterKind;
use crate::parameters::{ParameterTable, Slot};

/// Trainings of fewer steps than this take AdamW when the optimizer is `auto`.
const SHORT_TRAINING_STEPS: u64 = 10_000;
const SECOND_MOMENT_DECAY: f64 = 0.999;
const ADAM_EPSILON: f32 = 1e-8;

/// The rule of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Rule {
    /// Nesterov's momentum: v = m v + g; w -= lr (g + m v). Source: Sutskever et al. 2013, as in PyTorch.
    Sgd,
    /// Adam with decoupled weight decay. Source: Loshchilov and Hutter 2019, algorithm 2.
    AdamW,
}

/// What `optimizer`, `lr0`, `momentum` and `warmup_bias_lr` come to for one training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recipe {
    /// The rule.
    pub rule: Rule,
    /// Learning rate after the warm-up.
    pub learning_rate: f64,
    /// Momentum of SGD, first beta of AdamW.
    pub momentum: f64,
    /// Momentum at the start of the warm-up.
    pub warmup_momentum: f64,
    /// Learning rate of biases at the start of the warm-up.
    pub warmup_bias_learning_rate: f64,
}

impl Recipe {
    /// Resolves `auto`: AdamW with 0.002 * 5 / (4 + classes), rounded to six digits, for trainings of under
    /// 10,000 steps, else SGD with 0.01; momentum 0.9; no raised bias rate.
    pub fn of_detection(config: &DetectionConfig, classes: usize, steps: u64) -> Self {
        let given = |rule| Self {
            rule,
            learning_rate: config.lr0,
            momentum: config.momentum,
            warmup_momentum: config.warmup_momentum,
            warmup_bias_learning_rate: config.warmup_bias_lr,
        };
        let chosen = |rule, learning_rate| Self {
            rule,
            learning_rate,
            momentum: 0.9,
            warmup_momentum: config.warmup_momentum,
            warmup_bias_learning_rate: 0.0,
        };
        match config.optimizer {
            Optimizer::Sgd => given(Rule::Sgd),
            Optimizer::AdamW => given(Rule::AdamW),
            Optimizer::Auto if steps < SHORT_TRAINING_STEPS => {
                let rate = 0.002 * 5.0 / (4.0 + classes as f64);
                chosen(Rule::AdamW, (rate * 1e6).round() / 1e6)
            }
            Optimizer::Auto => chosen(Rule::Sgd, 0.01),
        }
    }

    /// As given; momentum and the rate of biases move as the others do.
    pub fn of_classification(config: &ClassificationConfig) -> Self {
        Self {
            rule: if config.optimizer == Optimizer::AdamW { Rule::AdamW } else { Rule::Sgd },
            learning_rate: config.lr0,
            momentum: config.momentum,
            warmup_momentum: config.momentum,
            warmup_bias_learning_rate: 0.0,
        }
    }
}

/// The numbers of one step.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Learning rate of weights and scales.
    pub learning_rate: f64,
    /// Learning rate of biases and shifts.
    pub bias_learning_rate: f64,
    /// Momentum of SGD, first beta of AdamW.
    pub momentum: f64,
    /// Weight decay of the convolution weights.
    pub weight_decay: f64,
    /// This step's number, from 1.
    pub number: u64,
}

/// Steps every trained parameter along its gradient.
pub fn step(table: &mut ParameterTable, rule: Rule, step: &Step) {
    table.slots.par_iter_mut().filter(|slot| slot.is_trained()).for_each(|slot| {
        let rate = match slot.kind {
            ParameterKind::Bias => step.bias_learning_rate,
            _ => step.learning_rate,
        };
        let decay = if slot.kind == ParameterKind::Weight { step.weight_decay } else { 0.0 };
        match rule {
            Rule::Sgd => sgd(slot, rate as f32, step.momentum as f32, decay as f32),
            Rule::AdamW => adam(slot, rate, decay, step),
        }
    });
}

fn sgd(slot: &mut Slot, rate: f32, momentum: f32, decay: f32) {
    slot.first.resize(slot.value.len(), 0.0);
    for ((value, gradient), velocity) in slot.value.iter_mut().zip(&slot.gradient).zip(&mut slot.first) {
        let slope = *gradient + decay * *value;
        *velocity = momentum * *velocity + slope;
        *value -= rate * (slope + momentum * *velocity);
    }
}

fn adam(slot: &mut Slot, rate: f64, decay: f64, step: &Step) {
    slot.first.resize(slot.value.len(), 0.0);
    slot.second.resize(slot.value.len(), 0.0);
    let number = step.number as f64;
    let first_correction = 1.0 - step.momentum.powf(number);
    let second_correction = (1.0 - SECOND_MOMENT_DECAY.powf(number)).sqrt() as f32;
    let pace = (rate / first_correction) as f32;
    let shrink = (1.0 - rate * decay) as f32;
    let (beta1, beta2) = (step.momentum as f32, SECOND_MOMENT_DECAY as f32);
    let moments = slot.first.iter_mut().zip(&mut slot.second);
    for ((value, gradient), (first, second)) in slot.value.iter_mut().zip(&slot.gradient).zip(moments) {
        *first += (1.0 - beta1) * (*gradient - *first);
        *second += (1.0 - beta2) * (*gradient * *gradient - *second);
        let spread = second.sqrt() / second_correction + ADAM_EPSILON;
        *value = *value * shrink - pace * *first / spread;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(kind: ParameterKind, value: f32, gradient: f32) -> ParameterTable {
        let slot = Slot {
            name: "x".into(),
            kind,
            shape: vec![1],
            value: vec![value],
            gradient: vec![gradient],
            first: vec![],
            second: vec![],
            average: vec![value],
        };
        ParameterTable { slots: vec![slot] }
    }

    const STEP: Step =
        Step { learning_rate: 0.1, bias_learning_rate: 0.2, momentum: 0.9, weight_decay: 0.5, number: 1 };

    #[test]
    fn first_steps_by_hand() {
        let check = |rule, kind, expected: f32| {
            let mut table = table(kind, 2.0, 3.0);
            step(&mut table, rule, &STEP);
            let value = table.slots[0].value[0];
            assert!((value - expected).abs() < 1e-5, "{rule:?} {kind:?}: {value}");
        };
        // Nesterov: 2 - 0.1 * (1 + 0.9) * (3 + 0.5 * 2).
        check(Rule::Sgd, ParameterKind::Weight, 2.0 - 0.1 * 1.9 * 4.0);
        check(Rule::Sgd, ParameterKind::Scale, 2.0 - 0.1 * 1.9 * 3.0);
        check(Rule::Sgd, ParameterKind::Bias, 2.0 - 0.2 * 1.9 * 3.0);
        // Adam's first step has the length of the learning rate, whatever the gradient.
        check(Rule::AdamW, ParameterKind::Weight, 2.0 * (1.0 - 0.05) - 0.1);
        check(Rule::AdamW, ParameterKind::Bias, 2.0 - 0.2);
    }

    #[test]
    fn both_rules_find_the_bottom_of_a_bowl() {
        for rule in [Rule::Sgd, Rule::AdamW] {
            let mut table = table(ParameterKind::Scale, 5.0, 0.0);
            for number in 1..=400 {
                table.slots[0].gradient[0] = 2.0 * (table.slots[0].value[0] - 1.0);
                step(&mut table, rule, &Step { learning_rate: 0.05, number, ..STEP });
            }
            assert!((table.slots[0].value[0] - 1.0).abs() < 0.05, "{rule:?}: {}", table.slots[0].value[0]);
        }
    }

    #[test]
    fn running_statistics_are_left_alone() {
        let mut table = table(ParameterKind::State, 2.0, 3.0);
        step(&mut table, Rule::AdamW, &STEP);
        assert_eq!(table.slots[0].value, [2.0]);
    }

    #[test]
    fn auto_depends_on_length_and_classes() {
        let config = DetectionConfig::default();
        let short = Recipe::of_detection(&config, 3, 400);
        assert_eq!((short.rule, short.learning_rate, short.momentum), (Rule::AdamW, 0.001_429, 0.9));
        let long = Recipe::of_detection(&config, 3, 10_000);
        assert_eq!((long.rule, long.learning_rate), (Rule::Sgd, 0.01));
        let given = DetectionConfig { optimizer: Optimizer::Sgd, lr0: 0.02, ..config };
        let recipe = Recipe::of_detection(&given, 3, 400);
        assert_eq!((recipe.rule, recipe.learning_rate, recipe.momentum), (Rule::Sgd, 0.02, 0.937));
    }

    #[test]
    fn clipping_keeps_the_direction() {
        let mut table = table(ParameterKind::Weight, 0.0, 30.0);
        assert_eq!(table.clip_gradients(10.0), 30.0);
        assert!((table.slots[0].gradient[0] - 10.0).abs() < 1e-4);
        assert!((table.clip_gradients(20.0) - 10.0).abs() < 1e-4);
        assert!((table.slots[0].gradient[0] - 10.0).abs() < 1e-4);
    }
}
