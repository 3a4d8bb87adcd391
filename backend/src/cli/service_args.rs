//! `trainyard service` and `trainyard machine`, as a person types them.
//!
//! Must not know what a command does.

use super::args::{Output, Setting, parse_setting};
use clap::{Args, Subcommand};
use shared::machine::Gpu;

/// `trainyard service ...`.
#[derive(Debug, Subcommand)]
pub enum ServiceCommand {
    /// List training services, and what each has to do.
    List(Output),
    /// Show a service: state, settings, trouble.
    Show(OneService),
    /// Change settings of a service; each change is a revision.
    Set(SetService),
    /// Start no training of it any more; running ones go on.
    Pause(OneService),
    /// Start its trainings again; its failed starts are forgotten.
    Resume(OneService),
    /// Replace its instances: running trainings write a checkpoint and go on from it.
    Restart(OneService),
    /// List its troubles by their reason.
    Errors(OneService),
    /// List its instances, the ended ones too.
    Instances(OneService),
    /// List what its settings were.
    Revisions(OneService),
    /// Print the last lines that an instance wrote.
    Log(InstanceLog),
}

/// A command about one service.
#[derive(Debug, Args)]
pub struct OneService {
    /// Its name or id, for example mgmt-train-yolov8.
    pub service: String,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard service set`.
#[derive(Debug, Args)]
pub struct SetService {
    /// Its name or id.
    pub service: String,
    /// A setting, for example max_instances=2; may be given again.
    #[arg(required = true, value_name = "KEY=VALUE", value_parser = parse_setting)]
    pub settings: Vec<Setting>,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard service log`.
#[derive(Debug, Args)]
pub struct InstanceLog {
    /// The instance's id.
    pub instance: String,
    /// Lines at most.
    #[arg(long, default_value_t = 100)]
    pub lines: u32,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard machine ...`.
#[derive(Debug, Subcommand)]
pub enum MachineCommand {
    /// List machine types, and what is free.
    List(Output),
    /// Make a machine type, or change the one of this name.
    Set(SetMachine),
    /// Delete a machine type that no service runs on.
    Remove(OneMachine),
}

/// `trainyard machine set`: what is not given stays as it is.
#[derive(Debug, Args)]
pub struct SetMachine {
    /// Its name, for example local.
    pub name: String,
    /// Processor cores that all its instances may reserve together.
    #[arg(long)]
    pub cores: Option<u32>,
    /// Memory that all its instances may reserve together.
    #[arg(long, value_name = "MIB")]
    pub memory_mib: Option<u64>,
    /// A GPU, as NUMBER or NUMBER:NAME or NUMBER:NAME:MIB; may be given again, and replaces those that are there.
    #[arg(long = "gpu", value_name = "GPU", value_parser = parse_gpu)]
    pub gpus: Vec<Gpu>,
    /// It has no GPU.
    #[arg(long, conflicts_with = "gpus")]
    pub no_gpus: bool,
    /// Whether instances may share a GPU.
    #[arg(long, value_name = "YES")]
    pub shares_gpus: Option<bool>,
    /// Whether a more urgent training may take it.
    #[arg(long, value_name = "YES")]
    pub preemptible: Option<bool>,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard machine remove`.
#[derive(Debug, Args)]
pub struct OneMachine {
    /// Its name.
    pub name: String,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

fn parse_gpu(text: &str) -> Result<Gpu, String> {
    let mut parts = text.splitn(3, ':');
    let index = parts.next().unwrap_or_default();
    let index =
        index.parse().map_err(|_| format!("`{index}` is no number of a GPU: expected 0, 1 and so on"))?;
    let name = parts.next().filter(|name| !name.is_empty()).unwrap_or("GPU").to_owned();
    let mebibytes = match parts.next() {
        None => 0,
        Some(text) => text.parse::<u64>().map_err(|_| format!("`{text}` is no number of MiB"))?,
    };
    Ok(Gpu { index, name, memory_bytes: mebibytes.saturating_mul(1 << 20) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpus_are_read() {
        let gpu = |index, name: &str, memory_bytes| Gpu { index, name: name.into(), memory_bytes };
        assert_eq!(parse_gpu("0"), Ok(gpu(0, "GPU", 0)));
        assert_eq!(parse_gpu("3:NVIDIA A10:24564"), Ok(gpu(3, "NVIDIA A10", 24_564 << 20)));
        assert!(parse_gpu("one").is_err() && parse_gpu("1:a:b").is_err());
    }
}
