//! What may go to another thread, and what the public types promise besides.

use hubbub::transport::{
    ConnectionSettings, Connections, GatedBody, GatedBodyError, Observation, Observed, SseError, SseGate, Tokio,
};

fn is_for_any_thread<T: Send + Sync + 'static>() {}

fn is_sent<T: Send + 'static>(_: &T) {}

#[test]
fn the_types_of_an_embedder_may_go_to_another_thread() {
    is_for_any_thread::<Connections>();
    is_for_any_thread::<ConnectionSettings>();
    is_for_any_thread::<SseGate>();
    is_for_any_thread::<SseError>();
    is_for_any_thread::<GatedBody>();
    is_for_any_thread::<GatedBodyError>();
    is_for_any_thread::<Observation<'static>>();
    is_for_any_thread::<Observed<Tokio>>();
}

#[tokio::test]
async fn a_connection_may_run_on_another_thread() {
    let connections = Connections::new(ConnectionSettings::default());
    let (_client, stream) = tokio::io::duplex(64);
    is_sent(&connections.serve(stream, ([127, 0, 0, 1], 1).into(), axum::Router::new()));
    assert!(connections.is_empty(), "a connection that was not run is over");
}
