//! The settings of a YOLOv8 training, as a table.
//!
//! Must not repeat defaults: those are [`DetectionConfig::default`]'s. Rules between settings are
//! in [`super::resolve`].

use super::DetectionConfig;
use super::fields::{
    SHARE, field, flip_and_colour_fields, integer, last_rate_field, momentum_field, number, run_fields,
    schedule_field, shift_field, steadying_fields, table, training_fields, warm_up_field, weight_decay_field,
};
use super::resolve::{rules, values_of};
use super::schema::{Field, Group, Kind, Schema};
use std::sync::LazyLock;

/// The settings of a YOLOv8 training, in the order of the form.
#[must_use]
pub fn detection_schema() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> =
        LazyLock::new(|| table(fields(), &values_of(&DetectionConfig::default()), rules));
    &SCHEMA
}

fn fields() -> Vec<Field> {
    [
        training_fields(
            "Epochs without a better mAP50-95 after which training ends early. 0 never ends it early.",
        ),
        optimizer_fields(),
        loss_fields(),
        augmentation_fields(),
        validation_fields(),
        run_fields(),
    ]
    .concat()
}

fn optimizer_fields() -> Vec<Field> {
    let of = |key, label, kind, help| field(Group::Optimizer, key, label, kind, help);
    let mut fields = vec![
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
        last_rate_field(),
        schedule_field(&["linear", "cosine"], "How the learning rate falls after the warm-up."),
        momentum_field("Momentum of SGD, first beta of AdamW. Auto chooses its own."),
        weight_decay_field(),
        warm_up_field(
            "Epochs over which the learning rate rises. Fractions are allowed; at most as long as the training.",
        ),
        of("warmup_momentum", "Warm-up momentum", number(0.0, 0.9999), "Momentum at the start of the warm-up."),
        of(
            "warmup_bias_lr",
            "Warm-up bias rate",
            SHARE,
            "Learning rate of biases at the start of the warm-up. Auto chooses its own.",
        ),
    ];
    fields.extend(steadying_fields());
    fields
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
    let mut fields = vec![
        of("mosaic", "Mosaic", SHARE, "Chance that a train image is put together from four."),
        of(
            "close_mosaic",
            "Close mosaic",
            integer(0, 100_000),
            "The last epochs that are trained without mosaic.",
        )
        .unit("epochs"),
    ];
    fields.extend(flip_and_colour_fields());
    fields.push(shift_field());
    fields.push(of(
        "scale",
        "Scale",
        number(0.0, 0.95),
        "Change of size, as a fraction: 0.5 is from half to one and a half.",
    ));
    fields
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
