//! `trainyard predict`: what a trained model version sees on images.
//!
//! Must not know how a network computes.

use super::args::{Place, Predict};
use super::artifacts;
use super::connect::{Connection, WithoutServer};
use super::draw::{self, Mark};
use super::failure::Failure;
use super::print;
use image::ImageReader;
use serde_json::{Value, json};
use shared::config::DeviceKind;
use shared::model::{Artifact, ArtifactKind};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use trainer::{Classifier, Detector, NmsOptions, Predictor};

/// The weights that are taken where there are several.
const BEST: &str = "best.safetensors";

pub(super) async fn run(place: &Place, arguments: Predict) -> Result<(), Failure> {
    check_images(&arguments.images)?;
    let scratch = tempfile::tempdir()?;
    let weights = find_weights(place, &arguments.model, scratch.path()).await?;
    // Computing takes long, and must not hold up the runtime.
    tokio::task::spawn_blocking(move || predict_all(&arguments, &weights))
        .await
        .map_err(|error| Failure::failed(format!("the prediction was interrupted: {error}")))?
}

/// Every image is looked at before anything is computed or written.
fn check_images(images: &[PathBuf]) -> Result<(), Failure> {
    let problems: Vec<String> = images
        .iter()
        .filter_map(|path| {
            let size = ImageReader::open(path)
                .and_then(ImageReader::with_guessed_format)
                .map_err(|error| error.to_string())
                .and_then(|reader| reader.into_dimensions().map_err(|error| error.to_string()));
            size.err().map(|error| format!("{}: {error}", path.display()))
        })
        .collect();
    if problems.is_empty() {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "cannot be read as an image: {}; name JPEG, PNG, WebP or BMP files",
        problems.join("; ")
    )))
}

/// A weights file on disk is taken as it is; everything else is a model version of the server's.
async fn find_weights(place: &Place, model: &str, scratch: &Path) -> Result<PathBuf, Failure> {
    let path = Path::new(model);
    if path.extension().is_some_and(|extension| extension == "safetensors") && path.is_file() {
        return Ok(path.to_owned());
    }
    let connection = Connection::open(place, WithoutServer::WorkAlone).await?;
    let fetched = async {
        let found = artifacts::of_model(&connection, model).await?;
        let weights = choose(&found).ok_or_else(|| artifacts::no_files(model))?;
        artifacts::fetch(&connection, weights, scratch).await
    };
    let fetched = fetched.await;
    connection.close().await;
    fetched
}

/// The best weights of the newest run that has any.
fn choose(artifacts: &[Artifact]) -> Option<&Artifact> {
    let is_weights = |artifact: &&Artifact| artifact.kind == ArtifactKind::Weights;
    let newest = artifacts.iter().find(is_weights)?.execution_id;
    let mut of_run = artifacts.iter().filter(is_weights).filter(|artifact| artifact.execution_id == newest);
    of_run.clone().find(|artifact| artifact.name == BEST).or_else(|| of_run.next())
}

fn predict_all(arguments: &Predict, weights: &Path) -> Result<(), Failure> {
    match Predictor::load(weights, DeviceKind::Auto).map_err(|error| Failure::failed(error.to_string()))? {
        Predictor::Detector(detector) => detect_all(arguments, &detector),
        Predictor::Classifier(classifier) => classify_all(arguments, &classifier),
    }
}

/// The classes of each image that the model is sure enough of, the surest first.
fn classify_all(arguments: &Predict, classifier: &Classifier) -> Result<(), Failure> {
    if arguments.out.is_some() {
        return Err(Failure::usage(
            "this model tells classes of whole images, so there are no boxes to draw: leave out --out",
        ));
    }
    let labels = &classifier.card().labels;
    let mut answers = Vec::new();
    for path in &arguments.images {
        let scores = classifier.classify_file(path).map_err(|error| Failure::failed(error.to_string()))?;
        let mut classes: Vec<(usize, f32)> = scores.into_iter().enumerate().collect();
        classes.retain(|(_, score)| f64::from(*score) >= arguments.confidence);
        // The sort is stable: of equal scores the lower class comes first, as in a validation.
        classes.sort_by(|a, b| b.1.total_cmp(&a.1));
        let named = classes.iter().map(|(class, score)| (*class, labels.get(*class), *score));
        if arguments.output.json {
            let classes: Vec<Value> = named
                .map(|(class, label, score)| json!({"label": label, "class": class, "score": score}))
                .collect();
            answers.push(json!({"image": path, "classes": classes}));
        } else {
            let words: Vec<String> = named
                .map(|(class, label, score)| {
                    let label = label.cloned().unwrap_or_else(|| class.to_string());
                    format!("{} {score:.3}", print::plain(&label))
                })
                .collect();
            let found = if words.is_empty() { "nothing is sure enough".into() } else { words.join(", ") };
            print::line(&format!("{}: {found}", path.display()))?;
        }
    }
    if arguments.output.json { print::json(&answers) } else { Ok(()) }
}

fn detect_all(arguments: &Predict, detector: &Detector) -> Result<(), Failure> {
    let options = NmsOptions { confidence_threshold: arguments.confidence as f32, ..NmsOptions::PREDICTION };
    if let Some(folder) = &arguments.out {
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::failed(format!("the folder {} cannot be made: {error}", folder.display()))
        })?;
    }
    let mut answers = Vec::new();
    let mut taken = BTreeSet::new();
    for path in &arguments.images {
        let mut seen = look(detector, path, &options)?;
        if let Some(folder) = &arguments.out {
            seen.drawn = Some(draw_copy(path, folder, &seen.marks, &mut taken)?);
        }
        if arguments.output.json {
            answers.push(seen.into_json());
        } else {
            seen.print()?;
        }
    }
    if arguments.output.json { print::json(&answers) } else { Ok(()) }
}

/// What was seen on one image.
struct Seen {
    image: PathBuf,
    marks: Vec<Mark>,
    drawn: Option<PathBuf>,
}

fn look(detector: &Detector, path: &Path, options: &NmsOptions) -> Result<Seen, Failure> {
    let detections =
        detector.detect_file(path, options).map_err(|error| Failure::failed(error.to_string()))?;
    let labels = &detector.card().labels;
    let marks = detections
        .into_iter()
        .map(|found| Mark {
            class: found.class,
            label: labels.get(found.class).cloned().unwrap_or_else(|| found.class.to_string()),
            score: found.score,
            region: found.region,
        })
        .collect();
    Ok(Seen { image: path.to_owned(), marks, drawn: None })
}

impl Seen {
    fn into_json(self) -> Value {
        let detections: Vec<Value> = self
            .marks
            .iter()
            .map(|mark| json!({"label": mark.label, "class": mark.class, "score": mark.score, "region": mark.region}))
            .collect();
        json!({"image": self.image, "detections": detections, "drawn": self.drawn})
    }

    fn print(&self) -> Result<(), Failure> {
        let drawn = self.drawn.as_ref().map(|path| format!(", drawn on {}", path.display()));
        print::line(&format!(
            "{}: {} found{}",
            self.image.display(),
            self.marks.len(),
            drawn.unwrap_or_default()
        ))?;
        for mark in &self.marks {
            let region = mark.region;
            print::line(&format!(
                "  {} {:.3}  [{:.0} {:.0} {:.0} {:.0}]",
                print::plain(&mark.label),
                mark.score,
                region.x1,
                region.y1,
                region.x2,
                region.y2
            ))?;
        }
        Ok(())
    }
}

/// Draws the boxes on a copy. Images of the same name from different folders get a number.
fn draw_copy(
    path: &Path,
    folder: &Path,
    marks: &[Mark],
    taken: &mut BTreeSet<PathBuf>,
) -> Result<PathBuf, Failure> {
    let mut picture = ImageReader::open(path)?
        .with_guessed_format()?
        .decode()
        .map_err(|error| Failure::failed(format!("{} cannot be read: {error}", path.display())))?
        .into_rgb8();
    draw::draw(&mut picture, marks);
    let stem = path.file_stem().map_or_else(|| "image".into(), |stem| stem.to_string_lossy());
    let mut copy = folder.join(format!("{stem}.png"));
    let mut number = 1;
    while !taken.insert(copy.clone()) || is_same_file(&copy, path) {
        number += 1;
        copy = folder.join(format!("{stem}-{number}.png"));
    }
    picture
        .save(&copy)
        .map_err(|error| Failure::failed(format!("{} cannot be written: {error}", copy.display())))?;
    Ok(copy)
}

/// The image itself is never overwritten.
fn is_same_file(copy: &Path, original: &Path) -> bool {
    match (copy.canonicalize(), original.canonicalize()) {
        (Ok(copy), Ok(original)) => copy == original,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::id::{ArtifactId, ExecutionId, ModelId, uuid_v7};

    fn artifact(run: u8, name: &str, kind: ArtifactKind) -> Artifact {
        Artifact {
            id: ArtifactId::from_uuid(uuid_v7(1, &[run; 10])),
            model_id: ModelId::from_uuid(uuid_v7(1, &[0; 10])),
            execution_id: ExecutionId::from_uuid(uuid_v7(1, &[run; 10])),
            name: name.into(),
            kind,
            content_hash: "00".repeat(32),
            size_bytes: 1,
            epoch: None,
            created_at_ms: 0,
        }
    }

    #[test]
    fn the_best_weights_of_the_newest_run_are_taken() {
        use ArtifactKind::{Checkpoint, Report, Weights};
        let newest_failed = [
            artifact(3, "results.json", Report),
            artifact(2, "last.safetensors", Weights),
            artifact(2, "best.safetensors", Weights),
            artifact(1, "best.safetensors", Weights),
        ];
        let chosen = choose(&newest_failed).unwrap();
        assert_eq!(
            (chosen.name.as_str(), chosen.execution_id),
            ("best.safetensors", newest_failed[1].execution_id)
        );
        let only_last = [artifact(1, "last.safetensors", Weights)];
        assert_eq!(choose(&only_last).unwrap().name, "last.safetensors");
        assert!(choose(&[artifact(1, "state", Checkpoint)]).is_none());
    }

    #[test]
    fn copies_never_overwrite_an_image_or_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("a.png");
        image::RgbImage::new(8, 8).save(&image).unwrap();
        let mut taken = BTreeSet::new();
        let first = draw_copy(&image, folder.path(), &[], &mut taken).unwrap();
        let second = draw_copy(&image, folder.path(), &[], &mut taken).unwrap();
        assert_eq!((first, second), (folder.path().join("a-2.png"), folder.path().join("a-3.png")));
    }

    #[test]
    fn all_unreadable_images_are_named_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let broken = folder.path().join("broken.jpg");
        std::fs::write(&broken, "no image").unwrap();
        let failure = check_images(&[broken, folder.path().join("missing.png")]).unwrap_err().to_string();
        assert!(failure.contains("broken.jpg") && failure.contains("missing.png"), "{failure}");
    }
}
