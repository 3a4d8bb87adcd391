//! The program: everything it does starts with its command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    backend::cli::run()
}
