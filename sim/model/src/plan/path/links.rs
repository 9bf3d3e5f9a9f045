//! A subscriber's path as the TCP room takes it: the one conversion that all worlds call.

use std::sync::Arc;

use hubbub::ServerSettings;

use super::super::{FaultKind, Plan, Reading};
use super::{BufferTuning, LinePlan};
use crate::tcp::{LinkPlan, LostSlots, Outage, OutageKind, Outages, Reads, ReceiveBuffer, Settings};
use crate::time::nanos;

/// Everything that a connection of a subscriber is opened with.
#[derive(Debug, Clone)]
pub struct TcpPath {
    /// From the server to the client.
    pub down: LinkPlan,
    /// From the client to the server.
    pub up: LinkPlan,
    /// What the kernels at both ends are configured with.
    pub settings: Settings,
}

/// The end of an outage that never ends. Far from the largest number, so that sums of times do not overflow.
const NEVER_OVER: u64 = u64::MAX / 4;

impl Plan {
    /// The first class that has a path.
    #[must_use]
    pub fn class_with_path(&self) -> Option<&str> {
        self.classes.iter().find(|class| class.path.is_some()).map(|class| class.name.as_str())
    }

    /// The path of a subscriber, by its index in the plan; `None` where its class has none.
    ///
    /// The outages are the subscriber's own, and the faults `partition` and `link-held` of its class: the first drops
    /// packets, the second holds them back, both in both directions. The delay of each direction is half of the class's
    /// round trip, and 0 where the class asks for the least. Times are those of the plan, in nanoseconds.
    #[must_use]
    pub fn tcp_path(&self, index: usize) -> Option<TcpPath> {
        let subscriber = &self.subscribers[index];
        let class = &self.classes[subscriber.class];
        let path = class.path.as_ref()?;
        let impairments = &subscriber.impairments;
        let outages = Arc::new(Outages::new(self.outages_of(index)));
        let round_trip = nanos(class.round_trip.unwrap_or_default());
        let link = |line: &LinePlan, delay, lost: &[u64]| LinkPlan {
            rate: line.rate.clone(),
            queue_bytes: line.queue_bytes,
            delay,
            lost_slots: LostSlots::new(nanos(line.slot), lost.iter().copied()),
            outages: outages.clone(),
        };
        let down = link(&path.down, round_trip / 2, &impairments.lost_down);
        let up = link(&path.up, round_trip - round_trip / 2, &impairments.lost_up);
        let reads = match subscriber.reading {
            Reading::AsItArrives => Reads::AtOnce,
            Reading::Rate { .. }
            | Reading::Stalls { .. }
            | Reading::RateWithStalls { .. }
            | Reading::Never
            | Reading::Serves { .. } => Reads::WhenTold,
        };
        let settings = Settings {
            congestion: path.congestion,
            receive_buffer: match path.receive_buffer {
                BufferTuning::Fixed => ReceiveBuffer::Bytes(class.window_bytes),
                BufferTuning::Auto => ReceiveBuffer::Auto,
            },
            reads,
            header_bytes: path.header_bytes,
            unsent_low_water: u64::from(ServerSettings::default().socket_unsent_bytes),
            user_timeout: Some(nanos(self.server.user_timeout)),
            jiffies_at_start: 0,
        };
        Some(TcpPath { down, up, settings })
    }

    fn outages_of(&self, index: usize) -> impl Iterator<Item = Outage> {
        let subscriber = &self.subscribers[index];
        let own = subscriber
            .impairments
            .outages
            .iter()
            .map(|own| (own.from, own.from.saturating_add(own.lasts), own.packets));
        let struck = self.faults.iter().filter(move |fault| fault.harm.class() == Some(subscriber.class));
        let of_class = struck.filter_map(|fault| {
            let packets = match fault.harm {
                FaultKind::Partition { .. } => OutageKind::Drops,
                FaultKind::LinkHeld { .. } => OutageKind::Holds,
                FaultKind::ReaderStalls { .. }
                | FaultKind::ReaderTrickles { .. }
                | FaultKind::ReaderStops { .. }
                | FaultKind::ClientDies { .. }
                | FaultKind::ServerRestarts { .. }
                | FaultKind::ClassLeaves { .. } => return None,
            };
            Some((fault.at, fault.at.saturating_add(fault.harm.lasts().unwrap_or_default()), packets))
        });
        own.chain(of_class).map(|(from, until, kind)| Outage {
            from: nanos(from),
            until: nanos(until).min(NEVER_OVER),
            kind,
        })
    }
}
