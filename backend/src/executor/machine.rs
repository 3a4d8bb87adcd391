//! The machine types that instances can be started on: found at the first start, and what of them is free now.
//!
//! Must not know services.

use shared::machine::{Gpu, LOCAL, MachineType};
use std::process::Command;

/// The machine that this process runs on, which is all that the process executor has.
#[must_use]
pub fn discover() -> MachineType {
    let cores = std::thread::available_parallelism().ok().and_then(|count| u32::try_from(count.get()).ok());
    MachineType {
        cores: cores.unwrap_or(1),
        memory_bytes: trainer::memory::machine_bytes().unwrap_or(0),
        free_memory_bytes: trainer::memory::available_bytes().unwrap_or(0),
        gpus: gpus(),
        ..MachineType::named(LOCAL)
    }
}

/// Adds what of its memory nothing takes at the moment to the machine at hand.
#[must_use]
pub fn with_free_memory(mut machines: Vec<MachineType>) -> Vec<MachineType> {
    for machine in machines.iter_mut().filter(|machine| machine.name == LOCAL) {
        machine.free_memory_bytes = trainer::memory::available_bytes().unwrap_or(0);
    }
    machines
}

/// The GPUs as NVIDIA's own tool names them; none where there is no such tool or driver.
fn gpus() -> Vec<Gpu> {
    let mut tool = Command::new("nvidia-smi");
    tool.args(["--query-gpu=index,name,memory.total", "--format=csv,noheader,nounits"]);
    match tool.output() {
        Ok(answer) if answer.status.success() => gpus_from_csv(&String::from_utf8_lossy(&answer.stdout)),
        Ok(_) | Err(_) => Vec::new(),
    }
}

/// Lines of number, name and memory in MiB.
fn gpus_from_csv(text: &str) -> Vec<Gpu> {
    let gpu = |line: &str| {
        let mut parts = line.split(',').map(str::trim);
        let (index, name, mebibytes) = (parts.next()?, parts.next()?, parts.next()?);
        let memory_bytes = mebibytes.parse::<u64>().unwrap_or(0) << 20;
        Some(Gpu { index: index.parse().ok()?, name: name.to_owned(), memory_bytes })
    };
    text.lines().filter_map(gpu).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::machine::refusals;
    use shared::service::ServiceSettings;

    #[test]
    fn the_default_settings_fit_the_machine_at_hand() {
        let machine = discover();
        assert!(machine.cores > 0);
        assert_eq!(machine.check(), Ok(()));
        assert_eq!(refusals(&ServiceSettings::default(), &[machine]), []);
    }

    #[test]
    fn gpus_are_read_as_the_tool_names_them() {
        let text = "0, NVIDIA H100 80GB HBM3, 81559\n1, NVIDIA A10, [N/A]\nno devices\n";
        let expected = [
            Gpu { index: 0, name: "NVIDIA H100 80GB HBM3".into(), memory_bytes: 81_559 << 20 },
            Gpu { index: 1, name: "NVIDIA A10".into(), memory_bytes: 0 },
        ];
        assert_eq!(gpus_from_csv(text), expected);
    }
}
