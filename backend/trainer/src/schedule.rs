//! How learning rate, momentum and the average's decay move over a training.
//!
//! Pure functions of step and epoch. Knows no weights.

use shared::config::{DetectionConfig, Schedule};

use crate::optimizer::{Recipe, Step};

/// The plan of one training.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    recipe: Recipe,
    schedule: Schedule,
    last_fraction: f64,
    epochs: u32,
    warmup_steps: f64,
    warmup_momentum: f64,
    weight_decay: f64,
    average_decay: f64,
}

impl Plan {
    /// A plan for `steps_per_epoch` steps in each of the configuration's epochs.
    pub fn new(config: &DetectionConfig, recipe: Recipe, steps_per_epoch: u64) -> Self {
        Self {
            recipe,
            schedule: config.schedule,
            last_fraction: config.lrf,
            epochs: config.epochs,
            warmup_steps: (config.warmup_epochs * steps_per_epoch as f64).round(),
            warmup_momentum: config.warmup_momentum,
            weight_decay: config.weight_decay,
            average_decay: config.ema_decay,
        }
    }

    /// What the optimizer is, and its base rates.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The numbers of step `number` (from 1 over the whole training) in `epoch` (from 0).
    ///
    /// During the warm-up the rate of weights rises from 0, that of biases moves from `warmup_bias_lr`, both to
    /// the epoch's rate, and the momentum rises from `warmup_momentum`.
    pub fn step(&self, epoch: u32, number: u64) -> Step {
        let target = self.recipe.learning_rate * self.fraction(epoch);
        let done =
            if self.warmup_steps > 0.0 { ((number - 1) as f64 / self.warmup_steps).min(1.0) } else { 1.0 };
        let between = |from: f64, to: f64| from + (to - from) * done;
        Step {
            learning_rate: between(0.0, target),
            bias_learning_rate: between(self.recipe.warmup_bias_learning_rate, target),
            momentum: between(self.warmup_momentum.min(self.recipe.momentum), self.recipe.momentum),
            weight_decay: self.weight_decay,
            number,
        }
    }

    /// Part of the learning rate that is left in `epoch` (from 0): from 1 at the start to `lrf` at the end.
    pub fn fraction(&self, epoch: u32) -> f64 {
        let done = f64::from(epoch) / f64::from(self.epochs.max(1));
        let left = match self.schedule {
            Schedule::Linear => (1.0 - done).max(0.0),
            Schedule::Cosine => f64::midpoint((done * std::f64::consts::PI).cos(), 1.0),
        };
        left * (1.0 - self.last_fraction) + self.last_fraction
    }

    /// Decay of the average after `updates` steps: (1 + updates) / (10 + updates), at most `ema_decay`.
    ///
    /// So the average reaches over about the last ninth of the steps so far, in short trainings as in long ones.
    pub fn average_decay(&self, updates: u64) -> f64 {
        let updates = updates as f64;
        self.average_decay.min((1.0 + updates) / (10.0 + updates))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(schedule: Schedule) -> Plan {
        let config =
            DetectionConfig { epochs: 10, schedule, warmup_epochs: 2.0, ..DetectionConfig::default() };
        Plan::new(&config, Recipe::new(&config, 3, 100), 10)
    }

    #[test]
    fn rates_rise_then_fall() {
        for schedule in [Schedule::Linear, Schedule::Cosine] {
            let plan = plan(schedule);
            let rates: Vec<f64> = (0..100)
                .map(|index| plan.step((index / 10) as u32, index as u64 + 1).learning_rate)
                .collect();
            assert_eq!(rates[0], 0.0);
            assert!(rates[..10].windows(2).all(|pair| pair[0] < pair[1]));
            assert!(rates[20..].windows(2).all(|pair| pair[0] >= pair[1]));
            assert_eq!(plan.fraction(0), 1.0);
            assert!((plan.fraction(10) - 0.01).abs() < 1e-12);
        }
    }

    #[test]
    fn momentum_warms_up_and_the_average_slows_down() {
        let plan = plan(Schedule::Linear);
        assert_eq!(plan.step(0, 1).momentum, 0.8);
        assert_eq!(plan.step(5, 50).momentum, 0.9);
        assert!(plan.average_decay(1) < 0.2);
        assert!((plan.average_decay(90) - 0.91).abs() < 1e-12);
        assert_eq!(plan.average_decay(1_000_000), 0.9999);
    }
}
