//! The GPUs of a machine type as lines of text, and numbers of MiB.
//!
//! Must not know the form.

use shared::machine::Gpu;

const MIB: u64 = 1 << 20;

/// One line for each: `0: H100, 81559 MiB`.
pub fn text_of(gpus: &[Gpu]) -> String {
    gpus.iter().map(line_of).collect::<Vec<_>>().join("\n")
}

fn line_of(gpu: &Gpu) -> String {
    match gpu.memory_bytes {
        0 => format!("{}: {}", gpu.index, gpu.name),
        bytes => format!("{}: {}, {} MiB", gpu.index, gpu.name, bytes / MIB),
    }
}

/// Reads the lines; one that was not touched stays what it was to the byte.
pub fn gpus_from(text: &str, given: &[Gpu]) -> Result<Vec<Gpu>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| gpu_from(line, given)).collect()
}

fn gpu_from(line: &str, given: &[Gpu]) -> Result<Gpu, String> {
    if let Some(known) = given.iter().find(|gpu| line_of(gpu) == line) {
        return Ok(known.clone());
    }
    let unread = || format!("`{line}` is no GPU: expected a line such as `0: H100, 81559 MiB`");
    let (index, rest) = line.split_once(':').ok_or_else(unread)?;
    let index = index.trim().parse().map_err(|_| unread())?;
    let (name, memory) = match rest.rsplit_once(',') {
        Some((name, memory)) => {
            let memory = memory.trim().strip_suffix("MiB").ok_or_else(unread)?;
            (name, memory.trim().parse::<u64>().map_err(|_| unread())?)
        }
        None => (rest, 0),
    };
    let name = name.trim().to_owned();
    if name.is_empty() {
        return Err(unread());
    }
    Ok(Gpu { index, name, memory_bytes: memory.checked_mul(MIB).ok_or_else(unread)? })
}

/// So many bytes as MiB.
pub const fn mib_of(bytes: u64) -> u64 {
    bytes / MIB
}

/// Reads a number of MiB; a text that was not touched stays what it was to the byte.
pub fn bytes_from(text: &str, given: u64) -> Result<u64, String> {
    let mib: u64 = text.trim().parse().map_err(|_| format!("`{}` is no whole number", text.trim()))?;
    if mib == mib_of(given) {
        return Ok(given);
    }
    mib.checked_mul(MIB).ok_or_else(|| format!("{mib} MiB is more than any machine has"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_gpus_and_back() {
        let odd = Gpu { index: 1, name: "T4, old".into(), memory_bytes: MIB * 5 + 3 };
        let plain = Gpu { index: 0, name: "H100".into(), memory_bytes: 0 };
        let given = [plain, odd];
        assert_eq!(text_of(&given), "0: H100\n1: T4, old, 5 MiB");
        assert_eq!(gpus_from(&text_of(&given), &given), Ok(given.to_vec()));
        let read = gpus_from(" 2 : A100 , 40 MiB \n\n", &[]).unwrap();
        assert_eq!(read, [Gpu { index: 2, name: "A100".into(), memory_bytes: 40 * MIB }]);
        assert_eq!(gpus_from("", &given), Ok(Vec::new()));
        for bad in ["H100", "x: H100", "0:", "0: H100, much", "0: H100, -1 MiB"] {
            assert!(gpus_from(bad, &[]).unwrap_err().contains("expected a line"), "{bad}");
        }
    }

    #[test]
    fn memory_that_was_not_touched_stays_to_the_byte() {
        assert_eq!(bytes_from("5", 5 * MIB + 7), Ok(5 * MIB + 7));
        assert_eq!(bytes_from(" 6 ", 5 * MIB + 7), Ok(6 * MIB));
        assert!(bytes_from("many", 0).is_err() && bytes_from(&u64::MAX.to_string(), 0).is_err());
    }
}
