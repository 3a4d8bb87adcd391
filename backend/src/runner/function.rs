//! The built-in Train function: reads `job.json`, trains with the trainer crate, and speaks the
//! protocol: on standard output from a process of its own, or from a thread of its runner.
//!
//! Must not know leases, spools or the server.

use super::protocol::{
    ArtifactMessage, CocoAnnotation, CocoFile, EndOutcome, JOB_VARIABLE, Job, Message, Order,
    PROTOCOL_VERSION, line_from,
};
use shared::model::ArtifactKind;
use shared::training::{Cause, CauseKind, Progress};
use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use trainer::{
    CheckpointKind, Family, LabelledBox, LabelledImage, Reporter, ResNetFamily, StopFlag, TrainError,
    TrainErrorKind, TrainEvent, TrainJob, YoloV8Family,
};

/// How much less its turn counts than others' (nice(2)).
const NICENESS: i32 = 5;

/// Exit code of one that was left alone.
const EXIT_ORPHAN: i32 = 3;

/// The Train functions that this program brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuiltIn {
    /// Trains.
    Train,
    /// Ends at once and well, to measure the platform alone.
    Instant,
}

/// Runs the job that the environment names; the exit code says whether it ended well or as told.
#[must_use]
pub fn run(function: BuiltIn) -> ExitCode {
    end_with_the_runner();
    let stop = StopFlag::default();
    listen_for_orders(stop.clone());
    let mut mouth = Mouth::new(
        stop,
        Box::new(|line| {
            let mut output = std::io::stdout().lock();
            output.write_all(line.as_bytes())?;
            output.flush()
        }),
    );
    let job = std::env::var_os(JOB_VARIABLE).map(PathBuf::from);
    let outcome = speak(function, job.as_deref(), &mut mouth);
    if outcome == EndOutcome::Failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Carries a job out on this thread, and says everything that belongs to it.
pub(super) fn speak(function: BuiltIn, job: Option<&Path>, mouth: &mut Mouth) -> EndOutcome {
    mouth.say(&Message::Hello { protocol: PROTOCOL_VERSION });
    let ended = match function {
        BuiltIn::Instant => Ok(EndOutcome::Succeeded),
        BuiltIn::Train => carry_out(job, mouth),
    };
    let (outcome, cause) = match ended {
        Ok(outcome) => (outcome, None),
        Err(cause) => (EndOutcome::Failed, Some(cause)),
    };
    mouth.say(&Message::End { outcome, cause });
    outcome
}

fn carry_out(job: Option<&Path>, mouth: &mut Mouth) -> Result<EndOutcome, Cause> {
    give_way();
    let job = read_job(job)?;
    match job.architecture_id.as_str() {
        "yolov8" => train::<YoloV8Family>(&job, boxes_of, mouth),
        "resnet" => train::<ResNetFamily>(&job, class_of, mouth),
        unknown => Err(configuration(format!(
            "the built-in Train function does not know the architecture `{unknown}`"
        ))),
    }
}

fn train<F: Family<Variant: std::str::FromStr<Err: std::fmt::Display>>>(
    job: &Job,
    truth: TruthOf<F::Truth>,
    mouth: &mut Mouth,
) -> Result<EndOutcome, Cause> {
    let job = train_job_from::<F>(job, truth)?;
    let stop = mouth.stop.clone();
    let outcome = trainer::train(&job, mouth, &stop).map_err(|error| cause_from(&error))?;
    Ok(if outcome.stopped { EndOutcome::Stopped } else { EndOutcome::Succeeded })
}

/// The kernel ends this process when the runner's thread ends, whatever it does just then.
fn end_with_the_runner() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
    {
        eprintln!("this process may outlive its runner: {error}");
    }
}

/// Training takes what is left, with this thread and those that it starts: the server on the same machine must stay quick.
fn give_way() {
    if let Err(error) = rustix::process::nice(NICENESS) {
        eprintln!("training runs at full priority: {error}");
    }
}

/// Orders come on standard input; its end means that the runner is gone.
fn listen_for_orders(stop: StopFlag) {
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            match line.map(|line| serde_json::from_str(&line)) {
                Ok(Ok(Order::Stop)) => stop.stop(),
                Ok(Err(error)) => eprintln!("an order was not understood: {error}"),
                Err(_) => break,
            }
        }
        std::process::exit(EXIT_ORPHAN);
    });
}

/// Speaks the protocol. A runner that does not listen any more ends the training.
pub(super) struct Mouth {
    stop: StopFlag,
    write: Box<dyn FnMut(String) -> std::io::Result<()> + Send>,
}

impl Mouth {
    /// A mouth whose lines, each with its line break, are written by `write`.
    pub(super) fn new(stop: StopFlag, write: Box<dyn FnMut(String) -> std::io::Result<()> + Send>) -> Self {
        Self { stop, write }
    }

    #[cfg(test)]
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.is_stopped()
    }

    fn say(&mut self, message: &Message) {
        let said = line_from(message).map_err(std::io::Error::from).and_then(|line| (self.write)(line));
        if said.is_err() {
            self.stop.stop();
        }
    }
}

impl Reporter for Mouth {
    fn report(&mut self, event: TrainEvent) {
        if let Some(message) = message_from(event) {
            self.say(&message);
        }
    }
}

/// What the runner is told of an event; what happens within an epoch is too much to be told.
fn message_from(event: TrainEvent) -> Option<Message> {
    Some(match event {
        TrainEvent::Step { .. } => return None,
        TrainEvent::Log { level, text } => Message::Log { level, text: text.replace(['\r', '\n'], " ") },
        TrainEvent::Device { name } => Message::Device { name },
        TrainEvent::Progress { epoch, epochs, step, steps, phase } => {
            Message::Progress(Progress { epoch, epochs, step, steps, phase })
        }
        TrainEvent::Sample(sample) => Message::Sample(sample),
        TrainEvent::Checkpoint { path, epoch, kind, fitness: _ } => {
            let kind = match kind {
                CheckpointKind::Best => ArtifactKind::Weights,
                CheckpointKind::Last | CheckpointKind::Periodic => ArtifactKind::Checkpoint,
            };
            // Within the first epoch none is complete.
            let epoch = Some(epoch).filter(|epoch| *epoch > 0);
            Message::Artifact(ArtifactMessage { name: file_name_of(&path), path, kind, epoch })
        }
        TrainEvent::Artifact { path, name, kind, epoch } => {
            Message::Artifact(ArtifactMessage { path, name, kind, epoch })
        }
    })
}

fn file_name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Sorts a trainer's error into the closed list of causes.
fn cause_from(error: &TrainError) -> Cause {
    let kind = match error.kind() {
        TrainErrorKind::Configuration | TrainErrorKind::Weights => CauseKind::Configuration,
        TrainErrorKind::Data => CauseKind::Data,
        TrainErrorKind::Device | TrainErrorKind::Memory | TrainErrorKind::Io => CauseKind::Resources,
        TrainErrorKind::Diverged => CauseKind::Diverged,
    };
    Cause { kind, message: error.to_string(), next_step: error.next_step().to_owned() }
}

fn unusable(kind: CauseKind, message: String, next_step: &str) -> Cause {
    Cause { kind, message, next_step: next_step.to_owned() }
}

fn read_job(path: Option<&Path>) -> Result<Job, Cause> {
    let broken = |message| unusable(CauseKind::TrainFunction, message, "Start it by a runner");
    let path = path.ok_or_else(|| broken(format!("`{JOB_VARIABLE}` does not name a job file")))?;
    let text = std::fs::read_to_string(path)
        .map_err(|error| broken(format!("{} cannot be read: {error}", path.display())))?;
    serde_json::from_str(&text).map_err(|error| broken(format!("{} is not a job: {error}", path.display())))
}

fn configuration(message: String) -> Cause {
    unusable(CauseKind::Configuration, message, "Correct the setting, then train again")
}

fn broken_data(message: String) -> Cause {
    unusable(CauseKind::Data, message, "Look at the dataset, then train again")
}

fn train_job_from<F: Family<Variant: std::str::FromStr<Err: std::fmt::Display>>>(
    job: &Job,
    truth: TruthOf<F::Truth>,
) -> Result<TrainJob<F>, Cause> {
    let variant: F::Variant =
        job.variant.parse().map_err(|error| configuration(format!("the variant cannot be used: {error}")))?;
    let config = serde_json::from_value(job.configuration.clone())
        .map_err(|error| configuration(format!("the configuration cannot be used: {error}")))?;
    Ok(TrainJob {
        variant,
        config,
        labels: job.labels.clone(),
        train: images_from(&job.data.train, job.labels.len(), truth)?,
        validation: images_from(&job.data.validation, job.labels.len(), truth)?,
        output_dir: job.output_dir.clone(),
        initial_weights: job.initial_weights.clone(),
        resume: job.resume.clone(),
        // Every attempt would get the same checkpoint, and so none would get anywhere.
        starts_over: true,
    })
}

/// What a family makes of the annotations of an image, each with its class; `name` is the image's.
type TruthOf<T> = fn(name: &str, annotations: &[(usize, CocoAnnotation)]) -> Result<T, Cause>;

/// Any number of boxes.
fn boxes_of(_: &str, annotations: &[(usize, CocoAnnotation)]) -> Result<Vec<LabelledBox>, Cause> {
    let labelled = annotations.iter().map(|(class, annotation)| {
        let [left, top, width, height] = annotation.bbox;
        // Pixels of an image are far below the numbers that a single float cannot tell apart.
        let [x1, y1, x2, y2] = [left, top, left + width, top + height].map(|edge| edge as f32);
        LabelledBox { class: *class, x1, y1, x2, y2 }
    });
    Ok(labelled.collect())
}

/// Exactly one class, however often it is said.
fn class_of(name: &str, annotations: &[(usize, CocoAnnotation)]) -> Result<usize, Cause> {
    match annotations {
        [] => Err(broken_data(format!("{name} has no class"))),
        [(first, _), rest @ ..] if rest.iter().all(|(class, _)| class == first) => Ok(*first),
        _ => {
            Err(broken_data(format!("{name} has several classes, and a classifier learns one of each image")))
        }
    }
}

/// Reads a subset: a COCO file with its images beside it.
fn images_from<T>(
    path: &Path,
    label_count: usize,
    truth: TruthOf<T>,
) -> Result<Vec<LabelledImage<T>>, Cause> {
    let text = std::fs::read(path)
        .map_err(|error| broken_data(format!("{} cannot be read: {error}", path.display())))?;
    let coco: CocoFile = serde_json::from_slice(&text)
        .map_err(|error| broken_data(format!("{} is not a COCO file: {error}", path.display())))?;
    let mut annotations: BTreeMap<u64, Vec<(usize, CocoAnnotation)>> = BTreeMap::new();
    for annotation in coco.annotations {
        let class = usize::try_from(annotation.category_id).ok().and_then(|id| id.checked_sub(1));
        let class = class.filter(|class| *class < label_count).ok_or_else(|| {
            let category = annotation.category_id;
            broken_data(format!("{} has an annotation of the unknown category {category}", path.display()))
        })?;
        annotations.entry(annotation.image_id).or_default().push((class, annotation));
    }
    let folder = path.with_file_name("images");
    let images = coco.images.into_iter().map(|image| {
        let truth = truth(&image.item, annotations.get(&image.id).map_or(&[][..], Vec::as_slice))?;
        Ok(LabelledImage { path: folder.join(&image.file_name), name: image.item, truth })
    });
    images.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::protocol::{CocoAnnotation, CocoImage, JobData};

    #[test]
    fn a_subset_is_read_back_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let image = |id: u64| CocoImage {
            id,
            file_name: format!("{id}.jpg"),
            item: format!("/folder/item {id}.jpg"),
            width: 100,
            height: 80,
        };
        let coco = CocoFile {
            images: vec![image(1), image(2)],
            annotations: vec![CocoAnnotation {
                id: 1,
                image_id: 2,
                category_id: 2,
                bbox: [10.0, 20.0, 30.0, 40.0],
                area: 1200.0,
                iscrowd: 0,
            }],
            categories: Vec::new(),
        };
        let path = folder.path().join("annotations.json");
        std::fs::write(&path, serde_json::to_vec(&coco).unwrap()).unwrap();
        let images = images_from(&path, 2, boxes_of).unwrap();
        assert_eq!(images[1].path, folder.path().join("images/2.jpg"));
        assert_eq!((images[0].name.as_str(), images[0].truth.len()), ("/folder/item 1.jpg", 0));
        let only = images[1].truth[0];
        assert_eq!((only.class, only.corners()), (1, [10.0, 20.0, 40.0, 60.0]));
        let cause = images_from(&path, 1, boxes_of).unwrap_err();
        assert_eq!(cause.kind, CauseKind::Data);
        assert!(cause.message.contains("unknown category 2"), "{}", cause.message);
    }

    #[test]
    fn an_image_has_exactly_one_class() {
        let annotated = |classes: &[usize]| -> Vec<(usize, CocoAnnotation)> {
            let whole = CocoAnnotation {
                id: 1,
                image_id: 1,
                category_id: 1,
                bbox: [0.0, 0.0, 8.0, 8.0],
                area: 64.0,
                iscrowd: 0,
            };
            classes.iter().map(|class| (*class, whole.clone())).collect()
        };
        for (classes, expected) in [(&[3][..], Some(3)), (&[3, 3], Some(3)), (&[], None), (&[3, 1], None)] {
            let found = class_of("a.jpg", &annotated(classes));
            assert_eq!(found.clone().ok(), expected, "{classes:?}");
            assert!(found.err().is_none_or(|cause| cause.message.starts_with("a.jpg has ")));
        }
    }

    #[test]
    fn checkpoints_and_weights_are_told_apart() {
        let event = |epoch, kind| TrainEvent::Checkpoint {
            path: "out/file.safetensors".into(),
            epoch,
            kind,
            fitness: None,
        };
        for (kind, expected) in [
            (CheckpointKind::Best, ArtifactKind::Weights),
            (CheckpointKind::Last, ArtifactKind::Checkpoint),
            (CheckpointKind::Periodic, ArtifactKind::Checkpoint),
        ] {
            let Some(Message::Artifact(artifact)) = message_from(event(3, kind)) else {
                panic!("no artifact")
            };
            assert_eq!(
                (artifact.kind, artifact.name.as_str(), artifact.epoch),
                (expected, "file.safetensors", Some(3))
            );
        }
        let first = message_from(event(0, CheckpointKind::Last));
        let Some(Message::Artifact(within_first)) = first else { panic!("no artifact") };
        assert_eq!(within_first.epoch, None);
    }

    #[test]
    fn a_checkpoint_that_cannot_be_used_does_not_end_the_attempt() {
        let folder = tempfile::tempdir().unwrap();
        let coco = CocoFile { images: Vec::new(), annotations: Vec::new(), categories: Vec::new() };
        let path = folder.path().join("annotations.json");
        std::fs::write(&path, serde_json::to_vec(&coco).unwrap()).unwrap();
        let job = Job {
            protocol: PROTOCOL_VERSION,
            execution_id: "e".into(),
            attempt: 2,
            architecture_id: "yolov8".into(),
            variant: "n".into(),
            configuration: serde_json::json!({}),
            labels: vec!["a".into()],
            data: JobData { train: path.clone(), validation: path },
            output_dir: folder.path().join("output"),
            initial_weights: Some("initial.safetensors".into()),
            resume: Some("resume.safetensors".into()),
        };
        let train = train_job_from::<YoloV8Family>(&job, boxes_of).unwrap();
        assert!(train.starts_over);
        // Then it starts from where the first attempt did.
        assert_eq!((train.initial_weights, train.resume), (job.initial_weights, job.resume));
    }
}
