//! How learning rate, momentum and the average's decay move over a training.
//!
//! Pure functions of step and epoch. Knows no weights.

use std::f64::consts::PI;

use shared::config::Schedule;

use crate::family::CommonSettings;
use crate::optimizer::{Recipe, Step};

/// Share of all steps in which the rate of a one-cycle schedule rises, and the part of the highest rate that it rises
/// from. Source: Smith and Topin 2018, "Super-Convergence", with the numbers of PyTorch's OneCycleLR.
const RISE: f64 = 0.3;
const RISES_FROM: f64 = 1.0 / 25.0;

/// The plan of one training.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    recipe: Recipe,
    schedule: Schedule,
    last_fraction: f64,
    epochs: u32,
    steps: f64,
    warmup_steps: f64,
    weight_decay: f64,
    average_decay: f64,
}

impl Plan {
    /// A plan for `steps_per_epoch` steps in each of the configuration's epochs.
    pub fn new(config: &CommonSettings, recipe: Recipe, steps_per_epoch: u64) -> Self {
        Self {
            recipe,
            schedule: config.schedule,
            last_fraction: config.lrf,
            epochs: config.epochs,
            steps: (steps_per_epoch * u64::from(config.epochs)) as f64,
            warmup_steps: (config.warmup_epochs * steps_per_epoch as f64).round(),
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
    /// A one-cycle schedule moves with every step, and the others with every epoch. During the warm-up the rate of weights rises from 0, that of biases moves from `warmup_bias_lr`, both to
    /// the epoch's rate, and the momentum rises from `warmup_momentum`.
    pub fn step(&self, epoch: u32, number: u64) -> Step {
        let fraction = match self.schedule {
            Schedule::OneCycle => self.cycle(number),
            Schedule::Linear | Schedule::Cosine => self.fraction(epoch),
        };
        let target = self.recipe.learning_rate * fraction;
        let done =
            if self.warmup_steps > 0.0 { ((number - 1) as f64 / self.warmup_steps).min(1.0) } else { 1.0 };
        let between = |from: f64, to: f64| from + (to - from) * done;
        Step {
            learning_rate: between(0.0, target),
            bias_learning_rate: between(self.recipe.warmup_bias_learning_rate, target),
            momentum: between(self.recipe.warmup_momentum.min(self.recipe.momentum), self.recipe.momentum),
            weight_decay: self.weight_decay,
            number,
        }
    }

    /// Part of the highest rate in step `number` of a one-cycle schedule: up by half a cosine, and down by another.
    fn cycle(&self, number: u64) -> f64 {
        let done = (number - 1) as f64 / (self.steps - 1.0).max(1.0);
        let between =
            |from: f64, to: f64, done: f64| to + (from - to) * f64::midpoint((done * PI).cos(), 1.0);
        if done < RISE {
            between(RISES_FROM, 1.0, done / RISE)
        } else {
            between(1.0, self.last_fraction, ((done - RISE) / (1.0 - RISE)).min(1.0))
        }
    }

    /// Part of the learning rate that is left in `epoch` (from 0): from 1 at the start to `lrf` at the end.
    pub fn fraction(&self, epoch: u32) -> f64 {
        let done = f64::from(epoch) / f64::from(self.epochs.max(1));
        let left = match self.schedule {
            Schedule::Linear => (1.0 - done).max(0.0),
            Schedule::Cosine | Schedule::OneCycle => f64::midpoint((done * PI).cos(), 1.0),
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
    use shared::config::{ClassificationConfig, DetectionConfig};

    use super::*;
    use crate::family::Settings;

    fn plan(schedule: Schedule) -> Plan {
        let config =
            DetectionConfig { epochs: 10, schedule, warmup_epochs: 2.0, ..DetectionConfig::default() };
        Plan::new(&config.common(), Recipe::of_detection(&config, 3, 100), 10)
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
    fn one_cycle_goes_up_and_down_by_steps() {
        let config = ClassificationConfig { epochs: 10, lrf: 0.01, ..ClassificationConfig::default() };
        let plan = Plan::new(&config.common(), Recipe::of_classification(&config), 10);
        let rates: Vec<f64> =
            (0..100).map(|index| plan.step((index / 10) as u32, index as u64 + 1).learning_rate).collect();
        let highest = rates.iter().copied().fold(0.0, f64::max);
        let place = rates.iter().position(|rate| *rate == highest).unwrap();
        assert!((29..=31).contains(&place) && (highest - 0.1).abs() < 1e-4, "{place}: {highest}");
        assert!(rates[..place].is_sorted() && rates[place..].is_sorted_by(|a, b| a >= b));
        assert!((rates[0] - 0.004).abs() < 1e-12 && (rates[99] - 0.001).abs() < 1e-12, "{rates:?}");
        assert_eq!(plan.step(0, 1).momentum, 0.9);
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
