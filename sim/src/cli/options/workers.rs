//! Options that say how runs are done: on how many threads, and in which world.

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::cli::progress::Bars;
use crate::cli::threads::Threads;
use crate::runs::{RunWorld, Workers};

/// The names of the worlds that can do runs; the first is the default.
pub(super) const WORLDS: [(&str, RunWorld); 2] =
    [("specified", RunWorld::Specified), ("simulated", RunWorld::Simulated)];

#[derive(Debug, Clone, Args)]
pub(in crate::rooms::cli) struct WorkerOptions {
    #[command(flatten)]
    threads: Threads,
    /// World that does the runs. `specified`: the specification, and some runs by the full stack as well, which must
    /// agree. `simulated`: every run by the full stack; the same numbers, after some 20 times as long
    #[arg(long, value_name = "WORLD", default_value = WORLDS[0].0, value_parser = PossibleValuesParser::new(WORLDS.map(|world| world.0)))]
    world: String,
}

impl WorkerOptions {
    pub(in crate::rooms::cli) fn workers<'a>(&self, bars: &'a Bars) -> Workers<'a> {
        let (threads, world) = (self.threads.number(), self.world());
        Workers { threads, world, checks_a_share: true, known: None, progress: bars }
    }

    pub(in crate::rooms::cli) fn world(&self) -> RunWorld {
        world_named(&self.world)
    }

    /// The `--world` option as part of a command line; empty for the default world.
    pub(in crate::rooms::cli) fn command(&self) -> &'static str {
        match self.world() {
            RunWorld::Specified => "",
            RunWorld::Simulated => " --world simulated",
        }
    }
}

/// The world of a name that the parser has let pass.
pub(super) fn world_named(name: &str) -> RunWorld {
    WORLDS.into_iter().find(|(known, _)| *known == name).map_or(RunWorld::default(), |(_, world)| world)
}
