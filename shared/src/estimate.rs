//! How long a training will probably take.
//!
//! Must not know where past runs are stored. The unit of work is one item in one epoch, be it learnt from or measured on.

/// Seconds of one core for each weight and pixel of one item in one epoch, on a processor. Measured with yolov8n at
/// 320 px on 2 cores (`docs/benchmarks.md`: 304 s for 30 epochs of 364 images, and a step of 16 images in 520 ms);
/// rough on purpose, and used only until a first training of the kind has ended.
const CORE_SECS_PER_WEIGHT_AND_PIXEL: f64 = 2.0e-13;

/// A training that ended well on this machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PastRun {
    /// Time of its one attempt.
    pub secs: f64,
    /// Items of its subsets times epochs.
    pub item_epochs: f64,
    /// Side of its images in pixels.
    pub imgsz: u32,
}

/// A training to come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Work {
    /// Items of its subsets.
    pub items: u64,
    /// Epochs at most.
    pub epochs: u32,
    /// Side of its images in pixels.
    pub imgsz: u32,
    /// Weights of its network.
    pub parameters: Option<u64>,
    /// Cores of the processor that it runs on; `None` where it runs on something else.
    pub cores: Option<u32>,
}

/// Seconds that a training takes: by the median of past runs of the same variant at the same image size, else at other
/// sizes, scaled by the area; else from the size of the work. `None` where none of it is known, or there is no work.
///
/// ```
/// use shared::estimate::{PastRun, Work, duration_secs};
/// let work = Work { items: 200, epochs: 10, imgsz: 320, parameters: None, cores: None };
/// assert_eq!(duration_secs(&[], work), None);
/// let past = [PastRun { secs: 50.0, item_epochs: 1_000.0, imgsz: 320 }];
/// assert_eq!(duration_secs(&past, work), Some(100));
/// ```
#[must_use]
pub fn duration_secs(past: &[PastRun], work: Work) -> Option<u64> {
    let item_epochs = work.items as f64 * f64::from(work.epochs);
    if item_epochs == 0.0 || work.imgsz == 0 {
        return None;
    }
    let usable = |run: &&PastRun| run.secs > 0.0 && run.item_epochs > 0.0 && run.imgsz > 0;
    let pace = |run: &PastRun| {
        let side = f64::from(work.imgsz) / f64::from(run.imgsz);
        run.secs / run.item_epochs * side * side
    };
    let same_size: Vec<f64> =
        past.iter().filter(usable).filter(|run| run.imgsz == work.imgsz).map(pace).collect();
    let any_size = || past.iter().filter(usable).map(pace).collect();
    let secs_per_item_epoch =
        median(same_size).or_else(|| median(any_size())).or_else(|| rough_pace(work))?;
    let secs = (secs_per_item_epoch * item_epochs).ceil();
    secs.is_finite().then_some(secs.max(1.0) as u64)
}

fn rough_pace(work: Work) -> Option<f64> {
    let cores = work.cores.filter(|cores| *cores > 0)?;
    let pixels = f64::from(work.imgsz) * f64::from(work.imgsz);
    Some(CORE_SECS_PER_WEIGHT_AND_PIXEL * work.parameters? as f64 * pixels / f64::from(cores))
}

/// The middle of the values; of an even number the lower of the two.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORK: Work =
        Work { items: 100, epochs: 10, imgsz: 320, parameters: Some(3_157_200), cores: Some(2) };

    fn run(secs: f64, imgsz: u32) -> PastRun {
        PastRun { secs, item_epochs: 1_000.0, imgsz }
    }

    #[test]
    fn what_is_known_best_decides() {
        for (name, past, work, expected) in [
            ("the middle run", vec![run(1.0, 320), run(10.0, 320), run(900.0, 320)], WORK, Some(10)),
            ("of two the quicker", vec![run(10.0, 320), run(20.0, 320)], WORK, Some(10)),
            (
                "the same size before others",
                vec![run(10.0, 320), run(1.0, 640), run(1.0, 640)],
                WORK,
                Some(10),
            ),
            ("another size by area", vec![run(40.0, 640)], WORK, Some(10)),
            ("runs without work do not count", vec![run(0.0, 320), run(10.0, 0)], WORK, Some(33)),
            ("the size of the work", Vec::new(), WORK, Some(33)),
            ("twice the cores", Vec::new(), Work { cores: Some(4), ..WORK }, Some(17)),
            ("no processor", Vec::new(), Work { cores: None, ..WORK }, None),
            ("an unknown network", Vec::new(), Work { parameters: None, ..WORK }, None),
            ("no items", vec![run(10.0, 320)], Work { items: 0, ..WORK }, None),
            ("at least a second", vec![run(0.001, 320)], WORK, Some(1)),
        ] {
            assert_eq!(duration_secs(&past, work), expected, "{name}");
        }
    }
}
