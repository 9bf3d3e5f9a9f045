//! The environment of our own server: a recorder that listens, as the simulated world's does.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use hubbub::transport::Environment;
use hubbub::{Counts, Event, Outcome, SubscriberId};

use super::clock::Clock;
use crate::record::Recorder;

/// The server's only process.
const PROCESS: usize = 0;

/// Clients come from addresses of their own, all of them on loopback: 2²² have room from here on.
const FIRST_ADDRESS: u32 = 0x7f40_0000;
const ADDRESSES: u32 = 1 << 22;

/// Where a subscriber of the plan connects from, so that the server's side knows who it is.
pub(super) fn address_of(index: usize) -> Ipv4Addr {
    Ipv4Addr::from_bits(FIRST_ADDRESS + 1 + u32::try_from(index).unwrap_or(u32::MAX) % (ADDRESSES - 1))
}

fn index_of(address: IpAddr) -> Option<usize> {
    let IpAddr::V4(address) = address else { return None };
    let offset = address.to_bits().checked_sub(FIRST_ADDRESS + 1).filter(|offset| *offset < ADDRESSES)?;
    usize::try_from(offset).ok()
}

#[derive(Clone)]
pub(super) struct Observed {
    pub(super) clock: Clock,
    pub(super) recorder: Recorder,
}

impl Environment for Observed {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static) {
        drop(tokio::spawn(connection));
    }

    fn subscribed(&self, subscriber: SubscriberId, peer: SocketAddr) {
        if let Some(index) = index_of(peer.ip()) {
            self.recorder.lock().subscribed(self.now(), (PROCESS, subscriber), index);
        }
    }

    fn offered(&self, subscriber: SubscriberId, outcome: Outcome) {
        // Which event it is nobody asks here: that is for digests and logs, and wall time repeats neither.
        self.recorder.lock().offered(self.now(), (PROCESS, subscriber), 0, outcome);
    }

    fn flushed(&self, subscriber: SubscriberId, event: &Event) {
        self.recorder.lock().flushed(self.now(), (PROCESS, subscriber), event.id().sequence);
    }

    fn ended(&self, subscriber: SubscriberId, counts: Counts) {
        self.recorder.lock().ended(self.now(), (PROCESS, subscriber), counts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscriber_is_known_by_the_address_it_comes_from() {
        for index in [0, 1, 254, 255, 256, 70_000] {
            let address = address_of(index);
            assert!(address.is_loopback());
            assert_eq!(index_of(address.into()), Some(index));
        }
        assert_eq!(index_of(Ipv4Addr::LOCALHOST.into()), None, "a publisher");
    }
}
