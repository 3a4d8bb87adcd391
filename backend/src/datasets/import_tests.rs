//! Whole imports into a real store: good folders, hostile ones, and the public data sets beside the project.

use super::*;
use crate::clock::SystemClock;
use crate::store::Page;
use ::image::{ImageFormat, RgbImage};
use shared::dataset::{Item, Subset};
use shared::dql::{Query, tagged_items_query};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;
use tempfile::TempDir;

/// A folder to import and a store to import it into.
struct Bench {
    data: TempDir,
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { data: tempfile::tempdir().unwrap(), folder: tempfile::tempdir().unwrap() }
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        self
    }

    /// A picture of 40 x 30 pixels whose content depends on its name.
    fn image(&self, name: &str) -> &Self {
        self.write(name, picture(name))
    }

    async fn store(&self) -> Store {
        Store::open(self.data.path(), Arc::new(SystemClock::new())).await.unwrap()
    }

    fn request(&self, format: Format) -> ImportRequest {
        let path = self.folder.path().to_owned();
        ImportRequest { path, format: Some(format), name: "set".into(), split: None }
    }

    async fn import(&self, format: Format) -> Result<ImportReport, ImportError> {
        let store = self.store().await;
        let imported = run(&store, self.request(format), |_, _| {}).await;
        store.close().await;
        imported
    }

    fn stored_files(&self) -> usize {
        fn count(folder: &Path) -> usize {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            entries.map(|entry| if entry.path().is_dir() { count(&entry.path()) } else { 1 }).sum()
        }
        count(&self.data.path().join("blobs"))
    }
}

fn picture(name: &str) -> Vec<u8> {
    let shade = name.bytes().fold(7_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    let picture = RgbImage::from_fn(40, 30, |x, y| ::image::Rgb([x as u8 * 6, y as u8 * 8, shade]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::from_path(name).unwrap()).unwrap();
    bytes.into_inner()
}

fn voc(filename: &str, boxes: &[(&str, [i32; 4])]) -> String {
    let mut text = format!(
        "<annotation><filename>{filename}</filename><size><width>40</width><height>30</height></size>"
    );
    for (name, [x1, y1, x2, y2]) in boxes {
        write!(
            text,
            "<object><name>{name}</name><bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>"
        )
        .unwrap();
    }
    text + "</annotation>"
}

const GOOD: &[(&str, [i32; 4])] = &[("cat", [1, 2, 20, 25]), ("dog", [5, 5, 40, 30])];

async fn items(store: &Store) -> Vec<Item> {
    let dataset = store.dataset("set").await.unwrap();
    let all = Page { offset: 0, limit: 1000 };
    store.find_items(dataset.id, &Query::default(), all).await.unwrap().rows
}

fn reasons(report: &ImportReport) -> String {
    report.rejections.iter().map(|each| format!("{}: {}\n", each.file, each.reason)).collect()
}

#[tokio::test]
async fn voc_with_every_kind_of_bad_file_names_each_and_takes_the_rest() {
    let bench = Bench::new();
    for stem in ["good", "also", "cut", "empty", "border", "flat", "odd", "size", "text", "unlisted"] {
        bench.image(&format!("JPEGImages/{stem}.jpg"));
        bench.write(&format!("Annotations/{stem}.xml"), voc(&format!("{stem}.jpg"), GOOD));
    }
    let whole = picture("cut.jpg");
    bench
        .write("JPEGImages/cut.jpg", &whole[..whole.len() - 40])
        .write("JPEGImages/empty.jpg", "")
        .write("JPEGImages/text.jpg", "this is no picture")
        .write("Annotations/border.xml", voc("border.jpg", &[("cat", [1, 1, 60, 20]), ("cat", [1, 1, 9, 9])]))
        .write("Annotations/flat.xml", voc("flat.jpg", &[("cat", [9, 9, 9, 9])]))
        .write("Annotations/odd.xml", voc("odd.jpg", &[]).replace("<size>", "<size"))
        .write("Annotations/size.xml", voc("size.jpg", GOOD).replace("<width>40", "<width>400"))
        .write("Annotations/twice.xml", voc("good.jpg", GOOD))
        .write("Annotations/gone.xml", voc("gone.jpg", GOOD))
        .write("Annotations/climb.xml", voc("../../climb.jpg", GOOD))
        .image("JPEGImages/alone.jpg")
        .write("JPEGImages/named.png", picture("named.jpg"))
        .write("Annotations/named.xml", voc("named.png", GOOD))
        .write("Annotations/binary.xml", [0xff, 0xfe, 0x00, 0x01])
        .write("ImageSets/Main/train.txt", "good\nalso\nborder\nphantom\n")
        .write("ImageSets/Main/val.txt", "flat\ngood\n")
        .write("ImageSets/Main/trainval.txt", "unlisted\n");
    let report = bench.import(Format::Voc).await.unwrap();
    let said = reasons(&report);
    for wanted in [
        "JPEGImages/cut.jpg: the image is truncated",
        "JPEGImages/empty.jpg: the file is empty",
        "JPEGImages/text.jpg: its content is not an image",
        "JPEGImages/named.png: its name does not fit its content",
        "JPEGImages/size.jpg: Annotations/size.xml is for an image of 400 x 30",
        "JPEGImages/alone.jpg: the image has no annotation file",
        "Annotations/border.xml: box 1 (cat): box past the border by 20 pixels",
        "Annotations/flat.xml: box 1 (cat): box without area (9, 9, 9, 9)",
        "Annotations/odd.xml: broken XML at line 1",
        "Annotations/twice.xml: duplicate: another annotation file speaks of JPEGImages/good.jpg",
        "Annotations/gone.xml: missing image: there is no JPEGImages/gone.jpg",
        "Annotations/climb.xml: `../../climb.jpg` leads out",
        "Annotations/binary.xml: it is not UTF-8",
        "ImageSets/Main/train.txt: it lists phantom",
        "ImageSets/Main/val.txt: good is in ImageSets/Main/train.txt already",
    ] {
        assert!(said.contains(wanted), "{wanted} is not in\n{said}");
    }
    assert_eq!(report.rejections.len(), 15, "{said}");
    assert_eq!((report.items_added, report.annotations_added), (5, 3 * 2 + 1));
    assert_eq!(report.dataset.subset_counts, [3, 1, 0]);
    let labels: Vec<_> = report.dataset.labels.iter().map(|label| label.name.as_str()).collect();
    assert_eq!(labels, ["cat", "dog"]);
}

#[tokio::test]
async fn importing_again_adds_nothing_and_changed_files_are_named() {
    let bench = Bench::new();
    for stem in ["a", "b"] {
        bench
            .image(&format!("train/{stem}.jpg"))
            .write(&format!("train/{stem}.xml"), voc(&format!("{stem}.jpg"), GOOD));
    }
    let first = bench.import(Format::Voc).await.unwrap();
    assert_eq!((first.items_added, first.items_unchanged, first.annotations_added), (2, 0, 4));
    assert_eq!(first.dataset.subset_counts, [2, 0, 0]);
    let files = bench.stored_files();

    let again = bench.import(Format::Voc).await.unwrap();
    assert_eq!((again.items_added, again.items_unchanged, again.annotations_added), (0, 2, 0));
    assert_eq!(again.dataset, first.dataset);
    assert!(again.rejections.is_empty(), "{}", reasons(&again));
    assert_eq!(bench.stored_files(), files);

    bench.write("train/a.jpg", picture("other.jpg")).write("train/b.xml", voc("b.jpg", &GOOD[..1]));
    bench.image("train/c.jpg").write("train/c.xml", voc("c.jpg", &[("bird", [1, 1, 9, 9])]));
    let third = bench.import(Format::Voc).await.unwrap();
    assert_eq!((third.items_added, third.items_unchanged), (1, 0));
    let said = reasons(&third);
    assert!(said.contains("train/a.jpg: the data set has another image of this name"), "{said}");
    assert!(said.contains("train/b.jpg: the data set has this image with other annotations"), "{said}");
    // Class indices never move: a new label comes last, though `bird` is first in the alphabet.
    let labels: Vec<_> = third.dataset.labels.iter().map(|label| label.name.as_str()).collect();
    assert_eq!(labels, ["cat", "dog", "bird"]);
}

#[tokio::test]
async fn coco_in_both_layouts_and_with_every_kind_of_bad_entry() {
    let roboflow = Bench::new();
    let json = |image: &str| {
        format!(
            r#"{{"images":[{{"id":0,"file_name":"{image}","width":40,"height":30}}],
                "annotations":[{{"id":1,"image_id":0,"category_id":2,"bbox":[1,2,10,10],"segmentation":[[1,2,3]]}}],
                "categories":[{{"id":0,"name":"animals","supercategory":"none"}},
                    {{"id":1,"name":"dog","supercategory":"animals"}},{{"id":2,"name":"cat","supercategory":"animals"}}]}}"#
        )
    };
    for (folder, image) in [("train", "a.jpg"), ("valid", "b.jpg"), ("test", "c.jpg")] {
        roboflow
            .image(&format!("{folder}/{image}"))
            .write(&format!("{folder}/_annotations.coco.json"), json(image));
    }
    let report = roboflow.import(Format::Coco).await.unwrap();
    assert_eq!(report.dataset.subset_counts, [1, 1, 1]);
    let labels: Vec<_> = report.dataset.labels.iter().map(|label| label.name.as_str()).collect();
    assert_eq!(labels, ["dog", "cat"], "a category that only groups is no class");

    let coco = Bench::new();
    coco.image("images/train2017/a.jpg").image("images/val2017/b.jpg").image("images/train2017/c.jpg");
    coco.write(
        "annotations/instances_train2017.json",
        r#"{"images":[{"id":1,"file_name":"a.jpg"},{"id":1,"file_name":"c.jpg"},{"id":2,"file_name":"a.jpg"},
            {"id":3,"file_name":"gone.jpg"},{"id":4,"file_name":"/etc/passwd"},{"id":5,"file_name":"c.jpg","width":4000,"height":30}],
        "annotations":[{"id":1,"image_id":1,"category_id":7,"bbox":[0,0,10,10]},{"id":2,"image_id":1,"category_id":9,"bbox":[0,0,1,1]},
            {"id":3,"image_id":77,"category_id":7,"bbox":[0,0,1,1]},{"id":4,"image_id":1,"category_id":7,"bbox":[0,0,0,10]},
            {"id":5,"image_id":1,"category_id":7,"bbox":[0,0,1]},{"id":6,"image_id":1,"category_id":7},
            {"id":7,"image_id":1,"category_id":7,"bbox":[0,0,5,5],"iscrowd":1},{"id":8,"image_id":1,"category_id":7,"bbox":[30,20,20,20]}],
        "categories":[{"id":7,"name":"cat"}]}"#,
    );
    coco.write(
        "annotations/instances_val2017.json",
        r#"{"images":[{"id":1,"file_name":"b.jpg"}],"annotations":[],"categories":[{"id":7,"name":"cat"}]}"#,
    );
    coco.write("annotations/captions_val2017.json", "not even JSON");
    let report = coco.import(Format::Coco).await.unwrap();
    let said = reasons(&report);
    for wanted in [
        "image 1: duplicate: the id stands twice (c.jpg)",
        "image 2: duplicate: a.jpg stands in the data set already",
        "image 3: missing image: there is no gone.jpg",
        "image 4: `/etc/passwd` leads out",
        "images/train2017/c.jpg: annotations/instances_train2017.json is for an image of 4000 x 30",
        "annotation 2: unknown class: there is no category 9",
        "annotation 3: there is no image 77",
        "annotation 4 (cat): box without area",
        "annotation 5: it has no bbox of 4 numbers",
        "annotation 6: it has no bbox of 4 numbers",
        "annotation 7: it marks a crowd",
        "annotation 8 (cat): box past the border",
    ] {
        assert!(said.contains(wanted), "{wanted} is not in\n{said}");
    }
    assert_eq!(report.rejections.len(), 12, "{said}");
    assert_eq!((report.items_added, report.annotations_added), (2, 1));
    assert_eq!(report.dataset.subset_counts, [1, 1, 0]);
}

#[tokio::test]
async fn yolo_with_exported_paths_and_with_every_kind_of_bad_line() {
    let bench = Bench::new();
    bench.image("train/images/a.jpg").image("train/images/b.jpg").image("valid/images/c.jpg");
    bench
        .write("data.yaml", "train: ../train/images\nval: ../valid/images\nnc: 2\nnames: ['cat', 'dog']\nroboflow:\n  license: MIT\n")
        .write("train/labels/a.txt", "0 0.5 0.5 0.5 0.5\n1 0.1 0.1 0.4 0.1 0.4 0.6\n\n")
        .write(
            "train/labels/b.txt",
            "7 0.5 0.5 0.1 0.1\n0 0.5 0.5 0.1\nx 0.5 0.5 0.1 0.1\n0 0.5 zz 0.1 0.1\n0 0.5 0.5 0 0.1\n0 0.9 0.5 0.5 0.1\n\
             0 0.2 0.2 0.1 0.1\n0 0.2 0.2 0.1 0.1\n",
        )
        .write("train/labels/orphan.txt", "0 0.5 0.5 0.1 0.1\n");
    let report = bench.import(Format::Yolo).await.unwrap();
    let said = reasons(&report);
    for wanted in [
        "train/labels/b.txt: line 1: unknown class 7: data.yaml names classes 0 to 1",
        "line 2: expected a class and 4 numbers",
        "line 3: the class `x` is no whole number",
        "line 4: `zz` is no number",
        "line 5 (cat): box without area",
        "line 6 (cat): box past the border by 6 pixels",
        "line 8: duplicate of an earlier line",
        "train/labels/orphan.txt: missing image",
    ] {
        assert!(said.contains(wanted), "{wanted} is not in\n{said}");
    }
    assert_eq!(report.rejections.len(), 8, "{said}");
    assert_eq!((report.items_added, report.annotations_added), (3, 3));
    assert_eq!(report.dataset.subset_counts, [2, 1, 0]);
    let store = bench.store().await;
    let found = items(&store).await;
    let polygon = found[0].annotations[1].region.unwrap();
    for (edge, wanted) in [(polygon.x1, 4.0), (polygon.y1, 3.0), (polygon.x2, 16.0), (polygon.y2, 18.0)] {
        assert!((edge - wanted).abs() < 1e-9, "{polygon:?}");
    }
    assert!(found[2].annotations.is_empty(), "an image without a label file shows nothing");
    assert_eq!((found[2].dir.as_str(), found[2].name.as_str()), ("/valid/images", "c.jpg"));
}

#[tokio::test]
async fn yolo_lists_of_files_may_name_only_what_is_inside() {
    let bench = Bench::new();
    bench.image("images/a.jpg").image("images/b.jpg").write("labels/a.txt", "0 0.5 0.5 0.5 0.5");
    bench
        .write("data.yaml", "path: /somewhere/else\ntrain: train.txt\nval: val.txt\nnames: {0: cat}\n")
        .write("train.txt", "./images/a.jpg\n/etc/passwd\n../../b.jpg\nimages/gone.jpg\n")
        .write("val.txt", "images/b.jpg\nimages/a.jpg\n");
    let report = bench.import(Format::Yolo).await.unwrap();
    let said = reasons(&report);
    for wanted in [
        "train.txt: line 2: `/etc/passwd` leads out",
        "train.txt: line 3: `../../b.jpg` leads out",
        "train.txt: line 4: missing image",
        "images/a.jpg: duplicate: it is in train already",
    ] {
        assert!(said.contains(wanted), "{wanted} is not in\n{said}");
    }
    assert_eq!(report.dataset.subset_counts, [1, 1, 0]);
}

#[tokio::test]
async fn class_folders_become_classes_with_and_without_subsets() {
    let flat = Bench::new();
    flat.image("cat/a.png")
        .image("cat/deep/b.png")
        .image("test/c.png")
        .write("cat/notes.txt", "x")
        .write("README.md", "x");
    let report = flat.import(Format::Folder).await.unwrap();
    assert_eq!((report.items_added, report.annotations_added), (3, 3));
    let labels: Vec<_> = report.dataset.labels.iter().map(|label| label.name.as_str()).collect();
    assert_eq!(labels, ["cat", "test"], "a class may be called `test`");
    assert_eq!(reasons(&report), "cat/notes.txt: wrong extension: not .jpg, .jpeg, .png, .webp or .bmp\n");

    let split = Bench::new();
    split.image("train/cat/a.png").image("val/cat/b.png").image("test/dog/c.png");
    let report = split.import(Format::Folder).await.unwrap();
    assert_eq!(report.dataset.subset_counts, [1, 1, 1]);
}

#[tokio::test]
async fn a_split_is_made_when_it_is_asked_for() {
    let bench = Bench::new();
    for index in 0..10 {
        bench.image(&format!("cat/{index}.png"));
    }
    let store = bench.store().await;
    let mut request = bench.request(Format::Folder);
    request.split = Some(Split { percentages: [80, 20, 0], seed: 7 });
    let report = run(&store, request.clone(), |_, _| {}).await.unwrap();
    assert_eq!(report.dataset.subset_counts, [8, 2, 0]);
    // The same seed again is the same data set.
    assert_eq!(run(&store, request.clone(), |_, _| {}).await.unwrap().items_unchanged, 10);
    request.split = Some(Split { percentages: [80, 30, 0], seed: 7 });
    let error = run(&store, request, |_, _| {}).await.unwrap_err();
    assert!(matches!(error, ImportError::Split([80, 30, 0])), "{error}");
}

#[tokio::test]
async fn an_import_that_fails_leaves_nothing() {
    let broken_json = Bench::new();
    broken_json.image("train/a.jpg").write("train/_annotations.coco.json", "{\"images\": [\n  {\"id\": 1,]}");
    let broken_yaml = Bench::new();
    broken_yaml.image("images/a.jpg").write("data.yaml", "names: [a\n");
    let outside = Bench::new();
    outside.image("images/a.jpg").write("data.yaml", "train: /etc\nnames: [a]\n");
    let all_bad = Bench::new();
    all_bad.write("cat/a.jpg", "no picture");
    let empty = Bench::new();
    for (bench, format, wanted) in [
        (&broken_json, Format::Coco, "train/_annotations.coco.json: broken JSON"),
        (&broken_json, Format::Coco, "line 2 column 12"),
        (&broken_yaml, Format::Yolo, "data.yaml: broken YAML"),
        (&outside, Format::Yolo, "`/etc` is not a folder or list inside"),
        (&all_bad, Format::Folder, "cat/a.jpg: its content is not an image"),
        (&empty, Format::Voc, "does not look like a data set in the format voc"),
        (&empty, Format::Coco, "no JSON file"),
        (&empty, Format::Yolo, "no data.yaml"),
        (&empty, Format::Folder, "no folder in it holds images"),
    ] {
        let error = bench.import(format).await.unwrap_err().to_string();
        assert!(error.contains(wanted), "{wanted} is not in: {error}");
        assert_eq!(bench.stored_files(), 0, "{wanted}");
        assert_eq!(bench.store().await.datasets(Page::default()).await.unwrap().1, 0, "{wanted}");
    }
    let mut missing = empty.request(Format::Voc);
    missing.path = empty.folder.path().join("nowhere");
    let error = run(&empty.store().await, missing, |_, _| {}).await.unwrap_err().to_string();
    assert!(error.contains("nowhere cannot be imported: it does not exist"), "{error}");
}

#[tokio::test]
async fn an_import_that_the_store_refuses_takes_its_files_back_and_no_others() {
    let bench = Bench::new();
    bench.image("cat/shared.png").image("cat/own.png");
    bench.import(Format::Folder).await.unwrap();
    let files = bench.stored_files();
    // The same name for a data set about something else is refused after its files were stored.
    let other = Bench { data: bench.data, folder: tempfile::tempdir().unwrap() };
    other.write("train/s.png", picture("cat/shared.png")).write("train/s.xml", voc("s.png", GOOD));
    other.image("train/new.png").write("train/new.xml", voc("new.png", GOOD));
    let error = other.import(Format::Voc).await.unwrap_err();
    assert!(error.to_string().contains("is about classification"), "{error}");
    assert_eq!(other.stored_files(), files);
}

#[tokio::test]
async fn progress_counts_every_image_once() {
    let bench = Bench::new();
    bench.image("cat/a.png").image("cat/b.png").write("cat/c.png", "broken");
    let heard = Mutex::new(Vec::new());
    let store = bench.store().await;
    run(&store, bench.request(Format::Folder), |done, total| heard.lock().unwrap().push((done, total)))
        .await
        .unwrap();
    assert_eq!(heard.into_inner().unwrap(), [(0, 3), (1, 3), (2, 3), (3, 3)]);
}

/// The public data sets lie beside the project on machines that have them.
fn public(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
    if !path.is_dir() {
        // Not `eprintln!`: the test harness would swallow what a passing test prints.
        let _ = writeln!(std::io::stderr(), "skipped: there is no {}", path.display());
        return None;
    }
    Some(path)
}

#[tokio::test]
async fn the_blood_cells_are_imported_to_the_last_box() {
    let Some(path) = public("bccd/BCCD") else { return };
    let bench = Bench::new();
    let store = bench.store().await;
    let request = ImportRequest { path, format: Some(Format::Voc), name: "bccd".into(), split: None };
    let report = run(&store, request.clone(), |_, _| {}).await.unwrap();
    assert_eq!((report.items_added, report.annotations_added), (364, 4886));
    assert_eq!(report.dataset.subset_counts, [205, 87, 72]);
    let files: Vec<_> = report.rejections.iter().map(|each| each.file.as_str()).collect();
    assert_eq!(
        files,
        ["Annotations/BloodImage_00338.xml", "Annotations/BloodImage_00343.xml"],
        "{}",
        reasons(&report)
    );
    assert!(report.rejections.iter().all(|each| each.reason.contains("box without area")));
    let labels: Vec<_> = report.dataset.labels.iter().map(|label| label.name.as_str()).collect();
    assert_eq!(labels, ["Platelets", "RBC", "WBC"]);
    let train = tagged_items_query(Subset::Train);
    assert_eq!(store.count_items(report.dataset.id, &train).await.unwrap(), 205);
    let again = run(&store, request, |_, _| {}).await.unwrap();
    assert_eq!((again.items_added, again.items_unchanged), (0, 364));
}

#[tokio::test]
async fn the_clothes_are_imported_by_folder() {
    let Some(path) = public("clothing-small") else { return };
    let bench = Bench::new();
    let store = bench.store().await;
    let request = ImportRequest { path, format: Some(Format::Folder), name: "clothes".into(), split: None };
    let report = run(&store, request, |_, _| {}).await.unwrap();
    assert_eq!(report.dataset.subset_counts, [3068, 341, 0], "{}", reasons(&report));
    assert_eq!(report.dataset.labels.len(), 10);
    assert_eq!(report.annotations_added, 3409);
}
