//! What TCP over paths costs a simulated delivery, in both worlds, beside a plain window on the same arrivals.

use std::time::Duration;

use hubbub::{Capacity, Overflow};
use hubbub_sim::internals::plan::{HubChoice, LinePlan, PathPlan, Plan};
use hubbub_sim::internals::record::Record;
use hubbub_sim::internals::specified;
use hubbub_sim::internals::tcp::Rate;
use hubbub_sim::internals::world::run;

use crate::rows::{Line, Row, Rows};
use crate::simulation::plan;
use crate::{median, say};

const SUBSCRIBERS: usize = 100;
const RUNS: usize = 5;

/// The part of lost slots: one in so many.
const ONE_IN: u64 = 100;

type World = fn(&Plan, HubChoice) -> Record;

/// Targets for a lossless path beside a plain window: 1.3 in the full stack, 4 in the specification. With losses, twice of
/// that.
pub(crate) fn cost(rows: &mut Rows) {
    say("CPU of a delivery over paths (medians of 5 runs, side by side; N = 100, 400 events of 400 B,");
    say("40 ms round trip; paths of 5 Mbit/s with cubic)");
    let worlds: [(&str, f64, World); 2] = [
        ("full stack", 1.3, |plan, choice| run(plan, choice).expect("a valid plan")),
        ("specification", 4.0, |plan, choice| specified::run(plan, choice).expect("a valid plan")),
    ];
    for (burst, how) in [(1, "evenly"), (20, "in bursts of 20")] {
        let plain = plan(SUBSCRIBERS, burst, None);
        let [lossless, lossy] = [with_path(&plain), with_losses(&with_path(&plain))];
        for (world, target, run) in worlds {
            let measured: Vec<[f64; 3]> =
                (0..RUNS).map(|_| [&plain, &lossless, &lossy].map(|plan| per_delivery(plan, run))).collect();
            let [window, path, loss] = [0, 1, 2].map(|nth| median(measured.iter().map(|run| run[nth]).collect()));
            let row = |what: &str, value| Row::new(format!("{world}, {how}, {what}"), value, "µs");
            let ratio = |value: f64, other: f64| value / other;
            let line = Line::new(&format!("  {world:13}  {how:15}"))
                .value(8, 3, row("plain window", window))
                .text(" µs")
                .value(8, 3, row("lossless path", path).beside("plain window", window))
                .text(" µs")
                .ratio(6)
                .text(if ratio(path, window) <= target { " met   " } else { " missed" })
                .value(8, 3, row("1 % lost", loss).beside("lossless path", path))
                .text(" µs")
                .ratio(6)
                .text(if ratio(loss, path) <= 2.0 { " met" } else { " missed" });
            rows.print(line);
        }
    }
}

fn with_path(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    let line = LinePlan::of(Rate::BitsPerSecond(5_000_000), None);
    plan.classes[0].path = Some(PathPlan::cubic(line.clone(), line));
    plan
}

/// Every subscriber loses other slots, the same in each run.
fn with_losses(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    let slot = plan.classes[0].path.as_ref().map_or(Duration::from_millis(1), |path| path.down.slot);
    let slots = ((plan.duration + plan.drain).as_nanos() / slot.as_nanos()) as u64;
    let mut state = 1_u64;
    let mut lost = || {
        (0..slots)
            .filter(|_| {
                // Knuth's generator: its upper bits are good enough for this.
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33).is_multiple_of(ONE_IN)
            })
            .collect::<Vec<_>>()
    };
    for subscriber in &mut plan.subscribers {
        subscriber.impairments.lost_down = lost();
        subscriber.impairments.lost_up = lost();
    }
    plan
}

/// Microseconds of this thread's CPU time that a run takes for each delivery.
fn per_delivery(plan: &Plan, run: World) -> f64 {
    let choice = HubChoice { capacity: Capacity::UNBOUNDED, overflow: Overflow::DropNewest };
    let before = cpu_us();
    let record = run(plan, choice);
    let took = cpu_us() - before;
    let delivered: u64 = record.subscribers.iter().map(|subscriber| subscriber.delivered).sum();
    took / delivered as f64
}

/// CPU time of this thread so far.
fn cpu_us() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}
