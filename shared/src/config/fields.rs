//! The settings that every built-in architecture has, and the words that tables of settings are written in.
//!
//! Must not know defaults or rules between settings: those belong to each architecture's configuration.

use super::schema::{Field, Group, Kind, Rules, Schema};
use serde_json::{Map, Value};

/// Whole numbers up to this are exact in every reader of JSON, browsers included.
const LARGEST_EXACT: u64 = (1 << 53) - 1;

/// A share or a chance.
pub(super) const SHARE: Kind = number(0.0, 1.0);

/// A setting without unit or default, which the form hides at first.
pub(super) const fn field(
    group: Group,
    key: &'static str,
    label: &'static str,
    kind: Kind,
    help: &'static str,
) -> Field {
    let (unit, default) = (None, Value::Null);
    Field { key, also_known_as: &[], label, help, kind, unit, default, advanced: true, group }
}

impl Field {
    pub(super) fn basic(mut self) -> Self {
        self.advanced = false;
        self
    }

    pub(super) fn unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }

    pub(super) fn also_known_as(mut self, names: &'static [&'static str]) -> Self {
        self.also_known_as = names;
        self
    }
}

pub(super) const fn integer(min: u64, max: u64) -> Kind {
    Kind::Integer { min, max, multiple_of: 1 }
}

pub(super) const fn number(min: f64, max: f64) -> Kind {
    Kind::Number { min, max }
}

/// A table with the defaults of a configuration put in by key, and what holds between its settings.
pub(super) fn table(mut fields: Vec<Field>, defaults: &Map<String, Value>, rules: Rules) -> Schema {
    for field in &mut fields {
        field.default = defaults.get(field.key).cloned().unwrap_or(Value::Null);
    }
    Schema { fields, rules }
}

/// Length and size of a training; `patience` says which figure has to get better.
pub(super) fn training_fields(patience: &'static str) -> Vec<Field> {
    let of = |key, label, kind, help| field(Group::Training, key, label, kind, help);
    vec![
        of("epochs", "Epochs", integer(1, 100_000), "Passes over the train subset.")
            .basic()
            .unit("epochs")
            .also_known_as(&["n_epochs", "num_epochs", "max_epochs"]),
        of("batch_size", "Batch size", integer(1, 4096), "Images a step. More are steadier and need more memory.")
            .basic()
            .unit("images")
            .also_known_as(&["bs", "batchsize"]),
        of(
            "imgsz",
            "Image size",
            Kind::Integer { min: 32, max: 4096, multiple_of: 32 },
            "Side of the square that the network sees. Larger finds smaller things; time and memory grow with its square.",
        )
        .basic()
        .unit("px")
        .also_known_as(&["image_size", "img_size", "img", "size", "resolution"]),
        of("seed", "Seed", integer(0, LARGEST_EXACT), "Starts every random choice. The same seed gives the same curve.")
            .basic()
            .also_known_as(&["random_seed"]),
        of("patience", "Patience", integer(0, 100_000), patience)
            .unit("epochs")
            .also_known_as(&["early_stopping"]),
    ]
}

/// Last learning rate.
pub(super) fn last_rate_field() -> Field {
    let help = "Learning rate of the last epoch, as a fraction of the first.";
    field(Group::Optimizer, "lrf", "Last learning rate", SHARE, help).also_known_as(&["lr_final"])
}

/// How the learning rate moves.
pub(super) fn schedule_field(options: &'static [&'static str], help: &'static str) -> Field {
    field(Group::Optimizer, "schedule", "Schedule", Kind::Choice { options }, help).also_known_as(&[
        "cos_lr",
        "lr_schedule",
        "scheduler",
    ])
}

/// Momentum.
pub(super) fn momentum_field(help: &'static str) -> Field {
    field(Group::Optimizer, "momentum", "Momentum", number(0.0, 0.9999), help).also_known_as(&["beta1"])
}

/// Pull towards zero.
pub(super) fn weight_decay_field() -> Field {
    let help = "Pull of weights towards zero; biases and normalisation are left alone.";
    field(Group::Optimizer, "weight_decay", "Weight decay", SHARE, help).also_known_as(&["wd", "l2"])
}

/// Epochs over which the learning rate rises.
pub(super) fn warm_up_field(help: &'static str) -> Field {
    field(Group::Optimizer, "warmup_epochs", "Warm-up", number(0.0, 100_000.0), help)
        .unit("epochs")
        .also_known_as(&["warmup"])
}

/// What tames single steps: the clip of gradients and the average of weights.
pub(super) fn steadying_fields() -> Vec<Field> {
    let of = |key, label, kind, help| field(Group::Optimizer, key, label, kind, help);
    vec![
        of(
            "clip_norm",
            "Gradient clip",
            number(1e-3, 1e6),
            "Gradients longer than this (L2 norm over all weights) are scaled down to it.",
        )
        .also_known_as(&["grad_clip", "max_norm", "gradient_clip"]),
        of(
            "ema_decay",
            "EMA decay",
            number(0.0, 0.999_999),
            "Decay of the averaged weights that are validated and saved.",
        )
        .also_known_as(&["ema"]),
    ]
}

/// Flips and colours.
pub(super) fn flip_and_colour_fields() -> Vec<Field> {
    let of = |key, label, help| field(Group::Augmentation, key, label, SHARE, help);
    vec![
        of("fliplr", "Flip left-right", "Chance that an image is mirrored left to right.")
            .also_known_as(&["flip", "hflip"]),
        of("flipud", "Flip up-down", "Chance that an image is turned upside down.").also_known_as(&["vflip"]),
        of("hsv_h", "Hue", "Change of hue, as a fraction of the colour circle.").also_known_as(&["hue"]),
        of("hsv_s", "Saturation", "Change of saturation, as a fraction.").also_known_as(&["saturation"]),
        of("hsv_v", "Brightness", "Change of brightness, as a fraction.")
            .also_known_as(&["brightness", "value"]),
    ]
}

/// Shift.
pub(super) fn shift_field() -> Field {
    let help = "Shift of the image, as a fraction of its size.";
    field(Group::Augmentation, "translate", "Shift", SHARE, help).also_known_as(&["shift"])
}

/// Device, files and threads.
pub(super) fn run_fields() -> Vec<Field> {
    let of = |key, label, kind, help| field(Group::Run, key, label, kind, help);
    vec![
        of(
            "device",
            "Device",
            Kind::Choice { options: &["auto", "cpu", "cuda", "vulkan", "metal"] },
            "Where numbers are computed. Auto takes the best that the machine has.",
        )
        .basic()
        .also_known_as(&["gpu"]),
        of(
            "save_period",
            "Checkpoint every",
            integer(0, 100_000),
            "A checkpoint is kept every so many epochs, besides last and best. 0 keeps only those.",
        )
        .unit("epochs"),
        of(
            "workers",
            "Loader threads",
            integer(0, 1024),
            "Threads that load and vary images. 0 takes as many as there are cores.",
        )
        .unit("threads")
        .also_known_as(&["num_workers"]),
    ]
}
