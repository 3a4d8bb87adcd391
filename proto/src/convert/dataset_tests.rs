//! Round trips and refusals of datasets on the wire.

use super::*;
use proptest::prelude::*;
use shared::id::{AnnotationId, DatasetId, ItemId, ProjectId, uuid_v7};

fn region() -> impl Strategy<Value = PixelBox> {
    (-1e4..1e4_f64, -1e4..1e4_f64, 1e-3..1e4_f64, 1e-3..1e4_f64)
        .prop_map(|(x1, y1, width, height)| PixelBox { x1, y1, x2: x1 + width, y2: y1 + height })
}

fn annotation() -> impl Strategy<Value = Annotation> {
    (any::<[u8; 10]>(), ".{0,20}", proptest::option::of(region())).prop_map(|(random, label, region)| {
        Annotation { id: AnnotationId::from_uuid(uuid_v7(5, &random)), label, region }
    })
}

fn item() -> impl Strategy<Value = Item> {
    let subset = prop_oneof![Just(None), proptest::sample::select(Subset::ALL.to_vec()).prop_map(Some)];
    (
        any::<[u8; 10]>(),
        ".{0,40}",
        subset,
        proptest::collection::vec(annotation(), 0..5),
        any::<(u64, u32, u32, i64)>(),
    )
        .prop_map(|(random, name, subset, annotations, (size_bytes, width, height, created_at_ms))| {
            Item {
                id: ItemId::from_uuid(uuid_v7(6, &random)),
                dataset_id: DatasetId::from_uuid(uuid_v7(7, &random)),
                dir: "/train".into(),
                name,
                content_hash: "ab".repeat(32),
                mimetype: "image/jpeg".into(),
                size_bytes,
                width,
                height,
                subset,
                annotations,
                created_at_ms,
            }
        })
}

fn dataset() -> impl Strategy<Value = Dataset> {
    (any::<[u8; 10]>(), ".{1,40}", any::<bool>(), any::<(u64, u64, [u64; 3], i64, i64)>()).prop_map(
        |(
            random,
            name,
            detection,
            (item_count, annotation_count, subset_counts, created_at_ms, revision),
        )| Dataset {
            id: DatasetId::from_uuid(uuid_v7(8, &random)),
            project_id: ProjectId::from_uuid(uuid_v7(9, &random)),
            labels: vec![Label { name: name.clone(), colour: "#aabbcc".into() }],
            name,
            task: if detection { Task::Detection } else { Task::Classification },
            item_count,
            annotation_count,
            subset_counts,
            created_at_ms,
            revision,
        },
    )
}

proptest! {
    #[test]
    fn items_come_back_as_they_went(item in item()) {
        prop_assert_eq!(Item::try_from(v1::Item::from(item.clone())), Ok(item));
    }

    #[test]
    fn import_reports_come_back_as_they_went(dataset in dataset(), counts in any::<[u64; 3]>(), file in ".{0,20}") {
        let [items_added, items_unchanged, annotations_added] = counts;
        let rejections = vec![Rejection { reason: file.chars().rev().collect(), file }];
        let report = ImportReport { dataset, items_added, items_unchanged, annotations_added, rejections };
        prop_assert_eq!(ImportReport::try_from(v1::ImportReport::from(report.clone())), Ok(report));
    }
}

#[test]
fn a_bad_box_is_named_by_its_whole_path() {
    let cases = [
        ((0.0, 0.0, 0.0, 5.0), "annotations[1].region.x2"),
        ((0.0, 5.0, 5.0, 5.0), "annotations[1].region.y2"),
        ((f64::NAN, 0.0, 5.0, 5.0), "annotations[1].region.x1"),
        ((0.0, 0.0, 5.0, f64::INFINITY), "annotations[1].region.y2"),
    ];
    let id = DatasetId::from_uuid(uuid_v7(1, &[0; 10])).to_string();
    for ((x1, y1, x2, y2), field) in cases {
        let annotation = |region| v1::Annotation { id: id.clone(), label: "cell".into(), region };
        let item = v1::Item {
            id: id.clone(),
            dataset_id: id.clone(),
            annotations: vec![annotation(None), annotation(Some(v1::PixelBox { x1, y1, x2, y2 }))],
            ..Default::default()
        };
        assert_eq!(Item::try_from(item).unwrap_err().field(), field);
    }
}

#[test]
fn unknown_words_and_missing_parts_are_refused() {
    assert!(subset_filter_from_wire("subset", 9).unwrap_err().to_string().contains("`subset` is 9"));
    assert!(Task::try_from(v1::Task::Unspecified).is_err());
    assert_eq!(ImportReport::try_from(v1::ImportReport::default()).unwrap_err().field(), "dataset");
    let unnamed = v1::Dataset { id: "x".into(), ..Default::default() };
    assert_eq!(Dataset::try_from(unnamed).unwrap_err().field(), "id");
}

#[test]
fn splits_must_add_up() {
    let split = |train_percent, validation_percent, test_percent| v1::Split {
        train_percent,
        validation_percent,
        test_percent,
        seed: 3,
    };
    assert_eq!(
        SplitPercentages::try_from(split(80, 20, 0)),
        Ok(SplitPercentages { train: 80, validation: 20, test: 0, seed: 3 })
    );
    for wrong in [split(80, 30, 0), split(0, 0, 0), split(u32::MAX, 1, 100)] {
        assert!(SplitPercentages::try_from(wrong).unwrap_err().to_string().contains("not to 100"));
    }
}
