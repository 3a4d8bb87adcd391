//! Which processor a training runs on, chosen at run time among those that this program was built for.
//!
//! Knows Burn's devices; must not know models.

use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

/// What was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceChoice {
    /// The fastest that is there: CUDA, then Metal, then Vulkan, then the CPU.
    #[default]
    Auto,
    /// The processor, always there.
    Cpu,
    /// The first NVIDIA GPU.
    Cuda,
    /// The first GPU with a Vulkan driver.
    Vulkan,
    /// An Apple GPU.
    Metal,
}

/// Why a device cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// The name is none of those known.
    #[error("unknown device \"{0}\": use one of auto, cpu, cuda, vulkan, metal")]
    Unknown(String),
    /// The program was built without support for it.
    #[error("device {0} is not part of this build: use cpu or auto, or build with `--features {0}`")]
    NotCompiled(DeviceChoice),
    /// Support is there but no such device.
    #[error("no {0} device was found on this machine: check its driver, or use cpu or auto")]
    NotPresent(DeviceChoice),
}

/// A device that is there.
#[derive(Clone, Debug)]
pub struct OpenDevice {
    /// Burn's device, without gradients; `device.clone().autodiff()` for training.
    pub device: Device,
    /// What it is: never [`DeviceChoice::Auto`].
    pub kind: DeviceChoice,
    /// For logs, such as `cpu (16 threads)`.
    pub description: String,
}

impl DeviceChoice {
    /// Finds the device.
    ///
    /// Errors: [`DeviceError::NotCompiled`] and [`DeviceError::NotPresent`]; never for `Auto` and `Cpu`.
    pub fn open(self) -> Result<OpenDevice, DeviceError> {
        match self {
            Self::Cpu => Ok(cpu()),
            Self::Auto => {
                let found =
                    [Self::Cuda, Self::Metal, Self::Vulkan].into_iter().find_map(|kind| kind.open().ok());
                Ok(found.unwrap_or_else(cpu))
            }
            Self::Cuda | Self::Vulkan | Self::Metal => self.open_gpu(),
        }
    }

    fn open_gpu(self) -> Result<OpenDevice, DeviceError> {
        let devices = self.gpus().ok_or(DeviceError::NotCompiled(self))?;
        let count = devices.len();
        let device = devices.into_iter().next().ok_or(DeviceError::NotPresent(self))?;
        let description = format!("{self} (first of {count}: {device:?})");
        Ok(OpenDevice { device, kind: self, description })
    }

    /// The GPUs of this kind, or None where this build cannot drive them.
    fn gpus(self) -> Option<Vec<Device>> {
        match self {
            #[cfg(feature = "cuda")]
            Self::Cuda => Some(listed(burn::tensor::DeviceType::Cuda)),
            #[cfg(feature = "vulkan")]
            Self::Vulkan => Some(listed(burn::tensor::DeviceType::Vulkan)),
            #[cfg(all(feature = "wgpu", not(feature = "vulkan")))]
            Self::Vulkan => Some(listed(burn::tensor::DeviceType::Wgpu)),
            #[cfg(feature = "metal")]
            Self::Metal => Some(listed(burn::tensor::DeviceType::Metal)),
            _ => None,
        }
    }
}

/// Drivers that are missing make the enumeration panic in some of Burn's back ends; that means none is there.
/// Software drivers are left out: they are the processor again, only slower than our own kernels.
#[cfg(any(feature = "cuda", feature = "vulkan", feature = "metal", feature = "wgpu"))]
fn listed(kind: burn::tensor::DeviceType) -> Vec<Device> {
    let all = std::panic::catch_unwind(|| Device::enumerate(kind).iter().cloned().collect::<Vec<_>>());
    let is_gpu = |device: &Device| !format!("{device:?}").contains("Cpu");
    all.unwrap_or_default().into_iter().filter(is_gpu).collect()
}

fn cpu() -> OpenDevice {
    let threads = rayon::current_num_threads();
    let plural = if threads == 1 { "" } else { "s" };
    OpenDevice {
        device: Device::flex(),
        kind: DeviceChoice::Cpu,
        description: format!("cpu ({threads} thread{plural})"),
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::Vulkan => "vulkan",
            Self::Metal => "metal",
        })
    }
}

impl FromStr for DeviceChoice {
    type Err = DeviceError;

    fn from_str(text: &str) -> Result<Self, DeviceError> {
        [Self::Auto, Self::Cpu, Self::Cuda, Self::Vulkan, Self::Metal]
            .into_iter()
            .find(|choice| choice.to_string().eq_ignore_ascii_case(text))
            .ok_or_else(|| DeviceError::Unknown(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_always_there() {
        let open = DeviceChoice::Cpu.open().unwrap();
        assert_eq!(open.kind, DeviceChoice::Cpu);
        assert!(open.description.starts_with("cpu ("), "{}", open.description);
        assert_ne!(DeviceChoice::Auto.open().unwrap().kind, DeviceChoice::Auto);
    }

    #[test]
    fn names_round_trip_and_others_are_refused() {
        for name in ["auto", "cpu", "cuda", "vulkan", "metal"] {
            assert_eq!(name.parse::<DeviceChoice>().unwrap().to_string(), name);
        }
        let error = "tpu".parse::<DeviceChoice>().unwrap_err();
        assert!(error.to_string().contains("auto, cpu, cuda"), "{error}");
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn what_is_not_compiled_in_says_so() {
        let error = DeviceChoice::Cuda.open().unwrap_err();
        assert_eq!(error, DeviceError::NotCompiled(DeviceChoice::Cuda));
        assert!(error.to_string().contains("--features cuda"), "{error}");
    }
}
