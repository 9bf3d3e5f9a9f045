//! The limits of a scenario's values, for the check and for the table of keys.
//!
//! They keep a run finite: in events, in stalls, in memory. They are far above any workload worth simulating.

/// Longest run: a day.
pub(super) const MAX_SECONDS: f64 = 86_400.0;
/// Shortest run: one tick of the simulated world.
pub(super) const MIN_DURATION_SECONDS: f64 = 0.001;
/// Far above the 1,000 that are asked for, and within the ports of a simulated host, of which a class has one.
pub const MAX_SUBSCRIBERS: u64 = 60_000;
/// 1,048,576 slots: a mailbox larger than that is no bound.
pub const MAX_BUFFER: u64 = 1 << 20;
/// Most entries of a grid's side.
pub(super) const MAX_GRID: usize = 256;
/// Most replications.
pub const MAX_SEEDS: u64 = 10_000;
/// Most entities.
pub(super) const MAX_KEYS: u64 = 1_000_000;
/// Finest time: a virtual millisecond stands for a microsecond.
pub(super) const MAX_TIME_SCALE: u64 = 1000;
/// Most events of a history, as the server has it.
pub const MAX_HISTORY: u64 = 10_000_000;
/// Most bytes of payloads in a history, as the server has it.
pub const MAX_HISTORY_BYTES: u64 = 1 << 30;
/// Most frames of one write, as the server has it.
pub(super) const MAX_FRAMES_PER_WRITE: u64 = hubbub::server::MAX_FRAMES_PER_WRITE as u64;
/// Most microseconds of one task of the worker: a second.
pub(super) const MAX_TASK_US: f64 = 1e6;
/// A thousand events in a tick.
pub(super) const MAX_PER_SECOND: f64 = 1e6;
/// Most events of a run.
pub(super) const MAX_EVENTS: u64 = super::trace::MAX_EVENTS as u64;
/// Shortest phase of a burst source; phases cost time to draw.
pub(super) const MIN_PHASE_SECONDS: f64 = 0.001;
/// Fastest replay: a day in less than a second.
pub const MAX_SPEED_UP: f64 = 100_000.0;
/// Largest payload.
pub(super) const MAX_PAYLOAD_BYTES: u64 = super::trace::MAX_PAYLOAD_BYTES;
/// Beyond it a log-normal size is one of its two limits.
pub(super) const MAX_SIGMA: f64 = 10.0;
/// A set of tables is a word of 64 bits.
pub const MAX_TABLES: usize = 64;
/// Each class is a host of the simulated network.
pub(super) const MAX_CLASSES: usize = 64;
/// 1 GiB: the largest window that TCP can announce.
pub const MAX_WINDOW_BYTES: u64 = 1 << 30;
/// 10 Gbit/s is 1.25e9.
pub const MAX_READ_BYTES_PER_SECOND: u64 = 10_000_000_000;
/// A minute there and back.
pub(super) const MAX_ROUND_TRIP_MS: f64 = 60_000.0;
/// Shortest stall and shortest stretch of reading: ten ticks.
pub(super) const MIN_STALL_SECONDS: f64 = 0.01;
/// 320 MB of them.
pub(super) const MAX_STALLS: f64 = 10e6;
/// Each is looked up at every message while it lasts.
pub(super) const MAX_FAULTS: usize = 64;
/// Longest pause before a client comes back after a restart: an hour.
pub(super) const MAX_BACK_SECONDS: f64 = 3600.0;
/// Largest age that an objective may allow: that of an event of the longest run.
pub(super) const MAX_OBJECTIVE_MS: f64 = MAX_SECONDS * 1000.0;
/// Largest memory of a subscriber that an objective may allow: 1 TiB.
pub const MAX_OBJECTIVE_BYTES: u64 = 1 << 40;
/// 10 Gbit/s.
pub(super) const MAX_LINE_KBIT: u64 = 10_000_000;
/// One full packet: a smaller queue lets nothing through.
pub(super) const MIN_QUEUE_BYTES: u64 = crate::tcp::OPPORTUNITY_BYTES;
/// As much as a window may hold.
pub(super) const MAX_QUEUE_BYTES: u64 = MAX_WINDOW_BYTES;
/// A line that loses more carries nothing that is worth simulating.
pub(super) const MAX_LOSS: f64 = 0.99;
/// Longest mean stretch of loss: a minute. What lasts longer is an outage.
pub(super) const MAX_LOSS_BURST_MS: f64 = 60_000.0;
/// IPv6 with options of 256 B.
pub(super) const MAX_HEADER_BYTES: u64 = 356;
/// 80 MB of slot numbers.
pub(super) const MAX_LOST_SLOTS: f64 = 10e6;
