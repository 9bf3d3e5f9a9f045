//! What keeps a server from beginning: one line each, and an exit code.

use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy};

use super::broker::three::{keep, start_three};
use super::node::Node;
use crate::command::{file, refuses};
use crate::support::nats::Broker;
use crate::support::soon;

async fn line(settings: &[(&str, &str)], code: i32) -> String {
    let settings = [&[("WH_SOURCE", "jetstream")][..], settings].concat();
    let lines = refuses(&["serve", "--listen", "127.0.0.1:0"], &settings, code).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines[0].clone()
}

#[tokio::test]
async fn a_broker_that_does_not_answer_is_told_by_its_address() {
    let line = line(&[("WH_NATS_URL", "nats://127.0.0.1:1")], 1).await;
    assert!(line.starts_with("hubbub: no broker at nats://127.0.0.1:1: "), "{line}");
}

#[tokio::test]
async fn a_setting_of_the_broker_without_the_source_would_do_nothing_and_is_refused() {
    let lines = refuses(&["config"], &[("WH_NATS_REPLICAS", "3")], 2).await;
    let why = "must be left out, or server.source = \"jetstream\"";
    assert_eq!(lines, [format!("hubbub: WH_NATS_REPLICAS: server.nats_replicas = 3: {why}")]);
    let line = line(&[("WH_NATS_URL", "nats://user:word@127.0.0.1:4222")], 2).await;
    assert!(line.contains("must be a list of addresses without a password"), "{line}");
}

#[tokio::test]
async fn a_broker_that_asks_for_a_password_gets_it_from_the_file_of_credentials() {
    let options = ["--user", "hub", "--pass", "a word"];
    let Some(broker) = Broker::start_with("credentials", &options).await else { return };
    let url = broker.url();
    let without = line(&[("WH_NATS_URL", &url)], 2).await;
    assert!(without.contains("refuses to let this server in: see nats_credentials"), "{without}");
    let wrong = file("wrong-credentials", b"hub:another\n");
    let refused = line(&[("WH_NATS_URL", &url), ("WH_NATS_CREDENTIALS", &wrong)], 2).await;
    assert!(refused.contains("refuses to let this server in"), "{refused}");
    let missing = line(&[("WH_NATS_URL", &url), ("WH_NATS_CREDENTIALS", "/nowhere/creds")], 2).await;
    assert!(missing.starts_with("hubbub: /nowhere/creds: no credentials for the broker: "), "{missing}");
    let right = file("right-credentials", b"hub:a word\n");
    let node = Node::start_with(&broker, &[("WH_NATS_CREDENTIALS", &right)]).await;
    node.publish(0).await;
}

#[tokio::test]
async fn a_broker_without_jetstream_has_no_stream() {
    let Some(broker) = Broker::start_without_jetstream("no-jetstream").await else { return };
    let line = line(&[("WH_NATS_URL", &broker.url())], 1).await;
    assert!(line.contains("stream \"hubbub\" cannot be asked for: "), "{line}");
}

#[tokio::test]
async fn a_stream_that_servers_cannot_share_is_told_with_what_is_wrong() {
    let Some(broker) = Broker::start("wrong-stream").await else { return };
    let jetstream = broker.jetstream().await;
    let url = broker.url();
    let good = |name: &str| Config {
        name: name.to_owned(),
        subjects: vec![format!("{name}.>")],
        discard: DiscardPolicy::Old,
        ..Config::default()
    };
    let cases = [
        ("subjects", Config { subjects: vec!["builds.*".to_owned()], ..good("subjects") }),
        ("retention", Config { retention: RetentionPolicy::WorkQueue, ..good("retention") }),
        ("discard", Config { discard: DiscardPolicy::New, ..good("discard") }),
        ("max_msgs_per_subject", Config { max_messages_per_subject: 5, ..good("max_msgs_per_subject") }),
    ];
    for (name, config) in cases {
        jetstream.create_stream(config).await.unwrap();
        let line = line(&[("WH_NATS_URL", &url), ("WH_NATS_STREAM", name)], 2).await;
        assert!(
            line.starts_with(&format!("hubbub: stream {name:?}: {name} ")) && line.contains(": must be "),
            "{line}"
        );
    }
    // One broker where three were asked for: a new stream cannot be made, and an old one is not what it should be.
    let three = ("WH_NATS_REPLICAS", "3");
    let new = line(&[("WH_NATS_URL", &url), ("WH_NATS_STREAM", "new"), three], 2).await;
    assert!(new.contains("stream \"new\" cannot be created with 3 replicas: "), "{new}");
    jetstream.create_stream(good("old")).await.unwrap();
    let old = line(&[("WH_NATS_URL", &url), ("WH_NATS_STREAM", "old"), three], 2).await;
    assert!(old.starts_with("hubbub: stream \"old\": replicas 1: must be 3: "), "{old}");
}

#[tokio::test]
async fn a_stream_of_another_cluster_is_refused_by_the_names_of_both() {
    let Some(broker) = Broker::start("two-clusters").await else { return };
    let live = Node::start_with(&broker, &[("WH_NATS_CLUSTER", "live")]).await;
    live.publish(0).await;
    let line = line(&[("WH_NATS_URL", &broker.url()), ("WH_NATS_CLUSTER", "staging")], 2).await;
    let why = "every server of a cluster gets all events of its stream (server.nats_cluster)";
    assert_eq!(line, format!("hubbub: stream \"hubbub\": cluster \"live\": must be \"staging\": {why}"));
    // One more of the same cluster is welcome.
    Node::start_with(&broker, &[("WH_NATS_CLUSTER", "live")]).await.publish(1).await;
}

#[tokio::test]
async fn brokers_that_are_too_old_to_keep_several_replicas_are_told() {
    let Some(brokers) = start_three("too-old").await else { return };
    keep(&brokers[0], 3).await;
    let mut node = Node::start_with(&brokers[0], &[("WH_NATS_REPLICAS", "3")]).await;
    let (major, minor) = Broker::version().await;
    if (major, minor) < (2, 11) {
        let line = soon("a line", node.says(&format!("the broker is nats-server {major}.{minor}."))).await;
        assert!(line.contains(" WARN ") && line.ends_with("Use 2.11 or later"), "{line}");
    }
}
