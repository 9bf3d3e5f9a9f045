//! The size of a history: for every N the smallest from which everybody who comes back in time finds everything, in many
//! runs.

use std::collections::BTreeMap;
use std::time::Duration;

use hubbub::hub::HistorySettings;

use super::fresh::bounded;
use crate::runs::{self, ExactHistory, Job, Reach, RunError, Workers};
use crate::scenario::{FaultSettings, Scenario};
use crate::summary::document::RunsDone;
use crate::summary::history::{HistoryBinding, HistoryLimit, HistorySize, HistorySizes, SCHEMA, recommendation, risks};

/// What is asked of a scenario.
#[derive(Debug, Clone, Copy)]
pub struct HistoryQuestion {
    /// Subscribers that were away for longer do not count.
    pub back_within: Duration,
    /// The mailboxes that subscribers have, in frames.
    pub buffer: u64,
    /// Runs of each N; `None` for the scenario's own seeds, of which nothing is said of the risk.
    pub runs: Option<u64>,
}

/// Why there is no size of a history.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The server keeps nothing for those who come back.
    #[error(
        "--history: {0} has no history: give it a [server.recovery], or a policy that needs one, as --policy disconnect"
    )]
    NoRecovery(String),
    /// No client ever has a second stream.
    #[error(
        "--history: nobody comes back in {0}: no class has reconnect_after_seconds, and no fault of kind server-restarts"
    )]
    NobodyReconnects(String),
    /// A time that no absence of a run can have.
    #[error("--back-within {given}: must be longer than 0s and at most {most}, for which events arrive in a run")]
    OutOfRange {
        /// What was asked for.
        given: humantime::Duration,
        /// How long events arrive.
        most: humantime::Duration,
    },
    /// Clients could come back, and none did.
    #[error(
        "--history: nobody came back in {runs} runs at N = {subscribers}: no stream ended before its client left for good"
    )]
    NobodyCameBack {
        /// Runs of that N.
        runs: u64,
        /// N.
        subscribers: usize,
    },
    /// Clients came back, and all of them too late.
    #[error(
        "--back-within {given}: nobody came back in that time at N = {subscribers}: the shortest absence is {shortest}"
    )]
    NobodyInTime {
        /// What was asked for.
        given: humantime::Duration,
        /// N.
        subscribers: usize,
        /// The shortest absence of all runs.
        shortest: humantime::Duration,
    },
    /// A run failed.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Refuses what has no answer, before anything is run.
///
/// # Errors
/// With what is missing, or out of range.
pub fn check(scenario: &Scenario, back_within: Duration) -> Result<(), HistoryError> {
    let settings = scenario.settings();
    if settings.server.recovery.is_none() {
        return Err(HistoryError::NoRecovery(settings.name.clone()));
    }
    let restarts = settings.faults.iter().any(|fault| matches!(fault, FaultSettings::ServerRestarts { .. }));
    if !restarts && settings.classes.iter().all(|class| class.reconnect_after_seconds.is_none()) {
        return Err(HistoryError::NobodyReconnects(settings.name.clone()));
    }
    if back_within.is_zero() || back_within > scenario.duration() {
        return Err(HistoryError::OutOfRange { given: back_within.into(), most: scenario.duration().into() });
    }
    Ok(())
}

/// Sizes the history for every N of a scenario.
///
/// # Errors
/// When nobody comes back in time, and with the first failure of a run.
pub fn sizes(scenario: &Scenario, asked: HistoryQuestion, workers: Workers<'_>) -> Result<HistorySizes, HistoryError> {
    check(scenario, asked.back_within)?;
    let settings = scenario.settings();
    let runs = asked.runs.unwrap_or(settings.seeds);
    let choice = bounded(scenario, asked.buffer);
    let of_n = |subscribers: &usize| {
        let subscribers = *subscribers;
        (0..runs).map(move |seed| Job { scenario, subscribers, choice, seed })
    };
    let mut jobs: Vec<_> = settings.subscribers.iter().flat_map(of_n).collect();
    // The long ones first, so that no core is left with one at the end.
    jobs.sort_by_key(|job| std::cmp::Reverse(job.subscribers));
    let mut found = BTreeMap::<usize, Vec<(u64, ExactHistory)>>::new();
    runs::each_history(&jobs, asked.back_within, workers, |index, history| {
        found.entry(jobs[index].subscribers).or_default().push((jobs[index].seed, history));
    })?;
    // Threads finish in any order.
    found.values_mut().for_each(|of_n| of_n.sort_by_key(|(seed, _)| *seed));
    let sizes = found.iter().map(|(n, of_n)| size(scenario, asked, *n, of_n)).collect::<Result<Vec<_>, _>>()?;
    let checked = deciding(scenario, asked, &sizes, &found);
    runs::check_histories(&checked, workers)?;
    let mut done = RunsDone { specified: (jobs.len() + checked.len()) as u64, ..RunsDone::default() };
    done.add_agreed(checked.len() as u64);
    let back_within = humantime::Duration::from(asked.back_within).to_string();
    let run_seconds = scenario.duration().as_secs_f64();
    Ok(HistorySizes {
        schema: SCHEMA,
        command: String::new(),
        scenario: settings.name.clone(),
        question: settings.question.clone(),
        policy: settings.server.policy.name().to_owned(),
        buffer: asked.buffer,
        back_within_ms: millis(asked.back_within),
        run_seconds,
        recommendation: recommendation(&sizes, &back_within, run_seconds),
        sizes,
        runs: done,
    })
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn size(
    scenario: &Scenario,
    asked: HistoryQuestion,
    subscribers: usize,
    of_n: &[(u64, ExactHistory)],
) -> Result<HistorySize, HistoryError> {
    let runs = of_n.len() as u64;
    let absences: Vec<Duration> = of_n.iter().flat_map(|(_, history)| history.absences.iter().copied()).collect();
    let in_time = || absences.iter().copied().filter(|away| *away <= asked.back_within);
    let Some(longest) = in_time().max() else {
        let Some(shortest) = absences.iter().copied().min() else {
            return Err(HistoryError::NobodyCameBack { runs, subscribers });
        };
        let (given, shortest) = (asked.back_within.into(), shortest.into());
        return Err(HistoryError::NobodyInTime { given, subscribers, shortest });
    };
    let returns = in_time().count() as u64;
    let events = limit(scenario, subscribers, of_n, |history| {
        (history.size.events as u64, history.most_events.map(|r| (r, r.events_at)))
    });
    let bytes = limit(scenario, subscribers, of_n, |history| {
        (history.size.bytes as u64, history.most_bytes.map(|r| (r, r.bytes_at)))
    });
    let (risk_upper95, risk_of_either_upper95) = risks(runs);
    Ok(HistorySize {
        subscribers,
        runs,
        is_quick: asked.runs.is_none(),
        returns,
        later_returns: absences.len() as u64 - returns,
        longest_absence_ms: millis(longest),
        events,
        bytes,
        risk_upper95,
        risk_of_either_upper95,
    })
}

/// One limit of one N: `of` is what a run needs of it, and the stream that needs that, with its time.
fn limit(
    scenario: &Scenario,
    subscribers: usize,
    of_n: &[(u64, ExactHistory)],
    of: impl Fn(&ExactHistory) -> (u64, Option<(Reach, Duration)>),
) -> HistoryLimit {
    let settings = scenario.settings();
    let own = of_n.iter().filter(|(seed, _)| *seed < settings.seeds);
    let exact = own.map(|(_, history)| of(history).0).max().unwrap_or(1);
    let Some((seed, history)) = largest(of_n, |history| of(history).0) else {
        return HistoryLimit { exact, largest: 1, binding: None };
    };
    let (largest, stream) = of(history);
    let binding = stream.map(|(reach, at)| HistoryBinding {
        seed: *seed,
        subscriber: reach.subscriber,
        class: class_of(scenario, subscribers, reach.subscriber),
        away_ms: reach.away.map(millis),
        at_ms: millis(at),
    });
    HistoryLimit { exact, largest, binding }
}

fn class_of(scenario: &Scenario, subscribers: usize, index: usize) -> String {
    let classes = scenario.settings().classes.iter().zip(scenario.population(subscribers));
    // A plan has its subscribers grouped by class.
    let mut names = classes.flat_map(|(class, members)| std::iter::repeat_n(&class.name, members));
    names.nth(index).cloned().unwrap_or_default()
}

/// The run that needs the most, the first of equals.
fn largest(of_n: &[(u64, ExactHistory)], of: impl Fn(&ExactHistory) -> u64) -> Option<&(u64, ExactHistory)> {
    // Strictly greater: of equal ones the one with the smallest seed is named.
    of_n.iter().reduce(|first, next| if of(&next.1) > of(&first.1) { next } else { first })
}

/// The runs that decide, for every N: those that need the most events and the most bytes, each at its own exact size, at one
/// event less and at one byte less.
fn deciding<'a>(
    scenario: &'a Scenario,
    asked: HistoryQuestion,
    sizes: &[HistorySize],
    found: &BTreeMap<usize, Vec<(u64, ExactHistory)>>,
) -> Vec<(Job<'a>, HistorySettings)> {
    let choice = bounded(scenario, asked.buffer);
    let mut checked = Vec::new();
    for subscribers in sizes.iter().rev().map(|size| size.subscribers) {
        let of_n = &found[&subscribers];
        let most_events = largest(of_n, |history| history.size.events as u64);
        let most_bytes = largest(of_n, |history| history.size.bytes as u64);
        let mut runs: Vec<_> = most_events.into_iter().chain(most_bytes).collect();
        // Mostly one and the same.
        runs.dedup_by_key(|(seed, _)| *seed);
        for (seed, history) in runs {
            let HistorySettings { events, bytes } = history.size;
            let around = [(events, bytes), (events - 1, bytes), (events, bytes - 1)];
            let job = Job { scenario, subscribers, choice, seed: *seed };
            let allowed = around.into_iter().filter(|(events, bytes)| *events > 0 && *bytes > 0);
            checked.extend(allowed.map(|(events, bytes)| (job, HistorySettings { events, bytes })));
        }
    }
    checked
}
