//! The `wasm-bindgen` command as Trunk calls it, built from the workspace so that its version is
//! always that of the crate in `Cargo.lock`. A module with functions that are fetched when first called is taken apart
//! before: the parts, and what fetches them, come to lie in a folder of their own beside the results.
//!
//! Must not know anything of Trainyard: a module goes in, the module, its loader and its parts come out.

mod parts;

use clap::{Parser, ValueEnum};
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use wasm_bindgen_cli_support::Bindgen;

/// Makes a WebAssembly module callable from JavaScript.
#[derive(Debug, Parser)]
#[command(name = "wasm-bindgen", version)]
struct Arguments {
    /// The module that rustc made.
    input: PathBuf,
    /// Where the results go.
    #[arg(long)]
    out_dir: PathBuf,
    /// Name of the results, without extension.
    #[arg(long)]
    out_name: Option<String>,
    /// How the loader is loaded.
    #[arg(long, value_enum, default_value = "web")]
    target: Target,
    /// Leaves type declarations out.
    #[arg(long)]
    no_typescript: bool,
    /// Keeps the names of functions and the lines of sources.
    #[arg(long)]
    keep_debug: bool,
    /// Keeps Rust's symbol names as they are.
    #[arg(long)]
    no_demangle: bool,
    /// Accepted because Trunk may pass it; found out from the module by itself.
    #[arg(long)]
    reference_types: bool,
    /// Accepted because Trunk may pass it; always on.
    #[arg(long)]
    weak_refs: bool,
}

/// The two kinds of loader that Trunk asks for, and the one that Node's `require` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    Web,
    NoModules,
    Nodejs,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let main_part = main_part(&arguments)?;
    let mut bindgen = Bindgen::new();
    bindgen
        .web(arguments.target == Target::Web)?
        .no_modules(arguments.target == Target::NoModules)?
        .nodejs(arguments.target == Target::Nodejs)?
        .typescript(!arguments.no_typescript)
        .keep_debug(arguments.keep_debug)
        .remove_name_section(!arguments.keep_debug)
        // The other parts reach the first one by its table of functions.
        .keep_lld_exports(main_part.is_some())
        .demangle(!arguments.no_demangle)
        .input_path(main_part.as_deref().unwrap_or(&arguments.input));
    if let Some(name) = arguments.name() {
        bindgen.out_name(name);
    }
    bindgen.generate(&arguments.out_dir)?;
    Ok(())
}

impl Arguments {
    /// Name of the results: that of the input unless another is asked for.
    fn name(&self) -> Option<&str> {
        self.out_name.as_deref().or_else(|| self.input.file_stem()?.to_str())
    }
}

/// Takes the module apart where it asks for that, and gives where the part lies that is loaded at once.
fn main_part(arguments: &Arguments) -> Result<Option<PathBuf>, Box<dyn Error>> {
    let input = &arguments.input;
    let module = fs::read(input).map_err(|error| format!("cannot read {}: {error}", input.display()))?;
    let folder = arguments.out_dir.join(parts::FOLDER);
    parts::clear(&folder)?;
    let Some(name) =
        arguments.name().filter(|_| arguments.target == Target::Web && parts::has_parts(&module))
    else {
        return Ok(None);
    };
    let main_part = arguments.out_dir.join(format!("{name}_whole.wasm"));
    parts::split(&module, &folder, &main_part, name)?;
    Ok(Some(main_part))
}
