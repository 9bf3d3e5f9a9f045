//! The brokers and the links of all nodes to them, as all hosts of a run share them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::brokers::Brokers;
use super::draws::delay_below;

/// The most that a message takes, less one millisecond.
const LATENCY_MS: u64 = 5;

/// The brokers, and the links of all nodes to them.
#[derive(Debug, Clone)]
pub(super) struct Model(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    seed: u64,
    /// Whether a server believes the broker of its consumer, as a wrong server does.
    trusts: Trusts,
    world: Mutex<World>,
    /// Counts changes, so that whoever waits for one looks again.
    changed: watch::Sender<u64>,
}

/// Whom a server believes about what the stream has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trusts {
    /// The broker that leads the stream.
    Leader,
    /// Some broker, which may be behind: a mistake on purpose, to see that it is reported.
    AnyBroker,
    /// A broker that is cut off from the others, as if it had just heard from them: another mistake on purpose.
    CutOff,
}

impl Trusts {
    /// All of them, the right one first.
    pub const ALL: [Self; 3] = [Self::Leader, Self::AnyBroker, Self::CutOff];

    /// Its name, as it is typed in a command.
    pub fn name(self) -> &'static str {
        match self {
            Self::Leader => "leader",
            Self::AnyBroker => "any-broker",
            Self::CutOff => "cut-off",
        }
    }
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) brokers: Brokers,
    pub(super) links: Vec<Link>,
}

/// A node's link to the brokers.
#[derive(Debug, Default)]
pub(super) struct Link {
    pub(super) is_cut: bool,
    pub(super) loses_acknowledgements: bool,
    /// Messages that are lost on the way next.
    pub(super) loses: u64,
    /// How often all consumers of the node were ended.
    pub(super) consumers_ended: u64,
    /// The broker that the node is connected to.
    pub(super) broker: Option<usize>,
    /// How often it was connected.
    pub(super) connections: u64,
    /// Why the node's process has ended by itself.
    pub(super) has_ended: Option<String>,
}

/// The time in a run.
pub(super) fn now() -> Duration {
    turmoil::sim_elapsed().unwrap_or_default()
}

impl Model {
    pub(super) fn new(seed: u64, nodes: usize, brokers: usize, trusts: Trusts) -> Self {
        let links = (0..nodes).map(|_| Link::default()).collect();
        let world = World { brokers: Brokers::new(seed, brokers), links };
        Self(Arc::new(Shared { seed, trusts, world: Mutex::new(world), changed: watch::Sender::default() }))
    }

    pub(super) fn seed(&self) -> u64 {
        self.0.seed
    }

    pub(super) fn trusts(&self) -> Trusts {
        self.0.trusts
    }

    /// The world as it is, to be looked at.
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.0.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the world, and wakes who waits for a change.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let changed = change(&mut self.world());
        self.0.changed.send_modify(|changes| *changes += 1);
        changed
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }

    /// Waits for a change, or for what comes with time.
    pub(super) async fn changes_from(&self, mut changes: watch::Receiver<u64>, at_most: Duration) {
        let comes_at = self.world().brokers.next_change();
        let wait = comes_at.map_or(at_most, |at| at.saturating_sub(now()).min(at_most));
        // A tick at least, or a change of this very moment would be waited for without an end.
        let _ = timeout(wait.max(Duration::from_millis(1)), changes.changed()).await;
    }
}

impl World {
    /// Whether a node's connection is the one of that number, and stands.
    pub(super) fn is_connected(&self, node: usize, connection: u64) -> bool {
        self.broker_of(node, connection).is_some()
    }

    /// The broker at the other end of a node's connection, if it is the one of that number and stands.
    pub(super) fn broker_of(&self, node: usize, connection: u64) -> Option<usize> {
        let link = &self.links[node];
        let is_present = !link.is_cut && link.connections == connection;
        link.broker.filter(|broker| is_present && self.brokers.is_up(*broker))
    }

    /// Connects a node to the next broker that is up; whether there is one that it reaches.
    pub(super) fn connects(&mut self, node: usize) -> bool {
        let count = self.brokers.count();
        let from = usize::try_from(self.links[node].connections).unwrap_or(0) + node;
        let found = (0..count).map(|step| (from + step) % count).find(|broker| self.brokers.is_up(*broker));
        let link = &mut self.links[node];
        if link.is_cut {
            return false;
        }
        link.broker = found;
        link.connections += u64::from(found.is_some());
        found.is_some()
    }
}

/// A node's side of the links.
#[derive(Debug, Clone)]
pub(super) struct Side {
    pub(super) model: Model,
    pub(super) node: usize,
}

impl Side {
    /// The number of the node's present connection.
    pub(super) fn connection(&self) -> u64 {
        self.model.world().links[self.node].connections
    }

    /// What a message takes to or from a broker.
    pub(super) fn latency(&self) -> Duration {
        Duration::from_millis(1) + delay_below(LATENCY_MS, [self.model.seed(), 3, self.node as u64, 0])
    }
}
