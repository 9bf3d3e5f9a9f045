//! How clients come back, and what that costs: a `retry:` that some classes obey, and a price of a connection.
//!
//! They are drawn last, so that a seed's case without them is what it was before there were any.

use std::time::Duration;

use proptest::prelude::*;

use super::paths::MOST_CLASSES;
use super::{micros, millis};
use crate::plan::Plan;
use crate::transport::Transport;

/// The pause of a class that obeys, for a client that has read no `retry:`, where the class would else stay away.
const OWN_PAUSE: Duration = Duration::from_millis(30);

/// Ways back that do not know yet whose they are.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    retry: Option<Duration>,
    obeys: Vec<bool>,
    connect: Duration,
}

pub(super) fn returns() -> impl Strategy<Value = Option<Drawn>> {
    let retry = prop::option::weighted(0.85, millis(10..700));
    let obeys = prop::collection::vec(prop::bool::weighted(0.6), MOST_CLASSES);
    let connect = prop_oneof![1 => Just(Duration::ZERO), 2 => micros(10..3000)];
    let drawn = (retry, obeys, connect).prop_map(|(retry, obeys, connect)| Drawn { retry, obeys, connect });
    prop::option::weighted(0.25, drawn)
}

impl Drawn {
    pub(super) fn applied(self, mut plan: Plan) -> Plan {
        plan.server.retry = self.retry;
        plan.server.cpu.iter_mut().for_each(|cpu| cpu.connect = self.connect);
        let may_obey = plan.server.transport == Transport::Sse;
        for (class, obeys) in plan.classes.iter_mut().zip(self.obeys) {
            class.obeys_retry = may_obey && obeys;
            if class.obeys_retry {
                class.reconnect_after.get_or_insert(OWN_PAUSE);
            }
        }
        plan
    }
}
