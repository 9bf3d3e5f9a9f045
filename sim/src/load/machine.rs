//! Where a measurement was made: figures of another machine are other figures.

use std::fs;

use crate::summary::document::Machine;

/// This machine; what it does not say stays empty.
pub(crate) fn this() -> Machine {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let memory = after(&read("/proc/meminfo"), "MemTotal:");
    let memory_kb: u64 = memory.split_whitespace().next().and_then(|kb| kb.parse().ok()).unwrap_or(0);
    Machine {
        cpu: after(&read("/proc/cpuinfo"), "model name"),
        cores: std::thread::available_parallelism().map_or(0, std::num::NonZeroUsize::get),
        // The kernel writes kB and means KiB.
        memory_bytes: memory_kb * 1024,
        kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
    }
}

/// What follows a name on its line.
fn after(text: &str, name: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim_start_matches([' ', '\t', ':']).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_says_what_it_is() {
        assert_eq!(after("processor\t: 0\nmodel name\t: Some CPU 3000\n", "model name"), "Some CPU 3000");
        let machine = this();
        assert!(machine.cores > 0 && machine.memory_bytes > 1 << 20 && !machine.kernel.is_empty(), "{machine:?}");
    }
}
