//! The `wasm-bindgen` command as Trunk calls it, built from the workspace so that its version is
//! always that of the crate in `Cargo.lock`.
//!
//! Must not know anything of Trainyard: a module goes in, the module and its loader come out.

use clap::Parser;
use clap::ValueEnum;
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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let mut bindgen = Bindgen::new();
    bindgen
        .web(arguments.target == Target::Web)?
        .no_modules(arguments.target == Target::NoModules)?
        .nodejs(arguments.target == Target::Nodejs)?
        .typescript(!arguments.no_typescript)
        .keep_debug(arguments.keep_debug)
        .remove_name_section(!arguments.keep_debug)
        .demangle(!arguments.no_demangle)
        .input_path(&arguments.input);
    if let Some(name) = &arguments.out_name {
        bindgen.out_name(name);
    }
    bindgen.generate(&arguments.out_dir)?;
    Ok(())
}
