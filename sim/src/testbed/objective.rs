//! What is good enough: limits that a run or a cell has to keep, for all subscribers and for single classes.

use std::fmt;

use super::{Testbed, TestbedError};
use crate::plan::Plan;
use crate::summary::cell::{CellKey, cell};
use crate::summary::document::Cell;
use crate::summary::run::RunSummary;
use crate::world::ServerRun;

/// What is good enough. Each limit may be met exactly. Without a limit, everything is good enough.
///
/// ```
/// use hubbub_sim::Objective;
///
/// let objective = Objective::default().missed(0.001).age_p99_ms(2000.0).of_class("phone", |phone| phone.missed(0.01));
/// assert_eq!(objective.to_string(), "missed ≤ 0.1 %, age p99 ≤ 2000 ms; phone: missed ≤ 1 %");
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Objective {
    missed: Option<f64>,
    age_p99_ms: Option<f64>,
    memory_bytes_per_subscriber: Option<f64>,
    classes: Vec<(String, Objective)>,
}

/// A limit that is not kept.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Unmet {
    /// The class, or `None` for all subscribers together.
    pub class: Option<String>,
    /// The figure, as `missed`, `age_p99_ms` or `memory_bytes_per_subscriber`.
    pub figure: &'static str,
    /// What it is; `None` where the class is not in the scenario, or nothing was wanted or read.
    pub value: Option<f64>,
    /// What it may be at most.
    pub limit: f64,
}

impl Objective {
    /// Of the events that were published while a subscriber wanted them, at most this part is never read: 0 to 1.
    #[must_use]
    pub fn missed(mut self, part: f64) -> Self {
        self.missed = Some(part);
        self
    }

    /// Of the events that are read, 99 % are at most this old then, in milliseconds since they were to be published.
    #[must_use]
    pub fn age_p99_ms(mut self, ms: f64) -> Self {
        self.age_p99_ms = Some(ms);
        self
    }

    /// A subscriber costs at most so many bytes of memory: the slots of its buffer, and its part of the payload that the
    /// server held at the peak. A server without a probe counts payload only if it says how much it holds
    /// ([`Running::holding`](crate::world::Running::holding)). It is a limit for all subscribers, and not for a class.
    #[must_use]
    pub fn memory_bytes_per_subscriber(mut self, bytes: f64) -> Self {
        self.memory_bytes_per_subscriber = Some(bytes);
        self
    }

    /// Limits for a class of the scenario, beside those for all subscribers.
    #[must_use]
    pub fn of_class(mut self, name: impl Into<String>, limits: impl FnOnce(Self) -> Self) -> Self {
        self.classes.push((name.into(), limits(Self::default())));
        self
    }

    /// The limits that a cell does not keep, those for all subscribers first.
    #[must_use]
    pub fn judge(&self, cell: &Cell) -> Vec<Unmet> {
        let memory = cell.memory_bytes_per_subscriber;
        let measured = [
            ("missed", self.missed, cell.missed_rate()),
            ("age_p99_ms", self.age_p99_ms, cell.receipt_latency_ms.p99),
            (
                "memory_bytes_per_subscriber",
                self.memory_bytes_per_subscriber,
                Some(memory.slots as f64 + memory.payload),
            ),
        ];
        let mut unmet: Vec<_> = measured.into_iter().filter_map(|measured| compare(None, measured)).collect();
        for (name, limits) in &self.classes {
            let class = cell.by_class.get(name);
            let measured = [
                ("missed", limits.missed, class.and_then(|class| class.missed_rate())),
                ("age_p99_ms", limits.age_p99_ms, class.and_then(|class| class.receipt_latency_ms.p99)),
            ];
            unmet.extend(measured.into_iter().filter_map(|measured| compare(Some(name), measured)));
        }
        unmet
    }
}

fn compare(class: Option<&String>, (figure, limit, value): (&'static str, Option<f64>, Option<f64>)) -> Option<Unmet> {
    let limit = limit?;
    // A figure that there is not is not met: nothing was read, or the class has another name.
    let is_met = value.is_some_and(|value| value <= limit);
    (!is_met).then(|| Unmet { class: class.cloned(), figure, value, limit })
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = self.class.as_ref().map_or("all subscribers", |name| name);
        let Self { figure, limit, .. } = self;
        match self.value {
            Some(value) => write!(f, "{class}: {figure} = {value:.6}, and the objective is at most {limit}"),
            None => write!(f, "{class}: {figure} has no value, and the objective is at most {limit}"),
        }
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = [
            self.missed.map(|part| format!("missed ≤ {} %", part * 100.0)),
            self.age_p99_ms.map(|ms| format!("age p99 ≤ {ms} ms")),
            self.memory_bytes_per_subscriber.map(|bytes| format!("memory ≤ {bytes} B a subscriber")),
        ];
        f.write_str(&limits.into_iter().flatten().collect::<Vec<_>>().join(", "))?;
        self.classes.iter().try_for_each(|(name, limits)| write!(f, "; {name}: {limits}"))
    }
}

impl Testbed {
    /// Runs a plan and judges it.
    ///
    /// # Errors
    /// With the first limit that is not kept, by class, figure and value, and as [`Testbed::run`].
    pub fn check(&self, plan: &Plan, frames: usize, objective: &Objective) -> Result<ServerRun, TestbedError> {
        let run = self.run(plan, frames)?;
        let mut measured = of_run(plan, &run);
        self.price(&mut measured);
        match objective.judge(&measured).first() {
            None => Ok(run),
            Some(unmet) => Err(TestbedError::Unmet { server: self.name().to_owned(), unmet: unmet.to_string() }),
        }
    }
}

/// The cell of a single run.
fn of_run(plan: &Plan, run: &ServerRun) -> Cell {
    let class_names: Vec<_> = plan.classes.iter().map(|class| class.name.clone()).collect();
    let (summary, latencies) = RunSummary::of(plan.seed, run.record.clone());
    let key = CellKey {
        policy: "its own",
        subscribers: plan.subscribers.len(),
        buffer: run.frames as u64,
        class_names: &class_names,
        seconds: plan.duration.as_secs_f64(),
    };
    cell(key, &[summary], &latencies)
}
