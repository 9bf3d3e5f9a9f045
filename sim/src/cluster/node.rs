//! A node: one process of the server on its host, with a Hub of its own and the code that reads the stream into it.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use hubbub::hub::{HistorySettings, Policy, Rules};
use hubbub::metrics::LogMetrics;
use hubbub::server::{Source, serve_with_admin};
use hubbub::shared_log::{ReadState, SharedLog};
use hubbub::transport::Tokio;
use hubbub::{Capacity, Hub, Limits, Overflow, ServerSettings};

use super::case::ClusterCase;
use super::connection::ModelStream;
use super::listener::NodeListener;
use super::model::{Model, Side};

/// More than the events of a case: no mailbox overflows.
const MAILBOX_FRAMES: usize = 1024;
/// Bytes of a history that never bind.
const MANY_BYTES: usize = 1 << 20;
/// How long a node stays ready without its brokers.
const GRACE: Duration = Duration::from_secs(5);
/// Silence after which a stream gets a comment: viewers notice by it that a server has vanished.
pub(super) const KEEPALIVE: Duration = Duration::from_secs(1);

/// The name of a node's host.
pub(super) fn name(node: usize) -> String {
    format!("node-{node}")
}

/// Runs one process. When it has ended by itself, it says why, and waits to be killed.
pub(super) async fn process(model: Model, node: usize, case: Arc<ClusterCase>) -> turmoil::Result {
    let stream = ModelStream(Side { model: model.clone(), node });
    let state = Arc::new(ReadState::new(Arc::<LogMetrics>::default(), GRACE));
    drop(tokio::spawn(stream.clone().stay_connected(state.clone())));
    // As the command does: before it is connected and has the stream, it does not listen.
    stream.connected().await;
    let hub = Hub::with(stream.opened().await, rules(&case));
    let replay = HistorySettings { events: case.replay_events, bytes: MANY_BYTES };
    let log = SharedLog::new(stream, state, hub.clone(), replay);
    let settings = ServerSettings { keepalive: KEEPALIVE, request_timeout: None, ..ServerSettings::default() };
    let environment = Tokio::start();
    let source = Source::log(hub, log.log());
    let listener = NodeListener::bind().await?;
    let never = std::future::pending();
    let serves = serve_with_admin(listener, None::<NodeListener>, source, settings, environment.clone(), never);
    if let Either::Left((why, _)) = select(pin!(log.run(environment, case.history_events)), pin!(serves)).await {
        model.change(|world| world.links[node].has_ended = Some(why));
    }
    std::future::pending().await
}

fn rules(case: &ClusterCase) -> Rules {
    let capacity = Capacity::new(MAILBOX_FRAMES).unwrap_or_else(|| unreachable!("a capacity"));
    let limits = Limits { capacity, bytes: None, age: None };
    Rules {
        policy: Policy { limits, overflow: Overflow::DropNewest, key: None },
        by_topic: Vec::new(),
        history: HistorySettings { events: case.history_events, bytes: MANY_BYTES },
        announces_gaps: true,
    }
}
