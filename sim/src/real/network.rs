//! The network between the server of a run and its clients: loopback, or one that was made for the run.

use std::fmt::Debug;
use std::io;
use std::net::{IpAddr, Ipv4Addr};

/// What a run has to know of the network between its own server and its clients.
///
/// Clients run on threads that are on their side of it already. The server's process and the publisher are begun on
/// threads that have called [`enter_server_side`](Self::enter_server_side).
pub trait Network: Debug + Send + Sync {
    /// The address that the server listens on.
    fn server(&self) -> Ipv4Addr;

    /// The addresses that subscribers connect from.
    fn clients(&self) -> ClientAddresses;

    /// Moves the calling thread to where the server is.
    ///
    /// # Errors
    /// When the system does not let it.
    fn enter_server_side(&self) -> io::Result<()>;

    /// Is told, before the first client connects, what the system's monotonic clock reads at time 0 of the run, in
    /// nanoseconds.
    fn begins(&self, zero_ns: u64);
}

/// Server and clients on one host.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loopback;

impl Network for Loopback {
    fn server(&self) -> Ipv4Addr {
        Ipv4Addr::LOCALHOST
    }

    fn clients(&self) -> ClientAddresses {
        // 127.64.0.0, far from the 127.0.0.1 that the server listens on.
        ClientAddresses::after(Ipv4Addr::new(127, 64, 0, 0))
    }

    fn enter_server_side(&self) -> io::Result<()> {
        Ok(())
    }

    fn begins(&self, _zero_ns: u64) {}
}

/// The addresses that the subscribers of a run connect from. Each has one of its own, so that the server's side knows who
/// it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddresses {
    before_first: Ipv4Addr,
}

/// A scenario has far fewer subscribers than there are addresses, so no two share one.
const ADDRESSES: u32 = 1 << 22;

impl ClientAddresses {
    /// The addresses that follow `before_first`.
    #[must_use]
    pub fn after(before_first: Ipv4Addr) -> Self {
        Self { before_first }
    }

    /// The address before the first one.
    pub(super) fn before_first(self) -> Ipv4Addr {
        self.before_first
    }

    /// The address that a subscriber connects from, by its index in the plan.
    #[must_use]
    pub fn of(self, index: usize) -> Ipv4Addr {
        let offset = 1 + u32::try_from(index).unwrap_or(u32::MAX) % (ADDRESSES - 1);
        Ipv4Addr::from_bits(self.before_first.to_bits() + offset)
    }

    /// The subscriber that connects from an address, if one does.
    #[must_use]
    pub fn index_of(self, address: IpAddr) -> Option<usize> {
        let IpAddr::V4(address) = address else { return None };
        let offset = address.to_bits().checked_sub(self.before_first.to_bits() + 1)?;
        usize::try_from(offset).ok().filter(|_| offset < ADDRESSES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscriber_is_known_by_the_address_it_comes_from() {
        let clients = Loopback.clients();
        for index in [0, 1, 254, 255, 256, 70_000] {
            let address = clients.of(index);
            assert!(address.is_loopback());
            assert_eq!(clients.index_of(address.into()), Some(index));
        }
        assert_eq!(clients.index_of(Loopback.server().into()), None, "a publisher");
    }
}
