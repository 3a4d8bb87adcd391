//! A training that is interrupted anywhere goes on bit for bit: the losses of each step, the figures, and the files.

use std::path::PathBuf;

use sha2::{Digest, Sha256};
use shared::metric::LogLevel;

use super::*;

/// Epochs of these trainings, of three steps each.
const EPOCHS: u32 = 4;

fn three_steps(folder: &Path) -> DetectionJob {
    let mut job = job(folder, EPOCHS);
    job.train = (0..10).map(|index| scene(folder, index)).collect();
    job
}

/// What a training has reached when it is asked to stop.
type Place = (u32, Phase, u32);

struct StopAt {
    place: Place,
    stop: StopFlag,
    events: Vec<TrainEvent>,
}

impl Reporter for StopAt {
    fn report(&mut self, event: TrainEvent) {
        if let TrainEvent::Progress { epoch, phase, step, .. } = event
            && (epoch, phase, step) == self.place
        {
            self.stop.stop();
        }
        self.events.push(event);
    }
}

fn run_until<F: Family>(job: &TrainJob<F>, place: Place) -> (Vec<TrainEvent>, Outcome<F>) {
    let stop = StopFlag::default();
    let mut reporter = StopAt { place, stop: stop.clone(), events: Vec::new() };
    let outcome = train(job, &mut reporter, &stop).unwrap();
    (reporter.events, outcome)
}

/// Each step with the bits of its losses and its rate.
fn steps(events: &[TrainEvent]) -> Vec<(u32, u32, Vec<u64>)> {
    let steps = events.iter().filter_map(|event| match event {
        TrainEvent::Step { epoch, step, losses, learning_rate } => {
            let numbers = losses.iter().map(|(_, value)| value).chain([learning_rate]);
            Some((*epoch, *step, numbers.map(|number| number.to_bits()).collect()))
        }
        _ => None,
    });
    steps.collect()
}

fn logs(events: &[TrainEvent], wanted: LogLevel) -> Vec<&str> {
    let logs = events.iter().filter_map(|event| match event {
        TrainEvent::Log { level, text } if *level == wanted => Some(text.as_str()),
        _ => None,
    });
    logs.collect()
}

fn checkpoints(events: &[TrainEvent]) -> Vec<(CheckpointKind, u32)> {
    let told = events.iter().filter_map(|event| match event {
        TrainEvent::Checkpoint { kind, epoch, .. } => Some((*kind, *epoch)),
        _ => None,
    });
    told.collect()
}

/// SHA-256 of what stays with the model, and its figures without times.
fn results<F: Family>(job: &TrainJob<F>) -> (Vec<String>, serde_json::Value) {
    let read = |name: &str| std::fs::read(job.output_dir.join(name)).unwrap();
    let hash = |name: &&str| format!("{:?}", Sha256::digest(read(name)));
    let files = ["best.safetensors", "last.safetensors", "confusion_matrix.json"].iter().map(hash);
    let mut figures: serde_json::Value = serde_json::from_slice(&read("results.json")).unwrap();
    for epoch in figures["epochs"].as_array_mut().unwrap() {
        for time in ["seconds", "images_per_second"] {
            assert!(epoch.as_object_mut().unwrap().remove(time).is_some());
        }
    }
    (files.collect(), figures)
}

/// Goes on from a checkpoint in a folder of its own, as another attempt does, and with nothing else of the first one.
fn next_attempt<F: Family>(job: &TrainJob<F>, resume: PathBuf, folder: &Path) -> TrainJob<F> {
    let output_dir = folder.to_owned();
    TrainJob { resume: Some(resume), initial_weights: None, output_dir, ..job.clone() }
}

/// A training that runs through, and the same one interrupted at places, must not differ.
pub(super) fn check_interrupted<F: Family>(job: &TrainJob<F>, folder: &Path, cases: &[(&[Place], &str)]) {
    let (events, outcome) = run(job);
    let (whole, expected) = (steps(&events), results(job));
    assert_eq!(whole.len(), 3 * EPOCHS as usize);
    for (number, (places, told)) in cases.iter().enumerate() {
        let mut heard = Vec::new();
        let mut attempt = TrainJob { output_dir: folder.join(format!("{number}-0")), ..job.clone() };
        for (part, place) in places.iter().enumerate() {
            let (events, stopped) = run_until(&attempt, *place);
            assert!(stopped.stopped && stopped.epochs_done <= place.0, "{places:?}");
            assert_eq!(checkpoints(&events).last(), Some(&(CheckpointKind::Last, stopped.epochs_done)));
            heard.extend(events);
            let checkpoint = attempt.output_dir.join("checkpoint.safetensors");
            attempt = next_attempt(job, checkpoint, &folder.join(format!("{number}-{}", part + 1)));
        }
        let (events, last) = run(&attempt);
        let going_on = format!("going on from a checkpoint at {told}");
        assert!(logs(&events, LogLevel::Info).iter().any(|text| text.starts_with(&going_on)), "{told}");
        assert_eq!(logs(&events, LogLevel::Warning), [""; 0]);
        heard.extend(events);
        assert_eq!(steps(&heard), whole, "{places:?}");
        assert_eq!(last.unwrap(), *outcome.as_ref().unwrap(), "{places:?}");
        assert_eq!(results(&attempt), expected, "{places:?}");
    }
}

#[test]
fn a_training_that_is_stopped_anywhere_goes_on_bit_for_bit() {
    use Phase::{Saving, Training, Validating};
    let folder = tempfile::tempdir().unwrap();
    check_interrupted(
        &three_steps(folder.path()),
        folder.path(),
        &[
            (&[(1, Training, 1)], "epoch 1 of 4, step 2 of 3; 1 steps are done"),
            (&[(1, Training, 3)], "epoch 1 of 4, its validation; 3 steps"),
            (&[(2, Validating, 1)], "epoch 2 of 4, its validation; 6 steps"),
            (&[(2, Saving, 0)], "epoch 3 of 4, step 1 of 3; 6 steps"),
            (&[(2, Training, 1), (2, Training, 2), (4, Training, 1)], "epoch 4 of 4, step 2 of 3; 10 steps"),
        ],
    );
}

#[test]
fn momentum_and_first_weights_of_a_file_are_gone_on_with_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = three_steps(folder.path());
    first.config.epochs = 1;
    run(&first).1.unwrap();
    let mut job = three_steps(folder.path());
    job.config.optimizer = Optimizer::Sgd;
    job.config.warmup_epochs = 1.5;
    job.initial_weights = Some(first.output_dir.join("last.safetensors"));
    job.output_dir = folder.path().join("whole");
    let place = (2, Phase::Training, 1);
    check_interrupted(&job, folder.path(), &[(&[place], "epoch 2 of 4, step 2 of 3; 4 steps")]);
}

#[test]
fn a_training_that_is_killed_goes_on_from_what_was_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = three_steps(folder.path());
    job.config.save_period = 1;
    let (events, outcome) = run(&job);
    let (whole, figures, expected) = (steps(&events), curve(&events), results(&job));
    // Whoever takes the checkpoint that was told last takes the newest.
    let told: Vec<_> =
        checkpoints(&events).into_iter().filter(|(kind, _)| *kind != CheckpointKind::Best).collect();
    let order: Vec<_> = (1..=EPOCHS)
        .flat_map(|epoch| [(CheckpointKind::Periodic, epoch), (CheckpointKind::Last, epoch)])
        .collect();
    assert_eq!(told, order);
    for epoch in 1..=EPOCHS {
        let kept = job.output_dir.join(format!("checkpoint-epoch-{epoch}.safetensors"));
        let attempt = next_attempt(&job, kept, &folder.path().join(format!("after-{epoch}")));
        let (events, last) = run(&attempt);
        assert_eq!(steps(&events), whole[3 * epoch as usize..]);
        let later = figures.iter().filter(|sample| sample.x > f64::from(epoch)).cloned();
        assert_eq!(curve(&events), later.collect::<Vec<_>>());
        assert_eq!(last.unwrap(), *outcome.as_ref().unwrap());
        assert_eq!(results(&attempt), expected);
    }
    // One that is stopped before its first step has nothing to keep, and says so of the state that it has.
    let stop = StopFlag::default();
    stop.stop();
    let kept = job.output_dir.join("checkpoint-epoch-2.safetensors");
    let attempt = TrainJob { starts_over: true, ..next_attempt(&job, kept, &folder.path().join("stopped")) };
    let mut events = Vec::new();
    let stopped = train(&attempt, &mut events, &stop).unwrap();
    assert_eq!((stopped.stopped, stopped.epochs_done), (true, 2));
    assert_eq!((checkpoints(&events), logs(&events, LogLevel::Warning)), (vec![], vec![]));
}

#[test]
fn patience_counts_on_over_an_interruption() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = three_steps(folder.path());
    job.config.optimizer = Optimizer::Sgd;
    // Nothing is learnt, so nothing gets better.
    job.config.lr0 = 1e-9;
    job.config.warmup_bias_lr = 0.0;
    job.config.patience = 2;
    let (events, outcome) = run(&job);
    let outcome = outcome.unwrap();
    assert_eq!((outcome.epochs_done, outcome.best_epoch), (3, Some(1)));
    let interrupted = TrainJob { output_dir: folder.path().join("interrupted"), ..job.clone() };
    let (first, _) = run_until(&interrupted, (2, Phase::Training, 2));
    let checkpoint = interrupted.output_dir.join("checkpoint.safetensors");
    let attempt = next_attempt(&job, checkpoint, &folder.path().join("next"));
    let (second, last) = run(&attempt);
    assert_eq!([steps(&first), steps(&second)].concat(), steps(&events));
    assert_eq!((last.unwrap(), results(&attempt)), (outcome, results(&job)));
}

#[test]
fn a_checkpoint_that_cannot_be_used_is_passed_over_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = three_steps(folder.path());
    job.config.epochs = 1;
    let whole = steps(&run(&job).0);
    let good = job.output_dir.join("checkpoint.safetensors");
    let content = std::fs::read(&good).unwrap();
    let half = folder.path().join("half.safetensors");
    std::fs::write(&half, &content[..content.len() / 2]).unwrap();
    let mut other = job.clone();
    other.train.pop();
    other.output_dir = folder.path().join("other");
    run(&other).1.unwrap();
    let foreign = other.output_dir.join("checkpoint.safetensors");
    let absent = folder.path().join("absent.safetensors");
    for (path, why) in [
        (half, "is not a checkpoint of this training"),
        (foreign, "its train subset differs"),
        (absent, "cannot read the checkpoint"),
    ] {
        let mut attempt = next_attempt(&job, path, &folder.path().join("next"));
        let error = run(&attempt).1.unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        attempt.starts_over = true;
        let (events, outcome) = run(&attempt);
        outcome.unwrap();
        let warnings = logs(&events, LogLevel::Warning);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].starts_with("training starts from the beginning, without its checkpoint"));
        assert!(warnings[0].contains(why), "{warnings:?}");
        assert_eq!(steps(&events), whole);
    }
}

#[test]
fn a_disk_that_refuses_a_checkpoint_does_not_end_a_training_but_weights_must_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = three_steps(folder.path());
    job.config.epochs = 1;
    // A folder in the way of the temporary name makes the write fail.
    std::fs::create_dir_all(job.output_dir.join("checkpoint.safetensors.part")).unwrap();
    let (events, outcome) = run(&job);
    assert_eq!(outcome.unwrap().epochs_done, 1);
    let warnings = logs(&events, LogLevel::Warning);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].starts_with("the state after epoch 1 could not be kept: cannot write"),
        "{warnings:?}"
    );
    assert_eq!(checkpoints(&events), [(CheckpointKind::Best, 1)]);
    assert!(job.output_dir.join("best.safetensors").is_file());

    job.output_dir = folder.path().join("no-weights");
    std::fs::create_dir_all(job.output_dir.join("best.safetensors.part")).unwrap();
    let (events, outcome) = run(&job);
    assert_eq!(outcome.unwrap_err().kind(), TrainErrorKind::Io);
    let warnings = logs(&events, LogLevel::Warning);
    assert!(warnings[0].starts_with("the best weights after epoch 1 could not be kept"), "{warnings:?}");
    // With the state another attempt can write them.
    assert_eq!(checkpoints(&events), [(CheckpointKind::Last, 1)]);
    let checkpoint = job.output_dir.join("checkpoint.safetensors");
    run(&next_attempt(&job, checkpoint, &folder.path().join("next"))).1.unwrap();
    assert!(folder.path().join("next/best.safetensors").is_file());
}
