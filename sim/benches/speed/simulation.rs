//! Wall time of simulated runs through the full stack.

use std::time::Duration;

use hubbub::{Capacity, Overflow};
use hubbub_sim::plan::{
    Arrival, ClassPlan, CpuPlan, DEFAULT_USER_TIMEOUT, HubChoice, Plan, Reading, ServerPlan, SubscriberPlan,
};
use hubbub_sim::runs::{Progress, RunWorld, Workers};
use hubbub_sim::scenario::Scenario;
use hubbub_sim::sweep::{Parts, Sizes, sweep};
use hubbub_sim::world::run;

use crate::{median, say, timed};

/// Target: at most 3 µs a delivery at N = 1000, bursts included.
pub(crate) fn speed() {
    say("simulated, wall time of a delivery (median of 5 runs; 400 events of 400 B, 40 ms round trip, one thread)");
    let cpu = Some(CpuPlan { publish: Duration::from_micros(5), delivery: Duration::from_micros(5) });
    for subscribers in [100, 1000, 3000] {
        for (burst, cpu, what) in [(1, None, "evenly"), (20, None, "in bursts of 20"), (20, cpu, "same, CPU modelled")]
        {
            let plan = plan(subscribers, burst, cpu);
            let per_delivery = (0..5).map(|_| {
                let choice = HubChoice { capacity: Capacity::UNBOUNDED, overflow: Overflow::DropNewest };
                let (record, took) = timed(|| run(&plan, choice).expect("a valid plan"));
                let delivered: u64 = record.subscribers.iter().map(|subscriber| subscriber.delivered).sum();
                took.as_secs_f64() * 1e6 / delivered as f64
            });
            say(&format!("  N = {subscribers:4}  {:5.2} µs  {what}", median(per_delivery.collect())));
        }
    }
}

/// Targets: the sweep within 4 minutes, the size within 2, under 2 GiB.
pub(crate) fn alpha() {
    let scenario = Scenario::named("alpha").expect("a built-in scenario");
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    for (what, cells, sizes) in [
        ("grid of cells", true, Sizes::None),
        ("sizes and their risk", false, Sizes::WithRisk { runs: 60, extrapolated_risk: None }),
    ] {
        let parts = Parts { cells, policies: false, sizes, sensitivity: false };
        let (result, took) = timed(|| {
            sweep(
                &scenario,
                parts,
                Workers { threads, world: RunWorld::Simulated, checks_a_share: false, known: None, progress: &Silent },
                |_| {},
            )
        });
        result.expect("a valid scenario");
        say(&format!("alpha, {what}: {:.0} s on {threads} threads", took.as_secs_f64()));
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown").trim();
    say(&format!("peak resident memory so far: {peak}"));
}

struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &str, _: u64) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}

fn plan(subscribers: usize, burst: u32, cpu: Option<CpuPlan>) -> Plan {
    let at = |n: u32| Duration::from_millis(500) + Duration::from_millis(50) * (n / burst * burst);
    let arrivals: Vec<_> = (0..400).map(|n| Arrival { at: at(n), payload_bytes: 400, key: 0 }).collect();
    let subscriber =
        SubscriberPlan { class: 0, connect_at: Duration::ZERO, leave_at: None, reading: Reading::AsItArrives };
    Plan {
        scenario: "bench".into(),
        seed: 1,
        table: "t".into(),
        duration: arrivals.last().map_or(Duration::ZERO, |last| last.at),
        drain: Duration::from_secs(5),
        time_scale: 1,
        server: ServerPlan {
            keepalive: Duration::from_secs(15),
            write_deadline: Duration::from_secs(30),
            user_timeout: DEFAULT_USER_TIMEOUT,
            frames_per_write: 1,
            transport: hubbub_sim::transport::Transport::Sse,
            cpu,
            recovery: None,
        },
        arrivals,
        classes: vec![ClassPlan {
            name: "all".into(),
            round_trip: Some(Duration::from_millis(40)),
            window_bytes: 65_536,
            reconnect_after: None,
        }],
        subscribers: vec![subscriber; subscribers],
        faults: Vec::new(),
    }
}
