//! A thread of its own for the files of a training: steps do not wait for the disk.
//!
//! One save is written at a time and one waits; a newer one takes the place of the one that waits. Must not know steps,
//! losses, or who hears what was written.

use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};

use crate::checkpoint::Snapshot;
use crate::error::TrainError;
use crate::family::Family;
use crate::report::CheckpointKind;

/// What is written together, of one moment.
pub(super) struct Save<F: Family> {
    pub snapshot: Snapshot<F>,
    /// Fitness of the last complete epoch.
    pub fitness: Option<f64>,
    /// Whether the moment is also kept under a name of its own.
    pub is_kept: bool,
    /// Weights that were the best when they were made.
    pub best: Option<BestWeights>,
}

/// A file of weights, not on disk yet.
pub(super) struct BestWeights {
    pub content: Vec<u8>,
    pub epoch: u32,
    pub fitness: f64,
}

impl<F: Family> Save<F> {
    /// This save in place of an older one: weights that are still the best are written all the same.
    fn in_place_of(mut self, older: Self) -> Self {
        self.best = self.best.or(older.best);
        self
    }
}

/// A file that was written, or why it was not.
pub(super) struct Written {
    pub path: PathBuf,
    pub epoch: u32,
    pub kind: CheckpointKind,
    pub fitness: Option<f64>,
    pub result: Result<(), TrainError>,
}

enum Answer {
    File(Written),
    SaveEnded,
}

/// The thread, and what is on its way to it.
pub(super) struct Writer<F: Family> {
    orders: Option<Sender<Save<F>>>,
    answers: Receiver<Answer>,
    thread: Option<JoinHandle<()>>,
    is_writing: bool,
    waiting: Option<Save<F>>,
    written: Vec<Written>,
}

impl<F: Family> Writer<F> {
    /// Starts the thread. `carry_out` writes the files of a save, and hands over each as it is done.
    pub fn start(
        mut carry_out: impl FnMut(Save<F>, &mut dyn FnMut(Written)) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (orders, to_do) = channel();
        let (answer, answers) = channel();
        let work = move || {
            for save in to_do {
                // Nobody listens any more once the training has ended with an error.
                carry_out(save, &mut |written| drop(answer.send(Answer::File(written))));
                let _ = answer.send(Answer::SaveEnded);
            }
        };
        let thread = Builder::new().name("checkpoints".into()).spawn(work)?;
        Ok(Self {
            orders: Some(orders),
            answers,
            thread: Some(thread),
            is_writing: false,
            waiting: None,
            written: Vec::new(),
        })
    }

    /// Has a save written. Returns at once, but where one that is to be kept still waits for its turn.
    pub fn write(&mut self, save: Save<F>) {
        self.look();
        while self.waiting.as_ref().is_some_and(|waiting| waiting.is_kept) {
            self.wait();
        }
        self.waiting = Some(match self.waiting.take() {
            Some(older) => save.in_place_of(older),
            None => save,
        });
        self.begin();
    }

    /// What was written since the last call, in order.
    pub fn take_written(&mut self) -> Vec<Written> {
        self.look();
        std::mem::take(&mut self.written)
    }

    /// Waits until all is on disk; what was written since the last call, in order.
    pub fn wait_for_all(&mut self) -> Vec<Written> {
        while self.is_writing {
            self.wait();
        }
        self.take_written()
    }

    fn look(&mut self) {
        while let Ok(answer) = self.answers.try_recv() {
            self.take(answer);
        }
    }

    fn wait(&mut self) {
        match self.answers.recv() {
            Ok(answer) => self.take(answer),
            Err(_) => self.pass_on_panic(),
        }
    }

    fn take(&mut self, answer: Answer) {
        match answer {
            Answer::File(written) => self.written.push(written),
            Answer::SaveEnded => {
                self.is_writing = false;
                self.begin();
            }
        }
    }

    /// Gives the thread what waits, if it has nothing to do.
    fn begin(&mut self) {
        if !self.is_writing
            && let Some(save) = self.waiting.take()
            && let Some(orders) = &self.orders
        {
            self.is_writing = true;
            if orders.send(save).is_err() {
                self.pass_on_panic();
            }
        }
    }

    /// The thread only ends before its orders do if it has panicked.
    fn pass_on_panic(&mut self) {
        self.is_writing = false;
        self.waiting = None;
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            resume_unwind(panic);
        }
    }
}

impl<F: Family> Drop for Writer<F> {
    fn drop(&mut self) {
        self.orders = None;
        // What is half written is ended first; a panic of the thread was printed when it happened.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

#[cfg(test)]
mod tests {
    use crate::YoloV8Family;
    use crate::error::TrainErrorKind;
    use crate::job::test_job;
    use crate::optimizer::Rule;
    use crate::parameters::ParameterTable;
    use crate::run_state::{DataDigests, RunState};

    use super::*;

    fn save(epoch: u32, is_kept: bool, best: Option<u32>) -> Save<YoloV8Family> {
        let mut state = RunState::new(&test_job(), Rule::Sgd, DataDigests::default());
        state.epochs_done = epoch;
        let table = ParameterTable { slots: Vec::new() };
        let best = best.map(|epoch| BestWeights { content: Vec::new(), epoch, fitness: 0.5 });
        Save { snapshot: Snapshot { state, table, best: None }, fitness: None, is_kept, best }
    }

    /// A writer that begins no save before it is let to, and the way to let it.
    fn gated() -> (Writer<YoloV8Family>, Sender<()>) {
        let (gate, open) = channel();
        let writer = Writer::start(move |save, told| {
            open.recv().unwrap();
            let epoch = save.snapshot.state.epochs_done;
            let written = |kind, epoch| {
                let failed = || TrainError::new(TrainErrorKind::Io, "disk full", "make room");
                let result = if epoch == 99 { Err(failed()) } else { Ok(()) };
                Written { path: PathBuf::new(), epoch, kind, fitness: None, result }
            };
            if let Some(best) = save.best {
                told(written(CheckpointKind::Best, best.epoch));
            }
            told(written(CheckpointKind::Last, epoch));
        });
        (writer.unwrap(), gate)
    }

    fn epochs(written: &[Written]) -> Vec<(CheckpointKind, u32)> {
        written.iter().map(|written| (written.kind, written.epoch)).collect()
    }

    #[test]
    fn a_newer_save_takes_the_place_of_the_one_that_waits_and_nobody_waits_for_the_disk() {
        let (mut writer, gate) = gated();
        // The disk does not move until all five are handed over.
        for (epoch, best) in [(1, None), (2, Some(2)), (3, None), (4, None), (5, None)] {
            writer.write(save(epoch, false, best));
        }
        assert!(writer.take_written().is_empty());
        for _ in 0..2 {
            gate.send(()).unwrap();
        }
        let written = writer.wait_for_all();
        use CheckpointKind::{Best, Last};
        // The best weights of a save that was replaced are written with the one that came instead.
        assert_eq!(epochs(&written), [(Last, 1), (Best, 2), (Last, 5)]);
        assert!(writer.wait_for_all().is_empty());
    }

    #[test]
    fn newer_best_weights_replace_older_ones_that_wait() {
        let (mut writer, gate) = gated();
        for epoch in 1..=3 {
            writer.write(save(epoch, false, Some(epoch)));
        }
        for _ in 0..2 {
            gate.send(()).unwrap();
        }
        use CheckpointKind::{Best, Last};
        assert_eq!(epochs(&writer.wait_for_all()), [(Best, 1), (Last, 1), (Best, 3), (Last, 3)]);
    }

    #[test]
    fn what_is_to_be_kept_is_not_replaced() {
        let (mut writer, gate) = gated();
        for _ in 0..3 {
            gate.send(()).unwrap();
        }
        for epoch in 1..=3 {
            writer.write(save(epoch, true, None));
        }
        let written = writer.wait_for_all();
        assert_eq!(written.iter().map(|written| written.epoch).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn an_error_arrives_and_the_next_save_is_written() {
        let (mut writer, gate) = gated();
        for epoch in [99, 100] {
            gate.send(()).unwrap();
            writer.write(save(epoch, false, None));
            let written = writer.wait_for_all();
            assert_eq!((written.len(), written[0].result.is_err()), (1, epoch == 99));
        }
    }

    #[test]
    #[should_panic = "a broken disk"]
    fn a_panic_of_the_thread_is_passed_on() {
        let mut writer = Writer::start(|_, _| panic!("a broken disk")).unwrap();
        writer.write(save(1, false, None));
        writer.wait_for_all();
    }
}
