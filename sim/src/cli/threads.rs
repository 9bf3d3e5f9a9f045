//! The option that sets the number of threads.

use clap::Args;

/// The number of runs that are done at once; results do not depend on it.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Threads {
    /// Number of threads [default: one for each core]
    #[arg(long, value_name = "N")]
    threads: Option<std::num::NonZeroUsize>,
}

impl Threads {
    pub(super) fn number(self) -> usize {
        threads(self.threads)
    }
}

/// As many threads as asked for, or one a core.
pub(super) fn threads(asked: Option<std::num::NonZeroUsize>) -> usize {
    asked.or_else(|| std::thread::available_parallelism().ok()).map_or(1, std::num::NonZeroUsize::get)
}
