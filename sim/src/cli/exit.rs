//! How the program ends: one table for all commands.

use std::fmt;
use std::process::ExitCode;

use crate::emulated::EmulatedError;
use crate::fidelity::FidelityError;
use crate::herd::HerdError;
use crate::load::LoadError;
use crate::probe::ProbeError;
use crate::real::{LimitError, RealError};
use crate::runs::RunError;
use crate::scenario::{ScenarioError, TraceError};
use crate::stages::StagesError;
use crate::sweep::SweepError;
use crate::verify::VerifyError;
use crate::world::WorldError;

/// The exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All as it should be.
    AsExpected = 0,
    /// Something is not as it must be, a recording is partial, `--check` found a difference, or the program contradicted
    /// itself.
    Violated = 1,
    /// An option, a file or a place to write to is not what it must be.
    BadInput = 2,
    /// The same seed gave another run.
    NotDeterministic = 3,
    /// Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::AsExpected, Self::Violated, Self::BadInput, Self::NotDeterministic, Self::Interrupted];

    /// What it means, for the end of the help.
    fn meaning(self) -> &'static str {
        match self {
            Self::AsExpected => "as expected",
            Self::Violated => {
                "a law or an objective is violated, a recording is partial, or --check or another world found a difference"
            }
            Self::BadInput => "bad input",
            Self::NotDeterministic => "not deterministic",
            Self::Interrupted => "interrupted",
        }
    }

    /// The codes and their meanings in a line.
    pub(super) fn list() -> String {
        let codes = Self::ALL.map(|exit| format!("{} {}", exit as u8, exit.meaning()));
        format!("Exit codes: {}.", codes.join(", "))
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command could not do its work: one line.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("{0}")]
    Scenario(#[from] ScenarioError),
    #[error("{0}")]
    Trace(#[from] TraceError),
    #[error("{0}")]
    Input(String),
    #[error("{0}")]
    World(#[from] WorldError),
    /// The program contradicts itself.
    #[error("{0}")]
    Contradiction(String),
    #[error("{0}")]
    Run(#[from] RunError),
    #[error("{0}")]
    Verify(#[from] VerifyError),
    #[error("{0}")]
    Files(#[from] LimitError),
    #[error("{0}")]
    Real(#[from] RealError),
    #[error("{0}")]
    Emulated(#[from] EmulatedError),
    #[error("{0}")]
    Fidelity(#[from] FidelityError),
    #[error("{0}")]
    Probe(#[from] ProbeError),
}

impl From<LoadError> for Failure {
    fn from(why: LoadError) -> Self {
        match why {
            LoadError::Real(why) => why.into(),
            LoadError::Emulated(why) => why.into(),
        }
    }
}

impl From<SweepError> for Failure {
    fn from(why: SweepError) -> Self {
        match why {
            SweepError::Scenario(why) => why.into(),
            SweepError::Run(why) => why.into(),
        }
    }
}

impl From<HerdError> for Failure {
    fn from(why: HerdError) -> Self {
        match why {
            HerdError::Scenario(why) => why.into(),
            HerdError::Run(why) => why.into(),
        }
    }
}

impl From<StagesError> for Failure {
    fn from(why: StagesError) -> Self {
        match why {
            StagesError::Scenario(why) => why.into(),
            StagesError::Run(why) => why.into(),
        }
    }
}

impl Failure {
    pub(super) fn input(why: impl fmt::Display) -> Self {
        Self::Input(why.to_string())
    }

    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Real(RealError::CalledOff)
            | Self::Probe(ProbeError::CalledOff)
            | Self::Emulated(EmulatedError::CalledOff)
            | Self::Fidelity(
                FidelityError::Real(RealError::CalledOff) | FidelityError::Emulated(EmulatedError::CalledOff),
            ) => Exit::Interrupted,
            // What this machine does not allow, and what no kernel has.
            Self::Emulated(EmulatedError::Impossible(_) | EmulatedError::NoKernel(_))
            | Self::Fidelity(FidelityError::Emulated(EmulatedError::Impossible(_) | EmulatedError::NoKernel(_))) => {
                Exit::BadInput
            }
            // Our own server's failure is a fault of this program, and not of what was asked for.
            Self::Real(RealError::Server(_)) => Exit::Violated,
            Self::Scenario(_) | Self::Trace(_) | Self::Input(_) | Self::Files(_) | Self::Real(_) | Self::Probe(_) => {
                Exit::BadInput
            }
            Self::World(_)
            | Self::Contradiction(_)
            | Self::Run(_)
            | Self::Verify(_)
            | Self::Emulated(_)
            | Self::Fidelity(_) => Exit::Violated,
        }
    }
}
