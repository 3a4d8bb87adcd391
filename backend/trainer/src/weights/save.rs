//! Writing a model's state dict.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::Module;
use safetensors::Dtype;
use safetensors::tensor::TensorView;

use super::{DFL_NAME, HEAD, WeightsError, dfl_values, visit_named};

/// Name, type, shape and little-endian bytes of one tensor.
struct Entry {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// Writes `model` to `path`, in one move: an existing file is either kept or replaced whole.
///
/// `metadata` goes into the file's header (for example `arch`, `nc`, `stride`).
/// YOLOv8's constant DFL weights and a `num_batches_tracked` of 0 per normalisation are added, because strict readers
/// of the ecosystem expect them.
pub fn save<M: Module>(
    model: &M,
    path: &Path,
    metadata: impl IntoIterator<Item = (String, String)>,
) -> Result<(), WeightsError> {
    let bytes = to_bytes(model, metadata)?;
    let failed = |source| WeightsError::Write { path: path.to_owned(), source };
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, path)).map_err(failed)
}

/// The same into memory; the same model and metadata give the same bytes.
pub fn to_bytes<M: Module>(
    model: &M,
    metadata: impl IntoIterator<Item = (String, String)>,
) -> Result<Vec<u8>, WeightsError> {
    let mut entries = Vec::new();
    let mut failure = None;
    visit_named(model, |tensor| match (tensor.fetch)() {
        Ok(values) => {
            if let Some(prefix) = tensor.name.strip_suffix("running_mean") {
                entries.push(batches_tracked(prefix));
            }
            entries.push(entry(tensor.name, tensor.shape, &values));
        }
        Err(error) => failure = Some(error),
    });
    if let Some(error) = failure {
        return Err(error);
    }
    if entries.iter().any(|entry| entry.name.starts_with(HEAD)) {
        let dfl = dfl_values();
        entries.push(entry(DFL_NAME.to_owned(), vec![1, dfl.len(), 1, 1], &dfl));
    }
    let views: Result<Vec<_>, _> = entries
        .iter()
        .map(|e| TensorView::new(e.dtype, e.shape.clone(), &e.bytes).map(|view| (e.name.as_str(), view)))
        .collect();
    with_metadata(safetensors::serialize(views?, None)?, &metadata.into_iter().collect())
}

/// Puts the metadata into the header in the order of its keys; the library would write it in random order.
///
/// Source: the safetensors format: 8 bytes of header length, the JSON header padded with spaces, the tensors.
fn with_metadata(file: Vec<u8>, metadata: &BTreeMap<String, String>) -> Result<Vec<u8>, WeightsError> {
    let entry = serde_json::to_string(metadata).map_err(safetensors::SafeTensorError::from)?;
    let (Some((length, rest)), false) = (file.split_first_chunk::<8>(), metadata.is_empty()) else {
        return Ok(file);
    };
    let (header, tensors) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let mut text = format!("{{\"__metadata__\":{entry},").into_bytes();
    text.extend(header.trim_ascii().get(1..).unwrap_or_default());
    text.resize(text.len().next_multiple_of(8), b' ');
    let mut result = Vec::with_capacity(8 + text.len() + tensors.len());
    result.extend((text.len() as u64).to_le_bytes());
    result.extend(text);
    result.extend(tensors);
    Ok(result)
}

fn entry(name: String, shape: Vec<usize>, values: &[f32]) -> Entry {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    Entry { name, dtype: Dtype::F32, shape, bytes }
}

fn batches_tracked(prefix: &str) -> Entry {
    let name = format!("{prefix}num_batches_tracked");
    Entry { name, dtype: Dtype::I64, shape: Vec::new(), bytes: 0_i64.to_le_bytes().to_vec() }
}
