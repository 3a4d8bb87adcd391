//! What can be wrong with a weights file.

use std::fmt;
use std::path::PathBuf;

/// Why weights could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The file could not be read.
    #[error("cannot read weights from {path}: check that the file exists and is readable")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The file could not be written.
    #[error("cannot write weights to {path}: check the folder's permissions and free space")]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The bytes are not a safetensors file.
    #[error("not a safetensors file: export the weights again, in safetensors format")]
    Format(#[from] safetensors::SafeTensorError),
    /// A tensor has a type that is neither f16, bf16, f32 nor f64.
    #[error("tensor {name} has type {found}: only f16, bf16, f32 and f64 can be read")]
    DataType {
        /// The tensor's name in the file.
        name: String,
        /// Its type.
        found: String,
    },
    /// Names or shapes differ from the model's.
    #[error("weights do not fit the model: {0}; choose the variant and classes that they were trained with")]
    Mismatch(Mismatch),
    /// The file says that it belongs to another size of the network.
    #[error("the weights are of {found}, and the version is of {wanted}: choose weights of the same variant")]
    OtherVariant {
        /// What the file says.
        found: String,
        /// What is trained.
        wanted: String,
    },
    /// A value could not be fetched from the device.
    #[error("cannot fetch weights from the device: {0}")]
    Device(String),
}

/// How a file and a model differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mismatch {
    /// Names that the model needs and the file lacks.
    pub missing: Vec<String>,
    /// Names in the file that the model does not have.
    pub unexpected: Vec<String>,
    /// Name, shape in the model, shape in the file.
    pub misshaped: Vec<(String, Vec<usize>, Vec<usize>)>,
}

impl Mismatch {
    pub(super) fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.misshaped.is_empty()
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [self.missing.len(), self.unexpected.len(), self.misshaped.len()];
        write!(formatter, "{} missing, {} unexpected, {} of another shape", counts[0], counts[1], counts[2])?;
        if let Some((name, model, file)) = self.misshaped.first() {
            write!(formatter, " (first: {name} is {model:?} in the model and {file:?} in the file)")?;
        } else if let Some(name) = self.missing.first() {
            write!(formatter, " (first missing: {name})")?;
        } else if let Some(name) = self.unexpected.first() {
            write!(formatter, " (first unexpected: {name})")?;
        }
        Ok(())
    }
}
