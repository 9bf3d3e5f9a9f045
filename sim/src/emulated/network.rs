//! The network of one run, as the room `real` sees it.

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use super::emulator::Emulator;
use super::links::{Side, SubscriberLinks};
use super::namespaces::{BEFORE_CLIENTS, Namespaces, SERVER};
use crate::plan::Plan;
use crate::real::{ClientAddresses, Network};
use crate::tcp::LinkPlan;
use crate::time::nanos;

/// One run's part of the emulated network.
#[derive(Debug)]
pub(super) struct RunNetwork {
    run: usize,
    clients: ClientAddresses,
    namespaces: Arc<Namespaces>,
    emulator: Arc<Emulator>,
    /// Until the run begins.
    links: Mutex<Vec<SubscriberLinks>>,
}

impl RunNetwork {
    /// The network of a run that has the addresses after the first `offset` ones.
    pub(super) fn new(
        run: usize,
        offset: usize,
        plan: &Plan,
        namespaces: Arc<Namespaces>,
        emulator: Arc<Emulator>,
    ) -> Self {
        let clients = addresses(offset);
        let of = |index| {
            let (down, up) = links(plan, index);
            SubscriberLinks { address: clients.of(index), down, up }
        };
        let links = Mutex::new((0..plan.subscribers.len()).map(of).collect());
        Self { run, clients, namespaces, emulator, links }
    }
}

/// The addresses of a run's clients, where `offset` are taken.
pub(super) fn addresses(offset: usize) -> ClientAddresses {
    let offset = u32::try_from(offset).unwrap_or(u32::MAX);
    ClientAddresses::after(Ipv4Addr::from_bits(BEFORE_CLIENTS.to_bits().saturating_add(offset)))
}

/// Both links of a subscriber. Where its class has no path, they have the class's round trip and nothing else.
fn links(plan: &Plan, index: usize) -> (LinkPlan, LinkPlan) {
    if let Some(path) = plan.tcp_path(index) {
        return (path.down, path.up);
    }
    let round_trip = nanos(plan.classes[plan.subscribers[index].class].round_trip.unwrap_or_default());
    let way = |delay| LinkPlan { delay, ..LinkPlan::default() };
    (way(round_trip / 2), way(round_trip - round_trip / 2))
}

impl Network for RunNetwork {
    fn server(&self) -> Ipv4Addr {
        SERVER
    }

    fn clients(&self) -> ClientAddresses {
        self.clients
    }

    fn enter_server_side(&self) -> io::Result<()> {
        self.namespaces.enter(Side::Server)
    }

    fn begins(&self, zero_ns: u64) {
        let links = std::mem::take(&mut *self.links.lock().unwrap_or_else(PoisonError::into_inner));
        self.emulator.links().begin(self.run, zero_ns, links);
    }
}
