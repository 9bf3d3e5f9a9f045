//! A server in a process of its own, and what it has used so far, as Linux counts it.

use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Ended when it is dropped, its children with it.
pub(crate) struct Running {
    child: Child,
}

/// What a process and its children have used.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// CPU time in microseconds, and how much of it in the kernel.
    pub(crate) cpu_us: f64,
    pub(crate) kernel_us: f64,
    /// System calls that write.
    pub(crate) writes: f64,
    /// Times that a thread has gone to sleep and been woken.
    pub(crate) sleeps: f64,
}

impl Usage {
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            cpu_us: self.cpu_us - before.cpu_us,
            kernel_us: self.kernel_us - before.kernel_us,
            writes: self.writes - before.writes,
            sleeps: self.sleeps - before.sleeps,
        }
    }
}

impl Running {
    /// Starts a command whose standard input and output are pipes.
    ///
    /// # Errors
    /// When there is no such program.
    pub(crate) fn start(command: &mut Command) -> std::io::Result<Self> {
        Ok(Self { child: command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()? })
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// The process and its children, nginx's workers for example.
    fn processes(&self) -> Vec<u32> {
        let own = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap_or_default();
        std::iter::once(own).chain(children.split_whitespace().filter_map(|child| child.parse().ok())).collect()
    }

    pub(crate) fn usage(&self) -> Usage {
        let mut sum = Usage::default();
        for process in self.processes() {
            let root = format!("/proc/{process}");
            // Times in ticks of 10 ms; the fields after the name in brackets, of which the 12th is the kernel's.
            let stat = std::fs::read_to_string(format!("{root}/stat")).unwrap_or_default();
            let ticks =
                stat.rsplit(')').next().and_then(|fields| fields.split_whitespace().nth(12)?.parse::<f64>().ok());
            sum.kernel_us += ticks.unwrap_or(0.0) * 10_000.0;
            sum.writes += number(&root, "io", "syscw:");
            for task in std::fs::read_dir(format!("{root}/task")).into_iter().flatten().flatten() {
                let path = task.path();
                let scheduled = std::fs::read_to_string(path.join("schedstat")).unwrap_or_default();
                let on_cpu = scheduled.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok());
                sum.cpu_us += on_cpu.unwrap_or(0.0) / 1000.0;
                sum.sleeps += number(&path.display().to_string(), "status", "voluntary_ctxt_switches:");
            }
        }
        sum
    }

    /// Memory in bytes; what several processes share counts once.
    pub(crate) fn memory_bytes(&self) -> f64 {
        let of = |process: &u32| number(&format!("/proc/{process}"), "smaps_rollup", "Pss:") * 1024.0;
        self.processes().iter().map(of).sum()
    }
}

/// The number behind a word in a file of `/proc`; 0 where there is none.
fn number(folder: &str, file: &str, word: &str) -> f64 {
    let text = std::fs::read_to_string(Path::new(folder).join(file)).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(word));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0.0)
}

impl Drop for Running {
    fn drop(&mut self) {
        let children = self.processes();
        let _ = self.child.kill();
        // A master that is killed leaves its workers behind.
        for worker in children.into_iter().skip(1) {
            let _ = Command::new("kill").arg(worker.to_string()).status();
        }
        let _ = self.child.wait();
    }
}
