//! What Prometheus reads: names with units, bounded labels, and figures that are those of the Hub.

use std::collections::{BTreeMap, BTreeSet};

use crate::holes::watch;
use crate::support::wire::{read_on_until, read_until, sequences};
use crate::support::{Served, Setup, payload, soon};

/// Every sample, by name and labels.
async fn scrape(served: &Served) -> BTreeMap<String, f64> {
    let answer = soon("an answer", reqwest::get(served.url("/metrics"))).await.unwrap();
    assert_eq!(answer.status(), 200);
    let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"), "{kind}");
    let text = answer.text().await.unwrap();
    assert!(text.ends_with("# EOF\n"), "{text}");
    let samples = text.lines().filter(|line| !line.starts_with('#')).map(|line| line.rsplit_once(' ').unwrap());
    samples.map(|(name, value)| (name.to_owned(), value.parse().unwrap())).collect()
}

async fn post(served: &Served, bytes: usize) {
    let request = reqwest::Client::new().post(served.url("/v1/ingest/t")).body(payload(bytes));
    assert_eq!(soon("an answer", request.send()).await.unwrap().status(), 202);
}

#[tokio::test]
async fn a_scrape_has_every_metric_from_the_start_and_its_names_have_units() {
    let served = Served::start(Setup::default());
    let samples = scrape(&served).await;
    for name in [
        "hubbub_frames_offered_total",
        "hubbub_frames_delivered_total{transport=\"sse\"}",
        "hubbub_frames_dropped_total{transport=\"sse\",reason=\"buffer_full\"}",
        "hubbub_frames_dropped_total{transport=\"sse\",reason=\"client_gone\"}",
        "hubbub_frames_dropped_total{transport=\"sse\",reason=\"evicted\"}",
        "hubbub_subscribers{transport=\"sse\"}",
        "hubbub_frames_delivered_total{transport=\"ws\"}",
        "hubbub_frames_dropped_total{transport=\"ws\",reason=\"buffer_full\"}",
        "hubbub_subscribers{transport=\"ws\"}",
        "hubbub_frames_dropped_total{transport=\"sse\",reason=\"out_of_reach\"}",
        "hubbub_frames_parked_total",
        "hubbub_frames_dropped_by_rule_total{rule=\"default\",reason=\"buffer_full\"}",
        "hubbub_denied_total{reason=\"expired\"}",
        "hubbub_history_events",
        "hubbub_history_payload_bytes",
        "hubbub_history_reach_seconds",
        "hubbub_returns_with_gap_total{reason=\"out_of_reach\"}",
        "hubbub_replay_length_events_count",
        "hubbub_pinned_bytes",
        "hubbub_slow_episodes_total",
        "hubbub_refused_total{limit=\"connections\"}",
        "hubbub_refused_total{limit=\"subscribers\"}",
        "hubbub_publish_to_flush_seconds_count",
        "hubbub_publish_to_flush_seconds_bucket{le=\"+Inf\"}",
        "hubbub_mailbox_wait_seconds_sum",
        "hubbub_mailbox_waiting_frames_bucket{le=\"256.0\"}",
        "hubbub_mailbox_high_water_frames_bucket{le=\"1048576.0\"}",
        "hubbub_mailbox_high_water_max_frames",
    ] {
        assert_eq!(samples.get(name), Some(&0.0), "{name} in {samples:#?}");
    }
    assert_eq!(samples["hubbub_connections"], 1.0, "the one that asks");
}

#[tokio::test]
async fn the_operators_page_lists_every_metric_and_no_other() {
    let served = Served::start(Setup::default());
    let answer = soon("an answer", reqwest::get(served.url("/metrics"))).await.unwrap().text().await.unwrap();
    let types = answer.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    // OpenMetrics names a counter without the ending of its samples.
    let named = |(name, kind): (&str, &str)| if kind == "counter" { format!("{name}_total") } else { name.to_owned() };
    let scraped: BTreeSet<_> = types.map(named).collect();
    let page = std::fs::read_to_string("docs/deployment.md").unwrap();
    let rows = page.lines().skip_while(|line| !line.starts_with("| metric |")).skip(2);
    let cells = rows.take_while(|line| line.starts_with('|')).map(|row| row.split(" | ").next().unwrap().to_owned());
    let cells: Vec<_> = cells.collect();
    let names = cells.iter().flat_map(|cell| cell.split('`')).filter(|part| part.starts_with("hubbub_"));
    let listed: BTreeSet<_> = names.map(|name| name.split('{').next().unwrap().to_owned()).collect();
    assert_eq!(listed, scraped);
}

#[tokio::test]
async fn what_is_published_delivered_and_lost_is_counted_where_it_happens() {
    let mut served = Served::start(Setup { capacity: 4, ..Setup::default() });
    let mut reader = served.watch().await;
    post(&served, 100).await;
    read_until(&mut reader, |chunks| sequences(chunks) == [1]).await;
    let samples = scrape(&served).await;
    assert_eq!(samples["hubbub_frames_offered_total"], 1.0);
    assert_eq!(samples["hubbub_frames_delivered_total{transport=\"sse\"}"], 1.0);
    assert_eq!(samples["hubbub_subscribers{transport=\"sse\"}"], 1.0);
    assert_eq!(samples["hubbub_publish_to_flush_seconds_count"], 1.0);
    assert_eq!(samples["hubbub_mailbox_wait_seconds_count"], 1.0);
    assert_eq!(samples["hubbub_mailbox_waiting_frames_bucket{le=\"1.0\"}"], 1.0);
    assert!(samples["hubbub_publish_to_flush_seconds_sum"] < 10.0);

    // The reader stops: one more than the socket and the buffer hold is lost, then ten more, all in one episode.
    while served.hub.counts().dropped.buffer_full < 11 {
        post(&served, 200_000).await;
    }
    let samples = scrape(&served).await;
    assert_eq!(samples["hubbub_frames_dropped_total{transport=\"sse\",reason=\"buffer_full\"}"], 11.0);
    assert_eq!(samples["hubbub_slow_episodes_total"], 1.0);
    assert_eq!(samples["hubbub_mailbox_high_water_max_frames"], 4.0);
    assert!(samples["hubbub_pinned_bytes"] >= 5.0 * 200_000.0);
    assert_eq!(samples["hubbub_mailbox_high_water_frames_count"], 0.0, "it has not ended");
    drop(reader);
    served.ended().await;
    let samples = scrape(&served).await;
    assert_eq!(samples["hubbub_mailbox_high_water_frames_bucket{le=\"2.0\"}"], 0.0);
    assert_eq!(samples["hubbub_mailbox_high_water_frames_bucket{le=\"4.0\"}"], 1.0);
    assert_eq!(samples["hubbub_frames_dropped_total{transport=\"sse\",reason=\"client_gone\"}"], 5.0);
    assert_eq!(samples["hubbub_pinned_bytes"], 0.0);
    assert_eq!(samples["hubbub_subscribers{transport=\"sse\"}"], 0.0);
}

#[tokio::test]
async fn how_long_a_client_was_away_is_no_latency_of_the_server() {
    let served = Served::start(Setup { history: 100, ..Setup::default() });
    for _ in 0..5 {
        post(&served, 100).await;
    }
    let mut back = watch(&served, "&since=7-2", "").await;
    let mut bytes = Vec::new();
    read_on_until(&mut back, &mut bytes, |chunks| sequences(chunks) == [3, 4, 5]).await;
    post(&served, 100).await;
    read_on_until(&mut back, &mut bytes, |chunks| sequences(chunks) == [3, 4, 5, 6]).await;
    soon("the flush of what was read", served.drained()).await;
    let samples = scrape(&served).await;
    assert_eq!(samples["hubbub_frames_delivered_total{transport=\"sse\"}"], 4.0);
    assert_eq!(samples["hubbub_publish_to_flush_seconds_count"], 1.0, "the one that was published meanwhile");
    assert_eq!(samples["hubbub_mailbox_wait_seconds_count"], 1.0);
    assert_eq!(samples["hubbub_frames_parked_total"], 0.0);
}

#[tokio::test]
async fn a_client_that_comes_back_is_counted_with_what_is_replayed_and_with_what_is_out_of_reach() {
    let served = Served::start(Setup { history: 3, ..Setup::default() });
    for _ in 0..5 {
        post(&served, 100).await;
    }
    for (since, last) in [("7-1", 5), ("7-4", 5), ("1-1", 5)] {
        let mut back = watch(&served, &format!("&since={since}"), "").await;
        read_until(&mut back, |chunks| sequences(chunks).last() == Some(&last)).await;
    }
    let samples = scrape(&served).await;
    assert_eq!(samples["hubbub_history_events"], 3.0);
    assert_eq!(samples["hubbub_history_payload_bytes"], 300.0);
    assert!(samples["hubbub_history_reach_seconds"] < 10.0);
    assert_eq!(samples["hubbub_returns_with_gap_total{reason=\"out_of_reach\"}"], 1.0);
    assert_eq!(samples["hubbub_returns_with_gap_total{reason=\"restarted\"}"], 1.0);
    assert_eq!(samples["hubbub_replay_length_events_count"], 3.0);
    assert_eq!(samples["hubbub_replay_length_events_sum"], 7.0);
}

#[tokio::test]
async fn the_subscribers_that_are_worst_off_are_listed_with_what_they_wait_for_and_have_lost() {
    let mut served = Served::start(Setup { capacity: 4, ..Setup::default() });
    let _good = watch(&served, "", "").await;
    served.subscribed().await;
    let _stalled = served.watch().await;
    while served.hub.counts().dropped.buffer_full < 3 {
        post(&served, 200_000).await;
    }
    let answer = soon("an answer", reqwest::get(served.url("/debug/subscribers?sort=waiting&limit=1"))).await.unwrap();
    let list: serde_json::Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(list["total"], 2);
    let [worst] = list["subscribers"].as_array().unwrap().as_slice() else { panic!("one: {list}") };
    assert_eq!(worst["topics"], serde_json::json!(["ingest.t"]));
    assert_eq!(worst["waiting"], 4);
    assert!(worst["dropped"]["buffer_full"].as_u64().is_some_and(|lost| lost > 0), "{worst}");
    assert!(worst["address"].as_str().unwrap().starts_with("127.0.0.1:"), "{worst}");
    for (name, most) in [("oldest_age_seconds", 10.0), ("open_seconds", 10.0)] {
        assert!(worst[name].as_f64().is_some_and(|seconds| seconds < most), "{name}: {worst}");
    }
    for query in ["sort=size", "limit=0"] {
        let answer = soon("an answer", reqwest::get(served.url(&format!("/debug/subscribers?{query}")))).await.unwrap();
        assert_eq!(answer.status(), 400, "{query}");
    }
}
