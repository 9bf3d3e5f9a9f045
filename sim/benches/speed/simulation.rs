//! Wall time of simulated runs through the full stack, and of the specification on the same plans.

use std::time::Duration;

use hubbub::{Capacity, Overflow};
use hubbub_sim::internals::plan::{
    Arrival, ClassPlan, CpuPlan, DEFAULT_RETRY, DEFAULT_USER_TIMEOUT, HubChoice, Impairments, Plan, Reading, Selection,
    ServerPlan, SubscriberPlan,
};
use hubbub_sim::internals::record::Record;
use hubbub_sim::internals::runs::{Progress, RunWorld, Workers};
use hubbub_sim::internals::scenario::Scenario;
use hubbub_sim::internals::specified;
use hubbub_sim::internals::sweep::{Judge, Parts, Sizes, sweep};
use hubbub_sim::internals::world::run;

use crate::rows::{Line, Row, Rows};
use crate::{median, say, timed};

/// Target: at most 3 µs a delivery at N = 1000, bursts included.
pub(crate) fn speed(rows: &mut Rows) {
    say("simulated, wall time of a delivery (medians of 5 runs; one thread,");
    say("400 events of 400 B, 40 ms round trip)");
    say("            full stack   specified   ratio");
    let cpu = Some(CpuPlan::per_write(Duration::from_micros(5), Duration::from_micros(5)));
    for subscribers in [100, 1000, 3000] {
        for (burst, cpu, what) in [(1, None, "evenly"), (20, None, "in bursts of 20"), (20, cpu, "same, CPU modelled")]
        {
            let plan = plan(subscribers, burst, cpu);
            let choice = HubChoice { capacity: Capacity::UNBOUNDED, overflow: Overflow::DropNewest };
            let run_both = |_| {
                let full = per_delivery(|| run(&plan, choice).expect("a valid plan"));
                (full, per_delivery(|| specified::run(&plan, choice).expect("a valid plan")))
            };
            let (full, specified): (Vec<_>, Vec<_>) = (0..5).map(run_both).unzip();
            let (full, specified) = (median(full), median(specified));
            let of = |world: &str, value| Row::new(format!("{world}, N = {subscribers}, {what}"), value, "µs");
            let specification = of("specification, wall time of a delivery", specified);
            let full_stack = of("full stack, wall time of a delivery", full);
            let line = Line::new(&format!("  N = {subscribers:4}  ")).value(7, 2, full_stack).text(" µs  ");
            let line = line.value(7, 3, specification.beside("full stack", full)).text(" µs").ratio(8);
            rows.print(line.text(&format!("  {what}")));
        }
    }
}

/// Microseconds of wall time that a run takes for each delivery.
pub(crate) fn per_delivery(work: impl FnOnce() -> Record) -> f64 {
    let (record, took) = timed(work);
    let delivered: u64 = record.subscribers.iter().map(|subscriber| subscriber.delivered).sum();
    took.as_secs_f64() * 1e6 / delivered as f64
}

/// Targets: the sweep within 4 minutes, the size within 2, under 2 GiB.
pub(crate) fn alpha(rows: &mut Rows) {
    let scenario = Scenario::named("alpha").expect("a built-in scenario");
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    for (what, cells, sizes) in [
        ("grid of cells", true, Sizes::None),
        ("sizes and their risk", false, Sizes::WithRisk { runs: 60, extrapolated_risk: None }),
    ] {
        let parts = Parts { cells, policies: false, sizes, sensitivity: false, objective: Judge::Nothing };
        let (result, took) = timed(|| {
            sweep(
                &scenario,
                parts,
                Workers { threads, world: RunWorld::Simulated, checks_a_share: false, known: None, progress: &Silent },
                |_| {},
            )
        });
        result.expect("a valid scenario");
        let line = Line::new(&format!("alpha, {what}: ")).value(0, 0, Row::new(what, took.as_secs_f64(), "s"));
        rows.print(line.text(&format!(" s on {threads} threads")));
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
    match peak {
        Some(kib) => {
            let line = Line::new("peak resident memory so far: ");
            rows.print(line.value(0, 0, Row::new("peak resident memory so far", kib, "KiB")).text(" KiB"));
        }
        None => say("peak resident memory so far: unknown"),
    }
}

struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &str, _: u64) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}

pub(crate) fn plan(subscribers: usize, burst: u32, cpu: Option<CpuPlan>) -> Plan {
    let at = |n: u32| Duration::from_millis(500) + Duration::from_millis(50) * (n / burst * burst);
    let arrivals: Vec<_> = (0..400).map(|n| Arrival { at: at(n), payload_bytes: 400, key: 0, table: 0 }).collect();
    let subscriber = SubscriberPlan {
        class: 0,
        connect_at: Duration::ZERO,
        leave_at: None,
        reading: Reading::AsItArrives,
        impairments: Impairments::default(),
    };
    Plan {
        scenario: "bench".into(),
        seed: 1,
        table: "t".into(),
        other_tables: Vec::new(),
        duration: arrivals.last().map_or(Duration::ZERO, |last| last.at),
        drain: Duration::from_secs(5),
        time_scale: 1,
        server: ServerPlan {
            keepalive: Duration::from_secs(15),
            write_deadline: Duration::from_secs(30),
            user_timeout: DEFAULT_USER_TIMEOUT,
            frames_per_write: 1,
            transport: hubbub_sim::internals::transport::Transport::Sse,
            cpu,
            retry: DEFAULT_RETRY,
            recovery: None,
        },
        arrivals,
        classes: vec![ClassPlan {
            name: "all".into(),
            round_trip: Some(Duration::from_millis(40)),
            window_bytes: 65_536,
            reconnect_after: None,
            selection: Selection::default(),
            obeys_retry: false,
            path: None,
        }],
        subscribers: vec![subscriber; subscribers],
        faults: Vec::new(),
    }
}
