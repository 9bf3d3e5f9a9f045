//! Documents as sweeps leave them, made up: what figures, tables and JSON are tested and looked at with.

pub(crate) mod objective;
mod record;
mod sizes;

use std::collections::BTreeMap;

use hubbub::LossCounts;

use super::document::*;
pub(crate) use record::record;
pub(crate) use sizes::sized;
use sizes::unsized_;

/// One document of each shape that a sweep can leave.
pub(crate) fn all() -> Vec<Sweep> {
    vec![
        alpha(),
        steady_overload(),
        all_zero(),
        ceiling(),
        single_cell(),
        one_slot(),
        single_buffer(),
        few_seeds(),
        nothing_offered(),
        size_only(),
        empty(),
        crowded(),
        real(),
        beyond_the_grid(),
        policies(),
        objective::judged(),
        objective::searched(),
    ]
}

/// Three N, ten buffers, exact sizes on and off the grid.
pub(crate) fn alpha() -> Sweep {
    let question = "How many frames must a subscriber's buffer hold under the expected load?";
    let mut sweep = base("alpha", question);
    let exact = [(10, 38), (100, 57), (1000, 91)];
    grid(&mut sweep, &exact, &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
    sweep.zero_drop = exact.iter().map(|&(n, k)| sized(n, k)).collect();
    recommend(&mut sweep, Some(128));
    sweep
}

/// Two policies at two sizes.
pub(crate) fn policies() -> Sweep {
    let mut sweep = base("alpha", "Which policy serves a viewer who cannot keep up?");
    sweep.policy = "all".to_owned();
    grid(&mut sweep, &[(10, 38)], &[16, 64]);
    let of_one = sweep.cells.clone();
    sweep.cells.extend(of_one);
    for (index, cell) in sweep.cells.iter_mut().enumerate() {
        cell.policy = if index < 2 { "drop-oldest" } else { "park" }.to_owned();
        cell.wanted = 1000;
        cell.missed = if index == 0 { 120 } else { 0 };
        cell.away_seconds = 0.5;
    }
    sweep
}

/// A class that no buffer helps, at every N.
pub(crate) fn steady_overload() -> Sweep {
    let mut sweep = base("steady-overload", "What does a larger buffer do for a reader slower than the arrivals?");
    grid(&mut sweep, &[(10, 9_000), (100, 9_000), (1000, 9_000)], &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
    sweep.zero_drop = [10, 100, 1000].map(|n| unsized_(n, "slower_than_arrivals")).to_vec();
    recommend(&mut sweep, None);
    sweep
}

/// Nobody ever lost a frame.
pub(crate) fn all_zero() -> Sweep {
    let mut sweep = base("quiet", "Does anything drop when nothing happens?");
    sweep.cpu = None;
    grid(&mut sweep, &[(10, 1), (100, 1)], &[1, 2, 4, 8]);
    for cell in &mut sweep.cells {
        cell.flush_latency_ms.p50 = Some(0.0);
    }
    sweep.zero_drop = vec![sized(10, 1), sized(100, 1)];
    recommend(&mut sweep, Some(2));
    sweep
}

/// More N than buffers.
pub(crate) fn ceiling() -> Sweep {
    let mut sweep = base("wavehouse-ceiling", "How many viewers does one worker carry at 440 µs a delivery?");
    sweep.cpu =
        Some(CpuSummary { publish_us: 20.0, delivery_us: 440.0, frame_us: 0.0, connect_us: 0.0, frames_per_write: 1 });
    sweep.arrivals.mean_per_second = 20.0;
    for n in [80, 90, 100, 105, 110, 113, 115, 117, 119, 121, 123, 125, 130, 140, 160] {
        let exact = if n <= 110 { 2 } else { 4 + (n as u64 - 110) * 9 };
        grid(&mut sweep, &[(n, exact)], &[1, 16, 64, 256]);
        let size = if n > 113 { unsized_(n, "server_saturated") } else { sized(n, exact) };
        sweep.zero_drop.push(size);
    }
    recommend(&mut sweep, None);
    sweep
}

/// One pair.
pub(crate) fn single_cell() -> Sweep {
    let mut sweep = base("alpha", "One cell?");
    grid(&mut sweep, &[(10, 9)], &[4]);
    sweep.zero_drop = vec![sized(10, 9)];
    recommend(&mut sweep, Some(16));
    sweep
}

/// The smallest buffers there are: one slot now, and two to recommend.
pub(crate) fn one_slot() -> Sweep {
    let mut sweep = base("quiet", "Is one slot enough?");
    sweep.current_buffer = Some(1);
    grid(&mut sweep, &[(10, 1)], &[1]);
    sweep.zero_drop = vec![sized(10, 1)];
    recommend(&mut sweep, Some(2));
    sweep
}

/// Several N at one buffer: N goes on the x axis.
pub(crate) fn single_buffer() -> Sweep {
    let mut sweep = base("backlog-flush", "What happens to 64 slots when a producer flushes its backlog?");
    sweep.trace = Some(TraceUsed { file: "github-events-2015-01-01-15.jsonl".to_owned(), speed_up: 30.0 });
    grid(&mut sweep, &[(6, 4_100), (100, 4_200), (1000, 4_400)], &[64]);
    sweep.zero_drop = vec![sized(6, 4_100), sized(100, 4_200), sized(1000, 4_400)];
    recommend(&mut sweep, Some(8_192));
    sweep
}

/// Below eight seeds there is no interval.
pub(crate) fn few_seeds() -> Sweep {
    let mut sweep = alpha();
    sweep.seeds.truncate(2);
    for cell in &mut sweep.cells {
        cell.drop_rate_ci95 = None;
    }
    sweep
}

/// Every rate and quantile is null.
pub(crate) fn nothing_offered() -> Sweep {
    let mut sweep = alpha();
    for cell in &mut sweep.cells {
        cell.offered = 0;
        cell.drop_rate = None;
        cell.drop_rate_ci95 = None;
        cell.flush_latency_ms = Quantiles::default();
        cell.receipt_latency_ms = Quantiles::default();
        cell.memory_bytes_per_subscriber = Memory::default();
        cell.worst_subscriber = None;
    }
    sweep
}

/// What `size --sensitivity` leaves: no cells.
pub(crate) fn size_only() -> Sweep {
    let mut sweep = alpha();
    sweep.cells.clear();
    for n in [10, 100, 1000] {
        for (change, buffer) in [("as planned", 38), ("rate × 2", 96), ("payload × 4", 112), ("stalls × 2", 74)] {
            let change = change.to_owned();
            sweep.sensitivity.push(Sensitivity { subscribers: n, change, buffer: Some(buffer), reason: None });
        }
    }
    sweep.sensitivity[9].buffer = None;
    sweep.sensitivity[9].reason = Some("slower_than_arrivals".to_owned());
    sweep
}

/// No cells and no sizes at all.
pub(crate) fn empty() -> Sweep {
    base("alpha", "")
}

/// Exact sizes far beyond the largest buffer swept.
pub(crate) fn beyond_the_grid() -> Sweep {
    let mut sweep = base("backlog-flush", "How large a buffer survives a producer that flushes its backlog?");
    let exact = [(10, 4_028), (100, 4_090), (1000, 4_391)];
    grid(&mut sweep, &exact, &[64, 128, 256, 512]);
    sweep.zero_drop = exact.iter().map(|&(n, k)| sized(n, k)).collect();
    recommend(&mut sweep, Some(8_192));
    sweep
}

/// More curves than a plot shows, along both axes, and a name that is too long.
pub(crate) fn crowded() -> Sweep {
    let mut sweep = base("a-scenario-that-somebody-named-with-very-much-care-and-very-many-words-indeed", "How?");
    for n in (1..=16).map(|i| i * 12) {
        let buffers: Vec<u64> = (1..=16).map(|i| i * i).collect();
        grid(&mut sweep, &[(n, 10 + n as u64)], &buffers);
        sweep.zero_drop.push(if n == 60 { unsized_(n, "never_reads") } else { sized(n, 10 + n as u64) });
    }
    recommend(&mut sweep, None);
    sweep
}

fn base(scenario: &str, question: &str) -> Sweep {
    let class = |name: &str, round_trip_ms, window_bytes, reads: &str| ClassSummary {
        name: name.to_owned(),
        round_trip_ms,
        window_bytes,
        window_is_tuned: false,
        reads: reads.to_owned(),
        path: None,
    };
    Sweep {
        schema: SCHEMA.to_owned(),
        world: "simulated".to_owned(),
        command: "cargo sim sweep --scenario alpha".into(),
        scenario: scenario.to_owned(),
        question: question.to_owned(),
        policy: "drop-newest".to_owned(),
        run_with: Vec::new(),
        trace: None,
        seeds: (0..8).collect(),
        virtual_seconds: 60.0,
        drain_seconds: 30.0,
        time_scale: 1,
        server: None,
        current_buffer: Some(64),
        arrivals: ArrivalsSummary {
            events: 468.4,
            mean_per_second: 7.8067,
            peak_per_second: 41,
            mean_payload_bytes: 812.4,
        },
        classes: vec![
            class("desktop", Some(40.0), 65_536, "as it arrives"),
            class("phone", Some(120.0), 32_768, "at most 60 kB/s"),
            class("background-tab", None, 65_536, "stalls of 2–8 s, every 20 s on average"),
        ],
        cpu: Some(CpuSummary {
            publish_us: 6.0,
            delivery_us: 3.0,
            frame_us: 0.0,
            connect_us: 0.0,
            frames_per_write: 1,
        }),
        faults: Vec::new(),
        machine: None,
        not_applied: Vec::new(),
        runs: None,
        partial: None,
        cells: Vec::new(),
        zero_drop: Vec::new(),
        recommendation: Recommendation { buffer: None, because: "Nothing was sized.".to_owned() },
        objective: None,
        sensitivity: Vec::new(),
    }
}

/// A load test of two cells.
pub(crate) fn real() -> Sweep {
    let mut sweep = alpha();
    sweep.world = "real".to_owned();
    (sweep.cpu, sweep.zero_drop, sweep.sensitivity) = (None, Vec::new(), Vec::new());
    sweep.machine = Some(super::document::Machine {
        cpu: "some processor".to_owned(),
        cores: 2,
        memory_bytes: 25 << 30,
        kernel: "6.1.0".to_owned(),
    });
    sweep.not_applied = vec!["round-trip times: the network's own".to_owned()];
    sweep.cells.retain(|cell| cell.buffer == 64);
    for cell in &mut sweep.cells {
        let memory = &mut cell.memory_bytes_per_subscriber;
        (memory.allocator, memory.resident, memory.kernel) = (Some(84_000.0), Some(89_900.0), Some(7086.0));
        cell.publish_lag_ms = Some(0.18);
        cell.digest = String::new();
    }
    sweep
}

fn grid(sweep: &mut Sweep, exact: &[(usize, u64)], buffers: &[u64]) {
    for &(n, exact) in exact {
        sweep.cells.extend(buffers.iter().map(|&k| cell(n, k, exact)));
    }
}

/// Below `exact` the rate falls from about 0.6 towards nothing, at `exact` it is zero.
fn cell(subscribers: usize, buffer: u64, exact: u64) -> Cell {
    let n = subscribers as f64;
    let left = 1.0 - (buffer as f64 / exact as f64).min(1.0);
    let offered = 3_747 * subscribers as u64;
    let rate = (0.5 + 0.03 * n.ln() / 2.3) * left.powi(2) / (1.0 + (buffer as f64).log2()).powi(2);
    let full = if buffer < exact { ((offered as f64 * rate) as u64).max(1) } else { 0 };
    let rate = full as f64 / offered as f64;
    let waited = 40.0 * (buffer.min(exact) as f64) * (1.0 + n.log10() / 6.0);
    let quantiles = |extra: f64| Quantiles {
        p50: Some(extra + 0.02 * n),
        p99: Some(extra + 0.4 * waited + 1.0),
        p999: Some(extra + waited + 2.0),
        max: Some(extra + 1.3 * waited + 3.0),
    };
    let class = |share: f64, rate| ByClass {
        subscribers: (n * share) as usize,
        offered: (offered as f64 * share) as u64,
        drop_rate: Some(rate),
        wanted: (offered as f64 * share) as u64,
        missed: (offered as f64 * share * rate) as u64,
        flush_latency_ms: quantiles(0.0),
        receipt_latency_ms: quantiles(21.0),
        high_water: buffer.min(exact),
    };
    Cell {
        policy: "drop-newest".to_owned(),
        subscribers,
        buffer,
        wanted: offered,
        missed: full,
        duplicates: 0,
        away_seconds: 0.0,
        offered,
        delivered: offered - full,
        received: offered - full,
        in_flight: 0,
        dropped: LossCounts { buffer_full: full, ..LossCounts::default() },
        drop_rate: Some(rate),
        drop_rate_ci95: (full > 0).then_some([(rate * 0.7 - 2e-5).max(0.0), rate * 1.3 + 2e-5]),
        runs_with_drops: if full > 100 { 8 } else { full.min(2) },
        unpublished: 0,
        delivered_per_second: (offered - full) as f64 / 480.0,
        flush_latency_ms: quantiles(0.0),
        receipt_latency_ms: quantiles(21.0),
        memory_bytes_per_subscriber: Memory {
            slots: buffer * 16,
            payload: 1_700.0 * buffer.min(exact) as f64 / n.powf(0.9),
            ..Memory::default()
        },
        by_class: BTreeMap::from([
            ("desktop".to_owned(), class(0.7, 0.0)),
            ("phone".to_owned(), class(0.2, rate)),
            ("background-tab".to_owned(), class(0.1, (rate * 8.0).min(1.0))),
        ]),
        worst_subscriber: (full > 0).then_some(WorstSubscriber {
            id: subscribers - 1,
            seed: 5,
            drop_rate: (rate * 9.0).min(1.0),
        }),
        digest: format!("{:016x}{:016x}", offered * 0x9e37, full * 0x79b9 + buffer),
        publish_lag_ms: None,
        links: None,
        after_restart: None,
    }
}

fn recommend(sweep: &mut Sweep, buffer: Option<u64>) {
    let because = match buffer {
        Some(k) => format!(
            "{k} slots: the largest exact size of these seeds with headroom, and 59 runs on other seeds dropped \
             nothing at it at any N."
        ),
        None => "No buffer is large enough: a class reads slower than the events arrive.".to_owned(),
    };
    sweep.recommendation = Recommendation { buffer, because };
}
