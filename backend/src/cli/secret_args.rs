//! `trainyard secret ...` as a person types it.
//!
//! Must not know what a command does.

use super::args::Output;
use clap::{Args, Subcommand};

/// `trainyard secret ...`.
#[derive(Debug, Subcommand)]
pub enum SecretCommand {
    /// Keep a value, read from standard input; one line break at its end does not belong to it.
    Create(CreateSecret),
    /// List secrets and what uses them; values are never shown.
    List(Output),
    /// Give a secret another value, read from standard input.
    Replace(OneSecret),
    /// Delete a secret that no unfinished training uses.
    Delete(OneSecret),
    /// Seal every secret with a new key and throw the old one away.
    RotateKey(Output),
}

/// `trainyard secret create`.
#[derive(Debug, Args)]
pub struct CreateSecret {
    /// The environment variable that the Train function finds it in.
    pub name: String,
    /// What it is for.
    #[arg(long, default_value = "")]
    pub description: String,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// A command about one secret.
#[derive(Debug, Args)]
pub struct OneSecret {
    /// The secret's name or id.
    pub secret: String,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}
