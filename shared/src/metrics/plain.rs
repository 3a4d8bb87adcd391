//! The evaluator against a second one, written plainly and apart: no shared code, no sorting of
//! candidates, no bit sets, boxes on whole pixels, and loops where the other searches.

use super::*;
use proptest::prelude::*;

/// The last class never has targets.
const CLASSES: usize = 4;

#[derive(Debug, Clone, Copy)]
struct Square {
    left: i32,
    top: i32,
    width: i32,
    height: i32,
}

#[derive(Debug, Clone, Default)]
struct Picture {
    there: Vec<(usize, Square)>,
    /// Class, score in tenths, place.
    found: Vec<(usize, u8, Square)>,
}

/// Shared area over joint area, in the 32 bits of the validator.
fn share(a: Square, b: Square) -> f64 {
    let along = |start: i32, length: i32, other: i32, other_length: i32| {
        (start + length).min(other + other_length) - start.max(other)
    };
    let across = along(a.left, a.width, b.left, b.width).max(0);
    let down = along(a.top, a.height, b.top, b.height).max(0);
    let both = across * down;
    let joint = a.width * a.height + b.width * b.height - both;
    f64::from(both as f32 / (joint as f32 + 1e-7))
}

/// For each detection of the class: score and whether it was right, best score first.
fn hits(pictures: &[Picture], class: usize, iou_threshold: f64) -> Vec<(f64, bool)> {
    let mut all = Vec::new();
    for picture in pictures {
        let mut free: Vec<Square> =
            picture.there.iter().filter(|there| there.0 == class).map(|there| there.1).collect();
        for tenths in (0..=10).rev() {
            for &(_, _, place) in picture.found.iter().filter(|found| found.0 == class && found.1 == tenths) {
                let mut best = None;
                for (index, &there) in free.iter().enumerate() {
                    let overlap = share(place, there);
                    if overlap > 0.0
                        && overlap >= iou_threshold
                        && best.is_none_or(|(_, most)| overlap > most)
                    {
                        best = Some((index, overlap));
                    }
                }
                if let Some((index, _)) = best {
                    free.remove(index);
                }
                all.push((f64::from(tenths) / 10.0, best.is_some()));
            }
        }
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    all
}

/// Score, precision and recall after each detection.
fn rates(hits: &[(f64, bool)], targets: usize) -> Vec<(f64, f64, f64)> {
    (1..=hits.len())
        .map(|count| {
            let right = hits[..count].iter().filter(|hit| hit.1).count() as f64;
            (hits[count - 1].0, right / count as f64, right / targets as f64)
        })
        .collect()
}

/// On the line through `points` by falling x, of equal x the last one; `before` beyond the first.
fn on_falling_line(x: f64, points: &[(f64, f64)], before: f64) -> f64 {
    let mut upper = (f64::INFINITY, before);
    for &(at, value) in points {
        if at < x {
            let is_on_upper = upper.0 == x || upper.0.is_infinite();
            let part = (upper.0 - x) / (upper.0 - at);
            return if is_on_upper { upper.1 } else { upper.1 + (value - upper.1) * part };
        }
        upper = (at, value);
    }
    upper.1
}

/// The greatest precision at this recall or a greater one, on straight lines between detections.
fn precision_at(recall: f64, rates: &[(f64, f64, f64)]) -> f64 {
    let last = rates.last().map_or(0.0, |rate| rate.2);
    let mut corners = vec![(0.0, 1.0)];
    corners.extend(rates.iter().map(|rate| (rate.2, rate.1)));
    corners.extend([(last, 0.0), (1.0, 0.0)]);
    let most_from = |index: usize| corners[index..].iter().map(|corner| corner.1).fold(0.0, f64::max);
    let before = corners.iter().rposition(|corner| corner.0 <= recall).unwrap_or(0);
    let (from, value) = (corners[before].0, most_from(before));
    match corners.get(before + 1) {
        Some(&(to, _)) if from < recall => {
            value + (most_from(before + 1) - value) * (recall - from) / (to - from)
        }
        _ => value,
    }
}

fn average_precision(rates: &[(f64, f64, f64)]) -> f64 {
    if rates.is_empty() {
        return 0.0;
    }
    let at = |percent: usize| precision_at(percent as f64 / 100.0, rates);
    (0..100).map(|percent| 0.01 * (at(percent) + at(percent + 1)) / 2.0).sum()
}

struct PlainClass {
    average_precision: Vec<f64>,
    /// Precision, recall and F1 at each confidence.
    curves: Vec<[f64; 3]>,
    precision_by_recall: Vec<f64>,
}

fn plain_class(pictures: &[Picture], class: usize) -> Option<PlainClass> {
    let targets = pictures.iter().flat_map(|picture| &picture.there).filter(|there| there.0 == class).count();
    if targets == 0 {
        return None;
    }
    let rates_at = |iou: f64| rates(&hits(pictures, class, iou), targets);
    let half = rates_at(0.5);
    let precision: Vec<(f64, f64)> = half.iter().map(|rate| (rate.0, rate.1)).collect();
    let recall: Vec<(f64, f64)> = half.iter().map(|rate| (rate.0, rate.2)).collect();
    let places = (0..1000).map(|point| f64::from(point) / 999.0);
    let curves = places.clone().map(|confidence| {
        if half.is_empty() {
            return [0.0; 3];
        }
        let p = on_falling_line(confidence, &precision, 1.0);
        let r = on_falling_line(confidence, &recall, 0.0);
        [p, r, if p + r > 0.0 { 2.0 * p * r / (p + r) } else { 0.0 }]
    });
    Some(PlainClass {
        average_precision: (0..10)
            .map(|step| average_precision(&rates_at(f64::from(50 + 5 * step) / 100.0)))
            .collect(),
        curves: curves.collect(),
        precision_by_recall: places
            .map(|recall| if half.is_empty() { 0.0 } else { precision_at(recall, &half) })
            .collect(),
    })
}

/// Mean of F1 over the classes, then over the 50 points to each side, the ends repeated.
fn smoothed_f1(classes: &[PlainClass]) -> Vec<f64> {
    let f1 =
        |point: usize| classes.iter().map(|class| class.curves[point][2]).sum::<f64>() / classes.len() as f64;
    let f1: Vec<f64> = (0..1000).map(f1).collect();
    (0..1000i32)
        .map(|point| {
            (point - 50..=point + 50).map(|near| f1[near.clamp(0, 999) as usize]).sum::<f64>() / 101.0
        })
        .collect()
}

fn evaluate(pictures: &[Picture]) -> (DetectionSummary, DetectionCurves) {
    let region = |place: Square| {
        PixelBox::from_left_top(
            f64::from(place.left),
            f64::from(place.top),
            f64::from(place.width),
            f64::from(place.height),
        )
    };
    let mut evaluator = DetectionEvaluator::new(CLASSES);
    for picture in pictures {
        let targets: Vec<GroundTruth> = picture
            .there
            .iter()
            .map(|&(class, place)| GroundTruth { class, region: region(place) })
            .collect();
        let detections: Vec<Detection> = picture
            .found
            .iter()
            .map(|&(class, tenths, place)| Detection {
                class,
                score: f64::from(tenths) / 10.0,
                region: region(place),
            })
            .collect();
        evaluator.add_image(&targets, &detections).unwrap();
    }
    evaluator.report()
}

fn pictures() -> impl Strategy<Value = Vec<Picture>> {
    let square = || {
        (0..5i32, 0..5i32, 2..6i32, 2..6i32).prop_map(|(left, top, width, height)| Square {
            left: left * 2,
            top: top * 2,
            width: width * 2,
            height: height * 2,
        })
    };
    let there = prop::collection::vec((0..CLASSES - 1, square()), 0..6);
    let found = prop::collection::vec((0..CLASSES, 0u8..=10, square()), 0..10);
    prop::collection::vec((there, found).prop_map(|(there, found)| Picture { there, found }), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_plain_evaluator_gives_the_same_numbers(pictures in pictures()) {
        let close = |what: &str, found: f64, wanted: f64| {
            prop_assert!((found - wanted).abs() <= 1e-9, "{what}: {found}, plainly {wanted}");
            Ok(())
        };
        let (summary, curves) = evaluate(&pictures);
        let plain: Vec<(usize, PlainClass)> =
            (0..CLASSES).filter_map(|class| Some((class, plain_class(&pictures, class)?))).collect();
        prop_assert_eq!(summary.per_class.len(), plain.len());
        let best = (0..CURVE_POINTS).find(|&point| curve_position(point) == summary.best_confidence).unwrap();
        for ((found, curve), (class, wanted)) in summary.per_class.iter().zip(&curves.per_class).zip(&plain) {
            prop_assert_eq!((found.class, curve.class), (*class, *class));
            for (found, &wanted) in found.ap_by_iou.iter().zip(&wanted.average_precision) {
                close("average precision", *found, wanted)?;
            }
            for (point, [precision, recall, f1]) in wanted.curves.iter().enumerate() {
                close("precision", curve.precision[point], *precision)?;
                close("recall", curve.recall[point], *recall)?;
                close("F1", curve.f1[point], *f1)?;
                close("precision by recall", curve.precision_by_recall[point], wanted.precision_by_recall[point])?;
            }
            let [precision, recall, f1] = wanted.curves[best];
            close("precision at the best confidence", found.precision, precision)?;
            close("recall at the best confidence", found.recall, recall)?;
            close("F1 at the best confidence", found.f1, f1)?;
        }
        let plain: Vec<PlainClass> = plain.into_iter().map(|(_, class)| class).collect();
        let mean = |value: &dyn Fn(&PlainClass) -> f64| {
            plain.iter().map(value).sum::<f64>() / plain.len().max(1) as f64
        };
        close("mAP50", summary.map50, mean(&|class| class.average_precision[0]))?;
        let over_ious = |class: &PlainClass| class.average_precision.iter().sum::<f64>() / 10.0;
        close("mAP50-95", summary.map50_95, mean(&over_ious))?;
        if !plain.is_empty() {
            // On a plateau the last bits choose the point, so its height is compared.
            let smooth = smoothed_f1(&plain);
            close("height at the best confidence", smooth[best], smooth.iter().copied().fold(0.0, f64::max))?;
        }
    }
}

#[test]
fn cases_computed_by_hand() {
    // Right or wrong by falling score; targets; average precision; precision and recall at confidence 0.
    // A precision of 1 up to recall 0.49 is 0.49; a step down between two of the 101 recalls adds half.
    for (name, hits, targets, average_precision, precision, recall) in [
        ("all right", vec![true, true], 2, 0.995, 1.0, 1.0),
        ("nothing found", vec![], 2, 0.0, 0.0, 0.0),
        ("all wrong", vec![false, false], 2, 0.0, 0.0, 0.0),
        ("half found", vec![true], 2, 0.49 + 0.005, 1.0, 0.5),
        (
            "a wrong one between",
            vec![true, false, true],
            2,
            0.49 + 0.01 * (1.0 + 2.0 / 3.0) / 2.0 + 0.49 * 2.0 / 3.0 + 0.01 / 3.0,
            2.0 / 3.0,
            1.0,
        ),
        ("a wrong one first", vec![false, true], 1, 0.99 * 0.5 + 0.01 * 0.25, 0.5, 1.0),
    ] {
        let mut evaluator = DetectionEvaluator::new(1);
        evaluator.add_targets(0, targets);
        for (place, &hit) in hits.iter().enumerate() {
            evaluator.add_scored(0, 0.9 - 0.1 * place as f64, u16::from(hit));
        }
        let (summary, curves) = evaluator.report();
        assert!((summary.map50 - average_precision).abs() < 1e-12, "{name}: {}", summary.map50);
        let class = &curves.per_class[0];
        assert_eq!((class.precision[0], class.recall[0]), (precision, recall), "{name}");
    }
}
