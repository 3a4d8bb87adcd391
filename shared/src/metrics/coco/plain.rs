//! A slow evaluator that follows the rules one by one, to compare the fast one with.
//!
//! Must not share code with it.

use serde_json::{Value, json};

#[derive(Debug, Clone)]
pub struct Scene {
    pub images: Vec<i64>,
    pub categories: Vec<i64>,
    pub targets: Vec<PlainTarget>,
    pub found: Vec<PlainFound>,
}

#[derive(Debug, Clone)]
pub struct PlainTarget {
    pub image: i64,
    pub category: i64,
    pub region: [f64; 4],
    pub area: f64,
    pub crowd: bool,
}

#[derive(Debug, Clone)]
pub struct PlainFound {
    pub image: i64,
    pub category: i64,
    pub region: [f64; 4],
    pub score: f64,
}

/// What is evaluated: which boxes, how many detections, and when a box counts as found.
#[derive(Debug, Clone, Copy)]
pub struct Slice {
    pub category: i64,
    pub area: (f64, f64),
    pub cut: usize,
    pub threshold: f64,
}

struct Counted {
    score: f64,
    right: bool,
    ignored: bool,
}

impl Scene {
    pub fn files(&self) -> (String, String) {
        let ids = |ids: &[i64]| ids.iter().map(|id| json!({"id": id})).collect::<Vec<Value>>();
        let annotations: Vec<Value> = self
            .targets
            .iter()
            .enumerate()
            .map(|(id, target)| {
                json!({"id": id, "image_id": target.image, "category_id": target.category,
                    "bbox": target.region, "area": target.area, "iscrowd": u8::from(target.crowd)})
            })
            .collect();
        let found: Vec<Value> = self
            .found
            .iter()
            .map(|found| {
                json!({"image_id": found.image, "category_id": found.category, "bbox": found.region,
                    "score": found.score})
            })
            .collect();
        let truth = json!({"images": ids(&self.images), "categories": ids(&self.categories), "annotations": annotations});
        (truth.to_string(), json!(found).to_string())
    }

    /// Average precision and recall; none where no box is to be found.
    pub fn figures(&self, slice: Slice) -> Option<(f64, f64)> {
        let mut images = self.images.clone();
        images.sort_unstable();
        let mut counted = Vec::new();
        let mut boxes = 0;
        for image in images {
            boxes += self.image(image, slice, &mut counted);
        }
        if boxes == 0 {
            return None;
        }
        counted.sort_by(|a, b| b.score.partial_cmp(&a.score).unwrap());
        let (mut right, mut wrong) = (0.0, 0.0);
        let mut curve = Vec::new();
        for one in counted {
            if !one.ignored {
                *if one.right { &mut right } else { &mut wrong } += 1.0;
            }
            curve.push((right / f64::from(boxes), right / (right + wrong + f64::EPSILON)));
        }
        let precision_from = |recall: f64| {
            let beyond = curve.iter().filter(|point| point.0 >= recall);
            beyond.map(|point| point.1).fold(0.0, f64::max)
        };
        let sum: f64 = (0..=100).map(|point| precision_from(f64::from(point) * 0.01)).sum();
        Some((sum / 101.0, right / f64::from(boxes)))
    }

    /// Counts the detections of one image, and gives the boxes to be found there.
    fn image(&self, image: i64, slice: Slice, counted: &mut Vec<Counted>) -> u32 {
        let is_in = |area: f64| area >= slice.area.0 && area <= slice.area.1;
        let targets: Vec<&PlainTarget> = self
            .targets
            .iter()
            .filter(|target| target.image == image && target.category == slice.category)
            .collect();
        let mut found: Vec<&PlainFound> = self
            .found
            .iter()
            .filter(|found| found.image == image && found.category == slice.category)
            .collect();
        found.sort_by(|a, b| b.score.partial_cmp(&a.score).unwrap());
        found.truncate(slice.cut);
        let is_ignored = |target: &PlainTarget| target.crowd || !is_in(target.area);
        let mut is_free = vec![true; targets.len()];
        for one in found {
            // Best first: not ignored, then higher IoU, then later.
            let mut best: Option<(bool, f64, usize)> = None;
            for (at, target) in targets.iter().enumerate() {
                let candidate = (!is_ignored(target), iou(one, target), at);
                if (is_free[at] || target.crowd)
                    && candidate.1 >= slice.threshold
                    && best.is_none_or(|best| candidate > best)
                {
                    best = Some(candidate);
                }
            }
            if let Some((_, _, at)) = best {
                is_free[at] = false;
            }
            counted.push(Counted {
                score: one.score,
                right: best.is_some_and(|best| best.0),
                ignored: best.map_or_else(|| !is_in(one.region[2] * one.region[3]), |best| !best.0),
            });
        }
        targets.iter().map(|target| u32::from(!is_ignored(target))).sum()
    }
}

fn iou(found: &PlainFound, target: &PlainTarget) -> f64 {
    let ([x, y, w, h], [left, top, width, height]) = (found.region, target.region);
    let across = (x + w).min(left + width) - x.max(left);
    let down = (y + h).min(top + height) - y.max(top);
    if across <= 0.0 || down <= 0.0 {
        return 0.0;
    }
    let whole = if target.crowd { w * h } else { w * h + width * height - across * down };
    across * down / whole
}
