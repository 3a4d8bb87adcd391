//! A module in parts: what is loaded at once, and what is fetched when one of its functions is first called.
//!
//! Must not know what the parts are for.

use std::convert::Infallible;
use std::error::Error;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::io::ErrorKind;
use std::path::Path;
use wasm_encoder::Module;
use wasm_encoder::reencode::{self, Reencode};
use wasm_split_cli_support::{Options, transform};
use wasmparser::CustomSectionReader;

/// Where the parts come to lie, below the results.
pub const FOLDER: &str = "parts";

/// What fetches them; the first part imports it by this name.
const LOADER: &str = "./__wasm_split.js";

/// Takes away what an earlier module left.
pub fn clear(folder: &Path) -> Result<(), Box<dyn Error>> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(format!("cannot empty {}: {error}", folder.display()).into())
        }
        _ => Ok(()),
    }
}

/// Whether a function of the module is marked as one that is fetched when first called.
pub fn has_parts(module: &[u8]) -> bool {
    const MARK: &[u8] = b"__wasm_split_placeholder__";
    module.windows(MARK.len()).any(|window| window == MARK)
}

/// Writes the first part to `main_part`, and the others with their loader to `folder`. `name` is that of the JavaScript
/// that starts the first part.
pub fn split(module: &[u8], folder: &Path, main_part: &Path, name: &str) -> Result<(), Box<dyn Error>> {
    let main_module = format!("./{name}.js");
    let mut options = Options::new(module);
    options.output_dir = folder;
    options.main_out_path = main_part;
    options.main_module = &main_module;
    options.link_name = LOADER;
    let parts = transform(options)?.split_modules;
    let loader = folder.join(LOADER);
    let mut script = fs::read_to_string(&loader)?;
    for part in parts {
        let stem = part.file_stem().and_then(|stem| stem.to_str()).ok_or("a part without a name")?;
        let compact = compacted(&fs::read(&part)?)?;
        let mut hasher = DefaultHasher::new();
        hasher.write(&compact);
        let hashed = format!("{stem}-{:016x}.wasm", hasher.finish());
        script = script.replace(&format!("\"./{stem}.wasm\""), &format!("\"./{hashed}\""));
        fs::write(folder.join(hashed), compact)?;
        fs::remove_file(&part)?;
    }
    Ok(fs::write(loader, script)?)
}

/// The same module with every number as short as it goes, and without names: what relocates a module leaves room for the
/// longest.
fn compacted(module: &[u8]) -> Result<Vec<u8>, reencode::Error> {
    let mut compact = Module::new();
    WithoutNames.parse_core_module(&mut compact, wasmparser::Parser::new(0), module)?;
    Ok(compact.finish())
}

struct WithoutNames;

impl Reencode for WithoutNames {
    type Error = Infallible;

    fn parse_custom_section(
        &mut self,
        _: &mut Module,
        _: CustomSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        Ok(())
    }
}
