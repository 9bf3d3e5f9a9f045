//! Paths: bottlenecks with losses and outages for some classes of some cases.
//!
//! They are drawn last, so that a seed's case without paths is what it was before there were any.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;

use super::{BEGIN, MOST_SUBSCRIBERS, millis};
use crate::plan::{BufferTuning, Impairments, LinePlan, PathOutage, PathPlan, Plan};
use crate::tcp::{Congestion, OutageKind, Rate};

/// Most classes that a case has.
pub(super) const MOST_CLASSES: usize = 3;

/// Losses and outages come until then.
const IMPAIRED_UNTIL: Duration = Duration::from_millis(2500);

/// The least receive buffer on a path with congestion control: the window of a smaller one need not open again.
const LEAST_BUFFER_BYTES: u64 = 4096;

/// Paths that do not know yet whose they are.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    paths: Vec<Option<PathPlan>>,
    members: Vec<Member>,
}

/// What goes wrong for a member, if its class has a path. Probabilities are thousandths.
#[derive(Debug, Clone)]
struct Member {
    loss: u64,
    /// How long a burst of losses is on average, in slots.
    burst: u64,
    luck: u64,
    outages: Vec<(Duration, Duration, bool)>,
}

pub(super) fn paths() -> impl Strategy<Value = Option<Drawn>> {
    let paths = prop::collection::vec(prop::option::weighted(0.7, path()), MOST_CLASSES);
    let members = prop::collection::vec(member(), MOST_SUBSCRIBERS);
    let drawn = (paths, members).prop_map(|(paths, members)| Drawn { paths, members });
    prop::option::weighted(0.35, drawn)
}

fn path() -> impl Strategy<Value = PathPlan> {
    let congestion = prop_oneof![
        1 => Just(Congestion::None),
        1 => Just(Congestion::Reno),
        3 => Just(Congestion::Cubic),
    ];
    let tuning = prop_oneof![Just(BufferTuning::Fixed), Just(BufferTuning::Auto)];
    let header_bytes = prop_oneof![3 => Just(PathPlan::IPV4_HEADER_BYTES), 1 => Just(72), 1 => Just(0)];
    (congestion, line(), line(), tuning, header_bytes).prop_map(
        |(congestion, down, up, receive_buffer, header_bytes)| PathPlan {
            down,
            up,
            congestion,
            receive_buffer,
            header_bytes,
        },
    )
}

fn line() -> impl Strategy<Value = LinePlan> {
    let rates = vec![256_000, 1_000_000, 2_000_000, 5_000_000, 20_000_000];
    let rate = prop_oneof![1 => Just(Rate::Unbounded), 4 => select(rates).prop_map(Rate::BitsPerSecond)];
    let queue_bytes = prop::option::weighted(0.7, prop_oneof![1 => 1500u64..6000, 1 => 6000u64..70_000]);
    (rate, queue_bytes).prop_map(|(rate, queue_bytes)| LinePlan::of(rate, queue_bytes))
}

fn member() -> impl Strategy<Value = Member> {
    let loss = prop_oneof![2 => Just(0), 2 => 1u64..=30, 1 => 30u64..=200];
    let burst = prop_oneof![2 => Just(1), 1 => 2u64..=8];
    let outage = (millis(0..1500), millis(5..600), any::<bool>());
    let outages = prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(outage, 1..=2)];
    (loss, burst, any::<u64>(), outages).prop_map(|(loss, burst, luck, outages)| Member { loss, burst, luck, outages })
}

impl Drawn {
    pub(super) fn applied(self, mut plan: Plan) -> Plan {
        // TCP's times do not scale, so there only what has none may have a path.
        let scales = plan.time_scale > 1;
        for (class, path) in plan.classes.iter_mut().zip(self.paths) {
            class.path =
                path.map(
                    |path| {
                        if scales { PathPlan { header_bytes: path.header_bytes, ..PathPlan::plain() } } else { path }
                    },
                );
            if class.path.as_ref().is_some_and(|path| path.congestion != Congestion::None) {
                class.window_bytes = class.window_bytes.max(LEAST_BUFFER_BYTES);
            }
        }
        for (subscriber, member) in plan.subscribers.iter_mut().zip(self.members) {
            if let Some(path) = &plan.classes[subscriber.class].path {
                subscriber.impairments = member.impairments(path);
            }
        }
        plan
    }
}

impl Member {
    fn impairments(&self, path: &PathPlan) -> Impairments {
        let mut from = BEGIN;
        let outages = self.outages.iter().map(|(after, lasts, drops)| {
            let packets = if *drops { OutageKind::Drops } else { OutageKind::Holds };
            let outage = PathOutage { from: from + *after, lasts: *lasts, packets };
            from = outage.from + *lasts;
            outage
        });
        Impairments {
            outages: outages.collect(),
            lost_down: self.lost_slots(path.down.slot, 0),
            lost_up: self.lost_slots(path.up.slot, 1),
        }
    }

    /// Slots that are lost, each by itself or in bursts.
    fn lost_slots(&self, slot: Duration, direction: u64) -> Vec<u64> {
        let mut luck = Luck(self.luck ^ direction);
        let slots = u64::try_from(IMPAIRED_UNTIL.as_nanos() / slot.as_nanos().max(1)).unwrap_or(0);
        let mut is_bad = false;
        let lost = (0..slots).filter(|_| {
            let leaves = is_bad && luck.below(self.burst) == 0;
            is_bad = if is_bad && !leaves { true } else { luck.below(1000 * self.burst) < self.loss };
            is_bad
        });
        lost.collect()
    }
}

/// SplitMix64: a strategy of proptest for each of thousands of slots would take longer than the case.
struct Luck(u64);

impl Luck {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (value ^ (value >> 31)) % end.max(1)
    }
}
