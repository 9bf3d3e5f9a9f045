//! What the log costs beside the embedded default: `just log-costs`. It measures, and tests nothing but that all arrives.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Child;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::node::Node;
use crate::command::serve_and_listen;
use crate::support::nats::Broker;
use crate::support::soon;

/// Viewers of all nodes together.
const VIEWERS: usize = 200;
const EVENTS: usize = 600;
const EVENT_BYTES: usize = 700;
/// Time between two publishes.
const EVERY: Duration = Duration::from_millis(20);
/// Ticks of a process's CPU time in a second, which Linux has had since it counts them for programs.
const TICKS_PER_SECOND: f64 = 100.0;

/// What a number of nodes cost.
struct Costs {
    /// From a publish to the receipts, in milliseconds, in order.
    receipt_ms: Vec<f64>,
    /// From a publish to its answer, likewise.
    answer_ms: Vec<f64>,
    /// Of all nodes and of the broker, in seconds.
    nodes_cpu: f64,
    broker_cpu: f64,
    /// What the broker received and sent, headers and replies included.
    broker_bytes: [f64; 2],
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: just log-costs"]
async fn measures_what_a_log_costs() {
    let of = |name: &'static str, nodes: usize| async move {
        let port = free_port();
        let broker = Broker::start_with(name, &["-m", &port.to_string()]).await?;
        Some(measured(&Source::Log { broker: Box::new(broker), monitor: port }, nodes).await)
    };
    say(&format!("{VIEWERS} viewers, {EVENTS} events of {EVENT_BYTES} B, one every {} ms", EVERY.as_millis()));
    say(
        "| source | nodes | answer p50, ms | p99 | receipt p50, ms | p99 | CPU a delivery, µs | broker's CPU an event, µs | broker in an event, B | out an event and node, B |",
    );
    say("| :-- | --: | --: | --: | --: | --: | --: | --: | --: | --: |");
    line("embedded", 1, &measured(&Source::Embedded, 1).await);
    for (name, nodes) in [("costs-1", 1), ("costs-2", 2), ("costs-3", 3)] {
        let Some(costs) = of(name, nodes).await else { return };
        line("jetstream", nodes, &costs);
    }
}

/// Where nodes have their events from.
enum Source {
    Embedded,
    Log { broker: Box<Broker>, monitor: u16 },
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn measured(source: &Source, count: usize) -> Costs {
    let mut nodes = Vec::new();
    for _ in 0..count {
        nodes.push(match source {
            Source::Embedded => {
                let (child, address, said) = serve_and_listen(&[], &[]).await;
                Node { child, address, said }
            }
            Source::Log { broker, .. } => Node::start(broker).await,
        });
    }
    for node in &nodes {
        node.until_ready_is(200).await;
    }
    let began = Instant::now();
    let mut viewers = JoinSet::new();
    for index in 0..VIEWERS {
        viewers.spawn(receipts(nodes[index % count].address.clone(), began));
    }
    // Until everybody watches.
    for node in &nodes {
        let share = (VIEWERS / count) as f64;
        let watch = async {
            while node.sample("hubbub_subscribers{transport=\"sse\"}").await < share.floor() {
                sleep(EVERY).await
            }
        };
        soon("viewers", watch).await;
    }
    let before = usage(source, &nodes).await;
    let (mut published_at, mut answer_ms) = (Vec::new(), Vec::new());
    let client = reqwest::Client::new();
    let first = Instant::now();
    for number in 0..EVENTS {
        sleep((EVERY * u32::try_from(number).unwrap()).saturating_sub(first.elapsed())).await;
        let at = began.elapsed();
        published_at.push(at);
        let body = format!("{{\"n\":{number},\"pad\":\"{}\"}}", "x".repeat(EVENT_BYTES - 20));
        let url = format!("http://{}/v1/ingest/t", nodes[number % count].address);
        let answer = soon("an answer", client.post(url).body(body).send()).await.unwrap();
        assert_eq!(answer.status(), 202);
        answer_ms.push(millis(began.elapsed() - at));
    }
    let mut receipt_ms = Vec::new();
    while let Some(received) = soon("all receipts", viewers.join_next()).await {
        let ages = received
            .unwrap()
            .into_iter()
            .zip(&published_at)
            .map(|(at, published)| millis(at.saturating_sub(*published)));
        receipt_ms.extend(ages);
    }
    assert_eq!(receipt_ms.len(), VIEWERS * EVENTS);
    let after = usage(source, &nodes).await;
    receipt_ms.sort_by(f64::total_cmp);
    answer_ms.sort_by(f64::total_cmp);
    let [nodes_cpu, broker_cpu, received, sent] = [0, 1, 2, 3].map(|place| after[place] - before[place]);
    Costs { receipt_ms, answer_ms, nodes_cpu, broker_cpu, broker_bytes: [received, sent] }
}

/// When each event came, by its number.
async fn receipts(address: String, began: Instant) -> Vec<Duration> {
    let mut stream = soon("a connection", TcpStream::connect(&address)).await.unwrap();
    stream.write_all(b"GET /v1/stream/sse?table=t HTTP/1.1\r\nhost: hub\r\n\r\n").await.unwrap();
    let (mut received, mut rest) = (Vec::new(), Vec::new());
    while received.len() < EVENTS {
        assert!(stream.read_buf(&mut rest).await.unwrap() > 0, "the stream has ended");
        let at = began.elapsed();
        while let Some(end) = rest.windows(5).position(|window| window == b"{\"n\":") {
            rest.drain(..end + 5);
            received.push(at);
        }
    }
    received
}

/// CPU seconds of the nodes and of the broker, and the bytes that the broker has received and sent.
async fn usage(source: &Source, nodes: &[Node]) -> [f64; 4] {
    let of_nodes = nodes.iter().map(|node| cpu_seconds(&node.child)).sum();
    let Source::Log { broker, monitor } = source else { return [of_nodes, 0.0, 0.0, 0.0] };
    let url = format!("http://127.0.0.1:{monitor}/varz");
    let answer = soon("an answer", reqwest::get(url)).await.unwrap().text().await.unwrap();
    let told: Value = serde_json::from_str(&answer).unwrap();
    [of_nodes, cpu_seconds(broker.child()), told["in_bytes"].as_f64().unwrap(), told["out_bytes"].as_f64().unwrap()]
}

/// CPU time of a process so far, by user and kernel.
fn cpu_seconds(process: &Child) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.id().unwrap())).unwrap();
    // The name may have spaces; what follows it begins with the third field.
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: f64 = fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum();
    ticks / TICKS_PER_SECOND
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn line(source: &str, nodes: usize, costs: &Costs) {
    let quantile = |sorted: &[f64], part: f64| sorted[((sorted.len() - 1) as f64 * part) as usize];
    let events = EVENTS as f64;
    let [received, sent] = costs.broker_bytes;
    say(&format!(
        "| {source} | {nodes} | {:.2} | {:.2} | {:.2} | {:.2} | {:.1} | {:.0} | {:.0} | {:.0} |",
        quantile(&costs.answer_ms, 0.5),
        quantile(&costs.answer_ms, 0.99),
        quantile(&costs.receipt_ms, 0.5),
        quantile(&costs.receipt_ms, 0.99),
        costs.nodes_cpu * 1e6 / (events * VIEWERS as f64),
        costs.broker_cpu * 1e6 / events,
        received / events,
        sent / events / nodes as f64,
    ));
}

/// Prints a line.
#[expect(clippy::print_stdout, reason = "the table is the result")]
fn say(line: &str) {
    println!("{line}");
}
