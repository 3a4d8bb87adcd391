//! The settings of a YOLOv8 training, as a table.
//!
//! Must not repeat defaults: those are [`DetectionConfig::default`]'s. Rules between settings are
//! in [`super::resolve`].

use super::DetectionConfig;
use super::resolve::{rules, values_of};
use super::schema::{Field, Group, Kind, Schema};
use serde_json::Value;
use std::sync::LazyLock;

/// Whole numbers up to this are exact in every reader of JSON, browsers included.
const LARGEST_EXACT: u64 = (1 << 53) - 1;

/// The settings of a YOLOv8 training, in the order of the form.
#[must_use]
pub fn detection_schema() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
        let defaults = values_of(&DetectionConfig::default());
        let mut fields = fields();
        for field in &mut fields {
            field.default = defaults.get(field.key).cloned().unwrap_or(Value::Null);
        }
        Schema { fields, rules }
    });
    &SCHEMA
}

const fn field(
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
    fn basic(mut self) -> Self {
        self.advanced = false;
        self
    }

    fn unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }

    fn also_known_as(mut self, names: &'static [&'static str]) -> Self {
        self.also_known_as = names;
        self
    }
}

const fn integer(min: u64, max: u64) -> Kind {
    Kind::Integer { min, max, multiple_of: 1 }
}

const fn number(min: f64, max: f64) -> Kind {
    Kind::Number { min, max }
}

const SHARE: Kind = number(0.0, 1.0);

fn fields() -> Vec<Field> {
    [
        training_fields(),
        optimizer_fields(),
        loss_fields(),
        augmentation_fields(),
        validation_fields(),
        run_fields(),
    ]
    .concat()
}

fn training_fields() -> Vec<Field> {
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
        of(
            "patience",
            "Patience",
            integer(0, 100_000),
            "Epochs without a better mAP50-95 after which training ends early. 0 never ends it early.",
        )
        .unit("epochs")
        .also_known_as(&["early_stopping"]),
    ]
}

fn optimizer_fields() -> Vec<Field> {
    let of = |key, label, kind, help| field(Group::Optimizer, key, label, kind, help);
    vec![
        of(
            "optimizer",
            "Optimizer",
            Kind::Choice { options: &["auto", "sgd", "adamw"] },
            "Auto takes AdamW for short trainings and SGD for long ones, and chooses learning rate and momentum.",
        )
        .basic()
        .also_known_as(&["optim"]),
        of(
            "lr0",
            "Learning rate",
            number(1e-8, 1.0),
            "Learning rate after the warm-up. Used with SGD and AdamW; auto chooses its own.",
        )
        .basic()
        .also_known_as(&["lr", "learning_rate"]),
        of("lrf", "Last learning rate", SHARE, "Learning rate of the last epoch, as a fraction of the first.")
            .also_known_as(&["lr_final"]),
        of(
            "schedule",
            "Schedule",
            Kind::Choice { options: &["linear", "cosine"] },
            "How the learning rate falls after the warm-up.",
        )
        .also_known_as(&["cos_lr", "lr_schedule", "scheduler"]),
        of(
            "momentum",
            "Momentum",
            number(0.0, 0.9999),
            "Momentum of SGD, first beta of AdamW. Auto chooses its own.",
        )
        .also_known_as(&["beta1"]),
        of("weight_decay", "Weight decay", SHARE, "Pull of weights towards zero; biases and normalisation are left alone.")
            .also_known_as(&["wd", "l2"]),
        of(
            "warmup_epochs",
            "Warm-up",
            number(0.0, 100_000.0),
            "Epochs over which the learning rate rises. Fractions are allowed; at most as long as the training.",
        )
        .unit("epochs")
        .also_known_as(&["warmup"]),
        of("warmup_momentum", "Warm-up momentum", number(0.0, 0.9999), "Momentum at the start of the warm-up."),
        of(
            "warmup_bias_lr",
            "Warm-up bias rate",
            SHARE,
            "Learning rate of biases at the start of the warm-up. Auto chooses its own.",
        ),
        of(
            "clip_norm",
            "Gradient clip",
            number(1e-3, 1e6),
            "Gradients longer than this (L2 norm over all weights) are scaled down to it.",
        )
        .also_known_as(&["grad_clip", "max_norm", "gradient_clip"]),
        of("ema_decay", "EMA decay", number(0.0, 0.999_999), "Decay of the averaged weights that are validated and saved.")
            .also_known_as(&["ema"]),
    ]
}

fn loss_fields() -> Vec<Field> {
    let of = |key, label, kind, help| field(Group::Loss, key, label, kind, help);
    let gain = number(0.0, 1000.0);
    vec![
        of("box", "Box gain", gain, "Weight of the box loss: how far predicted boxes are off.")
            .also_known_as(&["box_gain"]),
        of("cls", "Class gain", gain, "Weight of the class loss: how wrong predicted classes are.")
            .also_known_as(&["cls_gain"]),
        of("dfl", "DFL gain", gain, "Weight of the distribution focal loss: how sharp box edges are.")
            .also_known_as(&["dfl_gain"]),
    ]
}

fn augmentation_fields() -> Vec<Field> {
    let of = |key, label, kind, help| field(Group::Augmentation, key, label, kind, help);
    vec![
        of("mosaic", "Mosaic", SHARE, "Chance that a train image is put together from four."),
        of(
            "close_mosaic",
            "Close mosaic",
            integer(0, 100_000),
            "The last epochs that are trained without mosaic.",
        )
        .unit("epochs"),
        of("fliplr", "Flip left-right", SHARE, "Chance that an image is mirrored left to right.")
            .also_known_as(&["flip", "hflip"]),
        of("flipud", "Flip up-down", SHARE, "Chance that an image is turned upside down.")
            .also_known_as(&["vflip"]),
        of("hsv_h", "Hue", SHARE, "Change of hue, as a fraction of the colour circle.")
            .also_known_as(&["hue"]),
        of("hsv_s", "Saturation", SHARE, "Change of saturation, as a fraction.")
            .also_known_as(&["saturation"]),
        of("hsv_v", "Brightness", SHARE, "Change of brightness, as a fraction.")
            .also_known_as(&["brightness", "value"]),
        of("translate", "Shift", SHARE, "Shift of the image, as a fraction of its size.")
            .also_known_as(&["shift"]),
        of(
            "scale",
            "Scale",
            number(0.0, 0.95),
            "Change of size, as a fraction: 0.5 is from half to one and a half.",
        ),
    ]
}

fn validation_fields() -> Vec<Field> {
    let of = |key, label, kind, help| field(Group::Validation, key, label, kind, help);
    vec![
        of("iou", "NMS IoU", SHARE, "Overlap above which a weaker box of the same class is dropped.")
            .also_known_as(&["nms_iou", "iou_thres", "nms"]),
        of("max_det", "Boxes an image", integer(1, 10_000), "Most boxes kept on one image.")
            .unit("boxes")
            .also_known_as(&["max_detections"]),
    ]
}

fn run_fields() -> Vec<Field> {
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
