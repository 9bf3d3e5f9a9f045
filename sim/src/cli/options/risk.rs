//! Options that say how much evidence a size rests on.

use clap::Args;

use crate::cli::exit::Failure;
use crate::cli::number;
use crate::scenario::Scenario;
use crate::summary::risk::{DEFAULT_RUNS, MOST_RUNS, PUBLISHED_RUNS};
use crate::sweep::Sizes;
use crate::tail::extrapolation::REACH;
use crate::tail::tolerance::{risk_of_largest, runs_for};

#[derive(Debug, Clone, Args)]
pub(in crate::rooms::cli) struct RiskOptions {
    /// Unbounded runs of each N, on the seeds 0 … N − 1. With 95 % confidence, the largest high-water mark of 600 runs is
    /// exceeded in at most 0.5 % of all runs, and that of 3,000 runs in 0.1 % [default: 600]
    #[arg(long, value_name = "N", value_parser = number::runs)]
    runs: Option<u64>,
    /// Largest share of runs that may lose anything, as 0.005, in place of --runs: makes as many runs as show it
    #[arg(long, value_name = "P", conflicts_with = "runs", value_parser = risk)]
    risk: Option<Risk>,
    /// Also extrapolate the sizes to this smaller risk, as 0.0002. It reaches down to a tenth of one lossy run in all, and
    /// assumes that the tail goes on as the marks show it
    #[arg(long, value_name = "P")]
    extrapolate: Option<f64>,
}

/// A probability, and the runs that bound it.
#[derive(Debug, Clone, Copy)]
struct Risk {
    runs: u64,
}

fn risk(text: &str) -> Result<Risk, String> {
    let risk = text.parse().ok().filter(|risk| *risk > 0.0 && *risk < 1.0);
    let runs = risk.map(runs_for).filter(|runs| *runs <= MOST_RUNS);
    let allowed = || {
        format!(
            "must be a probability above 0.000003 and below 1, as 0.005: {MOST_RUNS} runs at most are made for each N"
        )
    };
    runs.map(|runs| Risk { runs }).ok_or_else(allowed)
}

impl RiskOptions {
    /// Whether anything was chosen.
    pub(in crate::rooms::cli) fn is_given(&self) -> bool {
        self.runs.is_some() || self.risk.is_some() || self.extrapolate.is_some()
    }

    /// Number of unbounded runs of each N.
    ///
    /// # Errors
    /// With fewer runs than the scenario has seeds.
    pub(in crate::rooms::cli) fn runs(&self, scenario: &Scenario) -> Result<u64, Failure> {
        let (runs, seeds) = (self.number(), scenario.settings().seeds);
        // Only a number that was asked for is refused. The default gives way to the seeds.
        if runs < seeds && (self.runs.is_some() || self.risk.is_some()) {
            let option = if self.risk.is_some() { "--risk" } else { "--runs" };
            return Err(Failure::input(format!(
                "{option}: {runs} runs are fewer than the {seeds} seeds of the scenario; ask for {seeds} or more, or give --seeds"
            )));
        }
        Ok(runs.max(seeds))
    }

    /// What is worked out of sizes.
    ///
    /// # Errors
    /// With too few runs, and with a risk that they cannot be extrapolated to.
    pub(in crate::rooms::cli) fn sizes(&self, scenario: &Scenario) -> Result<Sizes<'static>, Failure> {
        let runs = self.runs(scenario)?;
        let (bound, reach) = (risk_of_largest(runs), 1.0 / (runs * REACH) as f64);
        match self.extrapolate {
            Some(risk) if !(risk >= reach && risk < bound) => Err(Failure::input(format!(
                "--extrapolate: must be a risk below {bound:.2e}, which {runs} runs bound themselves, and not below \
                 {reach:.2e}, a tenth of one run in all"
            ))),
            extrapolated_risk => Ok(Sizes::WithRisk { runs, extrapolated_risk }),
        }
    }

    /// Whether as many runs are made as the published results have.
    pub(in crate::rooms::cli) fn is_as_published(&self) -> bool {
        self.number() == PUBLISHED_RUNS && self.extrapolate.is_none()
    }

    /// The option as part of a command line; empty for the default number.
    pub(in crate::rooms::cli) fn command(&self) -> String {
        let extrapolate = self.extrapolate.map_or_else(String::new, |risk| format!(" --extrapolate {risk}"));
        match self.number() {
            DEFAULT_RUNS => extrapolate,
            runs => format!(" --runs {runs}{extrapolate}"),
        }
    }

    fn number(&self) -> u64 {
        self.runs.or(self.risk.map(|risk| risk.runs)).unwrap_or(DEFAULT_RUNS)
    }
}
