//! What must hold for every pair of files.

use super::plain::{PlainFound, PlainTarget, Scene, Slice};
use super::*;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const CATEGORIES: [i64; 3] = [-2, 0, 11];

fn report(scene: &Scene) -> CocoReport {
    let (truth, found) = scene.files();
    let truth = CocoTruth::from_json(truth.as_bytes()).unwrap();
    evaluate(&truth.detections_from_json(found.as_bytes()).unwrap(), &mut |_, _| {})
}

/// Scenes whose boxes and scores come from `region` and `score`; some classes and images stay empty.
fn scene(
    region: impl Strategy<Value = [f64; 4]> + Clone + 'static,
    score: impl Strategy<Value = f64> + 'static,
) -> impl Strategy<Value = Scene> {
    let images = subsequence(vec![0, 3, 5, -1, 20, 8], 1..5).prop_shuffle();
    let place = (any::<prop::sample::Index>(), select(&CATEGORIES[..2]), region);
    let area = prop::option::of(select(vec![0.0, 900.0, 1024.0, 5000.0, 9216.0, 20_000.0]));
    let targets = prop::collection::vec((place.clone(), area, prop::bool::weighted(0.15)), 0..24);
    // A detection of a class that has no boxes, too.
    let found = prop::collection::vec((place, prop::bool::weighted(0.1), score), 0..40);
    (images, targets, found).prop_map(|(images, targets, found)| Scene {
        targets: targets
            .into_iter()
            .map(|((image, category, region), area, crowd)| PlainTarget {
                image: *image.get(&images),
                category,
                region,
                area: area.unwrap_or(region[2] * region[3]),
                crowd,
            })
            .collect(),
        found: found
            .into_iter()
            .map(|((image, category, region), other, score)| PlainFound {
                image: *image.get(&images),
                category: if other { CATEGORIES[2] } else { category },
                region,
                score,
            })
            .collect(),
        categories: CATEGORIES.to_vec(),
        images,
    })
}

/// Few boxes on a grid, so that overlaps tie, and few scores.
fn tied() -> impl Strategy<Value = Scene> {
    let side = || select(vec![0.0, 20.0, 32.0, 40.0, 96.0, 100.0]);
    let region = (select(vec![0.0, 8.0, 10.0]), select(vec![0.0, 8.0, 10.0]), side(), side());
    scene(
        region.prop_map(|(left, top, width, height)| [left, top, width, height]),
        select(vec![0.0, 0.3, 0.5, 1.0]),
    )
}

/// Boxes and scores that never tie.
fn untied() -> impl Strategy<Value = Scene> {
    let region = (0.0..30.0f64, 0.0..30.0f64, 10.0..120.0f64, 10.0..120.0f64);
    let region = region.prop_map(|(left, top, width, height)| [left, top, width, height]);
    scene(region, 0.0..1.0f64).prop_map(|mut scene| {
        for (place, found) in scene.found.iter_mut().enumerate() {
            found.score = (found.score * 1000.0).floor() / 1000.0 + 1e-6 * place as f64;
        }
        scene
    })
}

/// By the slow evaluator: average precision and recall at each threshold.
fn plain(scene: &Scene, category: i64, area: (f64, f64), cut: usize) -> [(f64, f64); 10] {
    COCO_IOU_THRESHOLDS.map(|threshold| {
        let slice = Slice { category, area, cut, threshold };
        scene.figures(slice).unwrap_or((UNDEFINED, UNDEFINED))
    })
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    values.sum::<f64>() / 10.0
}

fn falls(by_iou: &[f64]) -> bool {
    by_iou.windows(2).all(|pair| pair[0] >= pair[1] - 1e-12)
}

fn assert_close(what: &str, found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9, "{what} is {found}, expected {expected}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn it_agrees_with_a_plain_evaluator(scene in prop_oneof![tied(), untied()]) {
        const ALL: (f64, f64) = (0.0, 1e10);
        let report = report(&scene);
        for class in &report.per_class {
            let of = |area, cut| plain(&scene, class.category_id, area, cut);
            let all = of(ALL, 100);
            for (at, (precision, recall)) in all.into_iter().enumerate() {
                assert_close("AP_by_iou", class.ap_by_iou[at], precision);
                assert_close("recall_by_iou", class.recall_by_iou[at], recall);
            }
            let figures = &class.figures;
            assert_close("AR1", figures.ar1, mean(of(ALL, 1).iter().map(|both| both.1)));
            assert_close("AR10", figures.ar10, mean(of(ALL, 10).iter().map(|both| both.1)));
            for (area, precision, recall) in [
                (ALL, figures.ap, figures.ar100),
                ((0.0, 1024.0), figures.ap_small, figures.ar_small),
                ((1024.0, 9216.0), figures.ap_medium, figures.ar_medium),
                ((9216.0, 1e10), figures.ap_large, figures.ar_large),
            ] {
                let both = of(area, 100);
                assert_close("AP by size", precision, mean(both.iter().map(|both| both.0)));
                assert_close("AR by size", recall, mean(both.iter().map(|both| both.1)));
            }
        }
    }

    #[test]
    fn figures_are_undefined_or_between_0_and_1_and_recall_falls_with_iou(
        scene in prop_oneof![tied(), untied()],
    ) {
        let report = report(&scene);
        let per_class = report.per_class.iter().map(|class| &class.figures);
        for stats in per_class.chain([&report.stats]) {
            for (name, value) in serde_json::to_value(stats).unwrap().as_object().unwrap() {
                let value = value.as_f64().unwrap();
                prop_assert!(value == UNDEFINED || (0.0..=1.0).contains(&value), "{name} is {value}");
            }
        }
        for class in &report.per_class {
            prop_assert_eq!(class.ap_by_iou[0] == UNDEFINED, class.targets == 0 || class.figures.ap == UNDEFINED);
            prop_assert!(falls(&class.recall_by_iou), "{class:?}");
        }
    }

    // With crowds it may rise: a detection that no longer reaches a box may still reach a crowd, where
    // it is no mistake, and leaves the box to another. pycocotools says the same.
    #[test]
    fn average_precision_falls_with_iou_where_there_are_no_crowds(mut scene in prop_oneof![tied(), untied()]) {
        for target in &mut scene.targets {
            target.crowd = false;
        }
        for class in report(&scene).per_class {
            prop_assert!(falls(&class.ap_by_iou), "{class:?}");
        }
    }

    #[test]
    fn the_order_in_the_files_does_not_matter_where_nothing_ties(
        (scene, shuffled) in untied().prop_flat_map(|scene| {
            let parts = (
                Just(scene.images.clone()).prop_shuffle(),
                Just(scene.categories.clone()).prop_shuffle(),
                Just(scene.targets.clone()).prop_shuffle(),
                Just(scene.found.clone()).prop_shuffle(),
            );
            let shuffled = parts.prop_map(|(images, categories, targets, found)| Scene { images, categories, targets, found });
            (Just(scene), shuffled)
        }),
    ) {
        let (one, other) = (report(&scene), report(&shuffled));
        prop_assert_eq!(one, other);
    }

    #[test]
    fn one_more_detection_below_all_others_never_lowers_recall(
        mut scene in prop_oneof![tied(), untied()],
        region in prop::array::uniform4(5.0..60.0f64),
        image in any::<prop::sample::Index>(),
    ) {
        let before = report(&scene);
        let image = *image.get(&scene.images);
        scene.found.push(PlainFound { image, category: CATEGORIES[0], region, score: -1.0 });
        let after = report(&scene);
        for (before, after) in before.per_class.iter().zip(&after.per_class) {
            for (before, after) in before.recall_by_iou.iter().zip(&after.recall_by_iou) {
                prop_assert!(after >= before);
            }
            let recalls = |figures: &CocoStats| {
                [figures.ar1, figures.ar10, figures.ar100, figures.ar_small, figures.ar_medium, figures.ar_large]
            };
            for (before, after) in recalls(&before.figures).into_iter().zip(recalls(&after.figures)) {
                prop_assert!(after >= before);
            }
        }
    }

    #[test]
    fn a_perfect_detector_finds_everything(mut scene in untied()) {
        scene.found = scene.targets.iter().filter(|target| !target.crowd).enumerate()
            .map(|(place, target)| PlainFound {
                image: target.image,
                category: target.category,
                region: target.region,
                score: 1.0 / (place + 1) as f64,
            })
            .collect();
        for class in report(&scene).per_class.iter().filter(|class| class.figures.ap != UNDEFINED) {
            prop_assert!(class.ap_by_iou.iter().all(|&value| value > 1.0 - 1e-12), "{class:?}");
            prop_assert!(class.recall_by_iou.iter().all(|&value| value == 1.0));
        }
    }
}

#[test]
fn progress_reaches_the_end_and_without_boxes_nothing_is_defined() {
    let (truth, found) =
        Scene { images: vec![1], categories: CATEGORIES.to_vec(), targets: vec![], found: vec![] }.files();
    let truth = CocoTruth::from_json(truth.as_bytes()).unwrap();
    let found = truth.detections_from_json(found.as_bytes()).unwrap();
    let mut told = Vec::new();
    let report = evaluate(&found, &mut |done, total| told.push((done, total)));
    assert_eq!(told, [(1, 3), (2, 3), (3, 3)]);
    assert_eq!(report.stats.ap, UNDEFINED);
}
