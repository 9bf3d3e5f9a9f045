//! Runs in the emulated world, asked for by a process that has no namespaces.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::lateness::Lateness;
use super::process::{Answer, CHILD, Order, OrderedRun};
use crate::plan::{HubChoice, Plan};
use crate::record::Record;
use crate::tcp::Congestion;

/// A run whose packets are later than this at the 99th percentile is no evidence, in milliseconds.
pub const MOST_LATENESS_MS: f64 = 5.0;

/// How often runs that were late are made in all.
const TRIES: usize = 3;

/// A plan, and what is chosen beside it.
#[derive(Debug, Clone)]
pub struct EmulatedRun {
    /// The plan.
    pub plan: Plan,
    /// The server's mailboxes.
    pub choice: HubChoice,
    /// A congestion control of the kernel, in place of the plan's: `bbr`, which no model has.
    pub congestion: Option<String>,
}

/// What came of a run.
#[derive(Debug)]
pub struct EmulatedOutcome {
    /// The same record as in the other worlds.
    pub record: Record,
    /// The most that a publish began after its planned time.
    pub publish_lag: Duration,
    /// How late the emulated links delivered.
    pub lateness: Lateness,
    /// The congestion controls that the server's sockets had, as the kernel said of each.
    pub congestion: Vec<String>,
}

impl EmulatedOutcome {
    /// Whether the links delivered in time, so that the run says something about the kernel's TCP.
    #[must_use]
    pub fn is_evidence(&self) -> bool {
        self.lateness.p99_ms <= MOST_LATENESS_MS
    }
}

/// Runs that could not be done.
#[derive(Debug, thiserror::Error)]
pub enum EmulatedError {
    /// The caller ended the runs.
    #[error("interrupted")]
    CalledOff,
    /// The system does not let this program make the network.
    #[error("no emulated paths here: {0}")]
    Impossible(String),
    /// The plan asks for a sender that no kernel has.
    #[error("class {0:?}: congestion = \"none\" is a model's; the kernel has \"cubic\" and \"reno\"")]
    NoKernel(String),
    /// The kernel gave sockets another congestion control than it was asked for.
    #[error("the server's sockets have {found:?} where {asked:?} was asked for")]
    OtherCongestion {
        /// What was asked for.
        asked: Vec<String>,
        /// What the sockets had.
        found: Vec<String>,
    },
    /// A run did not come to its end.
    #[error("{0}")]
    Failed(String),
}

/// Whether there can be emulated paths here.
///
/// # Errors
/// When there can be none, with the reason.
pub fn check() -> Result<(), EmulatedError> {
    run(&[], &|_| true).map(drop)
}

/// Makes runs side by side, in wall time. `is_wanted` is told how long the first of them has gone on, some times a second,
/// and ends all by returning `false`.
///
/// # Errors
/// The first failure of any run, and when they are called off.
pub fn run(runs: &[EmulatedRun], is_wanted: &dyn Fn(Duration) -> bool) -> Result<Vec<EmulatedOutcome>, EmulatedError> {
    let ordered = runs.iter().map(ordered).collect::<Result<Vec<_>, _>>()?;
    let asked: Vec<Vec<String>> = ordered.iter().map(|run| run.congestion.clone()).collect();
    let mut process = Process::start(&Order { runs: ordered })?;
    let outcomes = process.outcomes(runs.len(), is_wanted)?;
    for (outcome, asked) in outcomes.iter().zip(asked) {
        if outcome.congestion.iter().any(|found| !asked.contains(found)) {
            return Err(EmulatedError::OtherCongestion { asked, found: outcome.congestion.clone() });
        }
    }
    Ok(outcomes)
}

/// Makes runs as [`run`] does, and all of them again where links were late, a few times at most. The caller has to look
/// whether the last ones are evidence.
///
/// # Errors
/// The first failure of any run, and when they are called off.
pub fn run_as_evidence(
    runs: &[EmulatedRun],
    is_wanted: &dyn Fn(Duration) -> bool,
) -> Result<Vec<EmulatedOutcome>, EmulatedError> {
    let mut tries = 1;
    loop {
        let outcomes = run(runs, is_wanted)?;
        if tries == TRIES || outcomes.iter().all(EmulatedOutcome::is_evidence) {
            return Ok(outcomes);
        }
        tries += 1;
    }
}

fn ordered(run: &EmulatedRun) -> Result<OrderedRun, EmulatedError> {
    let congestion = run.plan.classes.iter().map(|class| {
        let planned = class.path.as_ref().map_or(Congestion::Cubic, |path| path.congestion);
        match (&run.congestion, planned) {
            (Some(name), _) => Ok(name.clone()),
            (None, Congestion::Cubic) => Ok("cubic".to_owned()),
            (None, Congestion::Reno) => Ok("reno".to_owned()),
            (None, Congestion::None) => Err(EmulatedError::NoKernel(class.name.clone())),
        }
    });
    Ok(OrderedRun {
        plan: run.plan.clone(),
        buffer: run.choice.capacity.frames(),
        policy: run.choice.overflow.name().to_owned(),
        congestion: congestion.collect::<Result<_, _>>()?,
    })
}

/// The process with the namespaces, which ends with this.
struct Process {
    process: Child,
    answers: BufReader<std::process::ChildStdout>,
    /// Open until this ends: the process calls everything off when it is closed.
    _orders: std::process::ChildStdin,
}

impl Process {
    fn start(order: &Order) -> Result<Self, EmulatedError> {
        let failed = |why: &dyn std::fmt::Display| EmulatedError::Failed(format!("no process for the runs: {why}"));
        let program = std::env::current_exe().map_err(|why| failed(&why))?;
        let piped = Command::new(program).arg(CHILD).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = piped.map_err(|why| failed(&why))?;
        let (Some(mut orders), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(failed(&"it has no pipes"));
        };
        let text = serde_json::to_string(order).map_err(|why| failed(&why))?;
        let written = writeln!(orders, "{text}");
        let process = Self { process, answers: BufReader::new(answers), _orders: orders };
        written.map_err(|why| failed(&why))?;
        Ok(process)
    }

    fn outcomes(
        &mut self,
        runs: usize,
        is_wanted: &dyn Fn(Duration) -> bool,
    ) -> Result<Vec<EmulatedOutcome>, EmulatedError> {
        let mut outcomes: Vec<Option<EmulatedOutcome>> = (0..runs).map(|_| None).collect();
        let mut line = String::new();
        loop {
            line.clear();
            let read = self.answers.read_line(&mut line).map_err(|why| EmulatedError::Failed(why.to_string()))?;
            if read == 0 {
                break;
            }
            let answer = serde_json::from_str(&line).map_err(|why| EmulatedError::Failed(why.to_string()))?;
            match answer {
                Answer::Impossible(why) => return Err(EmulatedError::Impossible(why)),
                Answer::Failed(why) => return Err(EmulatedError::Failed(why)),
                Answer::Going { run: 0, millis } if !is_wanted(Duration::from_millis(millis)) => {
                    return Err(EmulatedError::CalledOff);
                }
                Answer::Going { .. } => {}
                Answer::Done { run, report } => {
                    outcomes[run] = Some(EmulatedOutcome {
                        record: report.report.into_record(),
                        publish_lag: Duration::from_nanos(report.publish_lag_ns),
                        lateness: report.lateness,
                        congestion: report.congestion,
                    });
                }
            }
        }
        let all: Option<Vec<_>> = outcomes.into_iter().collect();
        all.ok_or_else(|| EmulatedError::Failed("the process of the emulated paths has ended".to_owned()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself. Its servers end with their pipes.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
