//! How much memory a training takes, how much there is, and what would fit.
//!
//! The estimate counts the numbers that a step keeps for its backward pass. Knows no data.

use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};

use crate::error::{TrainError, TrainErrorKind};
use crate::model::{Network, resnet, yolov8};

/// Bytes that the step keeps for each output value of a convolution block: before and after normalisation and
/// activation, four bytes each.
/// Measured whole processes needed 0.6 to 0.98 of what comes of it (n and s, 128 to 640 px, batches of 8 and 16),
/// before saves were counted below.
const BYTES_PER_VALUE: f64 = 8.0;
/// Weight, gradient, two moments and average of each parameter, a copy on the device, another to validate, and the best
/// average: 32. Two saves on their way to the disk, one that is written and one that waits, with a snapshot and weights: 40.
const BYTES_PER_PARAMETER: f64 = 72.0;
/// The program itself, and what allocators hold back.
const FIXED_BYTES: f64 = 120.0 * 1024.0 * 1024.0;
/// Share of the free memory that a training may plan with.
const USABLE_SHARE: f64 = 0.9;

/// What a training needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemoryEstimate {
    /// Bytes that do not depend on the batch.
    pub fixed_bytes: f64,
    /// Bytes for each image of a batch.
    pub image_bytes: f64,
}

impl MemoryEstimate {
    /// For a network of this size on images of `side` pixels, with `cached_bytes` of pictures kept in memory.
    pub fn new(network: Network, classes: usize, side: usize, cached_bytes: u64) -> Self {
        let (values, parameters) = match network {
            Network::YoloV8(variant) => of_yolov8(variant, classes),
            Network::ResNet(variant) => of_resnet(variant, classes),
        };
        let area = (side * side) as f64;
        // Each image also stands in up to six prefetched batches, three floats a pixel.
        let image_bytes = area * (values * BYTES_PER_VALUE + 6.0 * 3.0 * 4.0);
        let fixed_bytes = FIXED_BYTES + parameters * BYTES_PER_PARAMETER + cached_bytes as f64;
        Self { fixed_bytes, image_bytes }
    }

    /// For a batch of so many images.
    pub fn total(&self, batch_size: u32) -> f64 {
        self.fixed_bytes + self.image_bytes * f64::from(batch_size)
    }

    /// The largest batch that fits into `available_bytes`; 0 if none does.
    pub fn largest_batch(&self, available_bytes: u64) -> u32 {
        let left = available_bytes as f64 * USABLE_SHARE - self.fixed_bytes;
        (left / self.image_bytes).floor().clamp(0.0, 65_536.0) as u32
    }

    /// Refuses a batch that does not fit.
    ///
    /// # Errors
    /// Of kind memory, naming the largest batch that fits.
    pub fn check(&self, batch_size: u32, available_bytes: u64) -> Result<(), TrainError> {
        let largest = self.largest_batch(available_bytes);
        if batch_size <= largest {
            return Ok(());
        }
        let gib = |bytes: f64| bytes / f64::from(1 << 30);
        let what = format!(
            "batch too large for memory: a batch of {batch_size} needs about {:.1} GiB and {:.1} GiB are free",
            gib(self.total(batch_size)),
            gib(available_bytes as f64),
        );
        let next = if largest == 0 {
            "choose a smaller variant or image size: not even one image fits".to_owned()
        } else {
            format!("set batch_size to {largest} or less, or choose a smaller variant or image size")
        };
        Err(TrainError::new(TrainErrorKind::Memory, what, next))
    }
}

/// Bytes that this process may still take: free memory of the machine or of its control group, the smaller.
/// None where the system does not say.
pub fn available_bytes() -> Option<u64> {
    let mut system = System::new().ok()?;
    system.refresh_memory();
    let machine = system.available_memory();
    let group = system.cgroup_limits().map(|limits| limits.free_memory).filter(|free| *free > 0);
    let least = group.map_or(machine, |group| group.min(machine));
    (least > 0).then_some(least)
}

/// Memory of the machine or of this process's control group, the smaller, in bytes. None where the system does not say.
pub fn machine_bytes() -> Option<u64> {
    let mut system = System::new().ok()?;
    system.refresh_memory();
    let machine = system.total_memory();
    let group = system.cgroup_limits().map(|limits| limits.total_memory).filter(|total| *total > 0);
    let least = group.map_or(machine, |group| group.min(machine));
    (least > 0).then_some(least)
}

/// Resident memory of this process in bytes; None where the system does not say.
pub fn resident_bytes() -> Option<u64> {
    let id = sysinfo::get_current_pid().ok()?;
    let mut system = System::new().ok()?;
    let what = ProcessRefreshKind::nothing().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[id]), false, what);
    system.process(id).map(sysinfo::Process::memory)
}

/// Output values of all convolution blocks for each pixel of the image, and number of parameters.
fn of_yolov8(variant: yolov8::Variant, classes: usize) -> (f64, f64) {
    let mut sum = Sum::default();
    let [c1, c2, c3, c4, c5] = [64, 128, 256, 512, 1024].map(|base| variant.channels(base));
    let [few, many] = [3, 6].map(|base| variant.repeats(base));
    sum.block(3, c1, 3, 2);
    sum.block(c1, c2, 3, 4);
    sum.split(c2, c2, few, 4);
    sum.block(c2, c3, 3, 8);
    sum.split(c3, c3, many, 8);
    sum.block(c3, c4, 3, 16);
    sum.split(c4, c4, many, 16);
    sum.block(c4, c5, 3, 32);
    sum.split(c5, c5, few, 32);
    sum.block(c5, c5 / 2, 1, 32);
    sum.block(2 * c5, c5, 1, 32);
    sum.split(c5 + c4, c4, few, 16);
    sum.split(c4 + c3, c3, few, 8);
    sum.block(c3, c3, 3, 16);
    sum.split(c3 + c4, c4, few, 16);
    sum.block(c4, c4, 3, 32);
    sum.split(c4 + c5, c5, few, 32);
    let class_width = c3.max(classes.min(100));
    for (input, stride) in [(c3, 8), (c4, 16), (c5, 32)] {
        for (width, output) in [(64.max(c3 / 4), 64), (class_width, classes)] {
            sum.block(input, width, 3, stride);
            sum.block(width, width, 3, stride);
            sum.block(width, output, 1, stride);
        }
    }
    (sum.values, sum.parameters)
}

/// The same of a classifier. Sums at the ends of blocks are kept too; they count as half an output each.
fn of_resnet(variant: resnet::Variant, classes: usize) -> (f64, f64) {
    let mut sum = Sum::default();
    sum.block(3, 64, 7, 2);
    let mut from = 64;
    let stages = [64, 128, 256, 512].into_iter().zip([4, 8, 16, 32]).zip(variant.blocks());
    for ((width, stride), count) in stages {
        let to = width * variant.expansion();
        for block in 0..count {
            if variant.expansion() > 1 {
                sum.block(from, width, 1, if block == 0 { stride / 2 } else { stride });
                sum.block(width, width, 3, stride);
                sum.block(width, to, 1, stride);
            } else {
                sum.block(from, width, 3, stride);
                sum.block(width, to, 3, stride);
            }
            if block == 0 && from != to {
                sum.block(from, to, 1, stride);
            }
            sum.values += to as f64 / 2.0 / (stride * stride) as f64;
            from = to;
        }
    }
    sum.parameters += (from * classes + classes) as f64;
    (sum.values, sum.parameters)
}

#[derive(Default)]
struct Sum {
    values: f64,
    parameters: f64,
}

impl Sum {
    fn block(&mut self, input: usize, output: usize, kernel: usize, stride: usize) {
        self.values += output as f64 / (stride * stride) as f64;
        self.parameters += (output * (input * kernel * kernel + 2)) as f64;
    }

    fn split(&mut self, input: usize, output: usize, repeats: usize, stride: usize) {
        let half = output / 2;
        self.block(input, output, 1, stride);
        for _ in 0..2 * repeats {
            self.block(half, half, 3, stride);
        }
        self.block((2 + repeats) * half, output, 1, stride);
        // The concatenation in front of the last convolution is kept too.
        self.values += ((2 + repeats) * half) as f64 / (stride * stride) as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_counted_as_published() {
        // Published counts with 80 classes; ours adds a shift to the six last convolutions, which have one bias.
        use {resnet::Variant as R, yolov8::Variant as Y};
        for (variant, (_, parameters), published) in [
            ("yolov8n", of_yolov8(Y::N, 80), 3_157_200.0),
            ("yolov8m", of_yolov8(Y::M, 80), 25_902_640.0),
            ("yolov8x", of_yolov8(Y::X, 80), 68_229_648.0),
            ("resnet18", of_resnet(R::R18, 1_000), 11_689_512.0),
            ("resnet34", of_resnet(R::R34, 1_000), 21_797_672.0),
            ("resnet50", of_resnet(R::R50, 1_000), 25_557_032.0),
        ] {
            let error = f64::abs(parameters - published) / published;
            assert!(error < 1e-3, "{variant}: {parameters}");
        }
    }

    #[test]
    fn too_large_a_batch_is_refused_with_one_that_fits() {
        let estimate = MemoryEstimate { fixed_bytes: 1e9, image_bytes: 1e8 };
        assert_eq!(estimate.largest_batch(4_000_000_000), 26);
        assert!(estimate.check(26, 4_000_000_000).is_ok());
        let error = estimate.check(27, 4_000_000_000).unwrap_err();
        assert_eq!(error.kind(), TrainErrorKind::Memory);
        assert!(error.to_string().contains("batch too large for memory"), "{error}");
        assert!(error.next_step().contains("26"), "{error}");
        assert!(estimate.check(1, 1_000_000_000).unwrap_err().next_step().contains("not even one"));
    }

    #[test]
    fn this_machine_and_process_can_be_asked() {
        assert!(available_bytes().unwrap() > 1 << 20);
        assert!(machine_bytes().unwrap() >= available_bytes().unwrap());
        assert!(resident_bytes().unwrap() > 1 << 20);
    }
}
