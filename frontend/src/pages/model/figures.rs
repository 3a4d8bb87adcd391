//! What each figure means, in which group it stands and which way it is better.
//!
//! Must not know any value of it.

use crate::components::chart::summary::Better;

/// A group of charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Loss,
    Quality,
    System,
    Other,
}

impl Group {
    pub const ALL: [Self; 4] = [Self::Loss, Self::Quality, Self::System, Self::Other];

    pub const fn label(self) -> &'static str {
        match self {
            Self::Loss => "Loss",
            Self::Quality => "Quality",
            Self::System => "System",
            Self::Other => "Other",
        }
    }
}

/// A figure that is known by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    pub name: &'static str,
    pub group: Group,
    pub better: Better,
    pub explanation: &'static str,
}

/// The known figures, in the order in which their charts stand.
pub const FIGURES: &[Figure] = &[
    Figure {
        name: "box_loss",
        group: Group::Loss,
        better: Better::Lower,
        explanation: "How far predicted boxes are from the labelled ones: 1 minus the complete IoU, times its gain. \
                      Lower is better. Across: epochs; up: the loss",
    },
    Figure {
        name: "cls_loss",
        group: Group::Loss,
        better: Better::Lower,
        explanation: "How wrong the predicted classes are: binary cross-entropy over all classes, times its gain. \
                      Lower is better. Across: epochs; up: the loss",
    },
    Figure {
        name: "dfl_loss",
        group: Group::Loss,
        better: Better::Lower,
        explanation: "How blurred the predicted box edges are: distribution focal loss, times its gain. It matters \
                      most where objects are blurred or unclear. Lower is better. Across: epochs; up: the loss",
    },
    Figure {
        name: "mAP50(B)",
        group: Group::Quality,
        better: Better::Higher,
        explanation: "Mean over the classes of the area under the precision-recall curve, where a box counts as \
                      right from an IoU of 0.50. From 0 to 1, higher is better. Across: epochs; up: mAP",
    },
    Figure {
        name: "mAP50-95(B)",
        group: Group::Quality,
        better: Better::Higher,
        explanation: "mAP averaged over the IoU thresholds 0.50, 0.55 … 0.95, so that exact boxes pay. \
                      From 0 to 1, higher is better. Across: epochs; up: mAP",
    },
    Figure {
        name: "precision(B)",
        group: Group::Quality,
        better: Better::Higher,
        explanation: "Share of the predicted boxes that are right: TP / (TP + FP). A false positive is a box where \
                      there is nothing of that class. From 0 to 1, higher is better. Across: epochs; up: precision",
    },
    Figure {
        name: "recall(B)",
        group: Group::Quality,
        better: Better::Higher,
        explanation: "Share of the labelled objects that were found: TP / (TP + FN). Detection knows no true \
                      negatives. From 0 to 1, higher is better. Across: epochs; up: recall",
    },
    Figure {
        name: "images_per_second",
        group: Group::System,
        better: Better::Neither,
        explanation: "How many train images the run learns from in a second, data loading included. \
                      Across: epochs; up: images per second",
    },
    Figure {
        name: "learning_rate",
        group: Group::System,
        better: Better::Neither,
        explanation: "How far one step moves the weights: it rises during the warm-up and falls to the end. \
                      Across: epochs; up: the rate at the end of the epoch",
    },
    Figure {
        name: "memory",
        group: Group::System,
        better: Better::Neither,
        explanation: "Memory that the Train function holds. Across: epochs; up: MiB",
    },
];

/// What is known of a figure; an unknown one is shown all the same.
pub fn known(name: &str) -> Option<&'static Figure> {
    FIGURES.iter().find(|figure| figure.name == name)
}

/// What the chart of a figure says of it: its meaning, which way it is better, and whether its values are shares of one.
pub fn described(name: &str) -> (&'static str, Better, bool) {
    match known(name) {
        Some(figure) => (figure.explanation, figure.better, figure.group == Group::Quality),
        None => (
            "A figure that the Train function reports by itself. Across: epochs; up: its value",
            Better::Neither,
            false,
        ),
    }
}

/// The names that stand in a group: the known ones in their order, then the others by name.
pub fn in_group(group: Group, present: &[String]) -> Vec<String> {
    if group == Group::Other {
        return present.iter().filter(|name| known(name).is_none()).cloned().collect();
    }
    FIGURES
        .iter()
        .filter(|figure| figure.group == group && present.iter().any(|name| name == figure.name))
        .map(|figure| figure.name.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_stands_in_exactly_one_group() {
        let present: Vec<String> =
            FIGURES.iter().map(|figure| figure.name.to_owned()).chain(["temperature".into()]).collect();
        let grouped: Vec<String> =
            Group::ALL.into_iter().flat_map(|group| in_group(group, &present)).collect();
        assert_eq!(grouped.len(), present.len());
        assert_eq!(in_group(Group::Other, &present), ["temperature"]);
        assert_eq!(in_group(Group::Loss, &present), ["box_loss", "cls_loss", "dfl_loss"]);
        assert!(in_group(Group::Quality, &[]).is_empty());
    }
}
