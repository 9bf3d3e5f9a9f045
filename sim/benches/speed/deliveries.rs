//! Deliveries a second over real TCP, this project's server and its peers side by side.

use std::time::Duration;

use tokio::time::Instant;

use crate::memory::pause;
use crate::peers::{self, Server};
use crate::process::Usage;
use crate::readers::{Readers, payload};
use crate::rows::{Line, Row, Rows};
use crate::{median, say};

const SUBSCRIBERS: usize = 1000;
const PAYLOAD_BYTES: usize = 400;
const ROUNDS: usize = 5;

/// A server to be measured.
struct Peer {
    name: &'static str,
    start: fn() -> Result<Server, String>,
}

/// What one round showed; of all but the first, a delivery's share.
#[derive(Clone, Copy)]
struct Round {
    per_second: f64,
    cpu_us: f64,
    kernel_us: f64,
    writes: f64,
    packets: f64,
    sleeps: f64,
    lost: usize,
}

/// By HTTP requests. Targets: 1.9 times nchan's deliveries with one publisher, 3 times with eight.
pub(crate) fn sequential(rows: &mut Rows) {
    say("");
    say(&format!("deliveries over loopback TCP to {SUBSCRIBERS} SSE streams, events of {PAYLOAD_BYTES} B; server,"));
    say(&format!("clients and publisher are processes of their own; medians of {ROUNDS}, k = 1000. CPU,"));
    say("writes and sleeps are the server's and packets the machine's, each a delivery");
    let peers = [
        Peer { name: "nchan (nginx, 2 workers)", start: peers::nchan },
        Peer { name: "hubbub", start: peers::hubbub },
        Peer { name: "hubbub, 1 frame a write", start: peers::hubbub_one_frame_a_write },
        Peer { name: "Go net/http hub", start: || peers::go("1") },
    ];
    for (connections, least_ratio) in [(1, 1.9), (8, 3.0)] {
        say("");
        let title = format!("over HTTP, {connections} at a time");
        let target = |rows: &[(&Peer, Round)]| {
            rows.iter()
                .find(|(peer, _)| peer.name.starts_with("nchan"))
                .map(|(_, nchan)| least_ratio * nchan.per_second)
        };
        compare(rows, &title, &peers, 200, target, |server, events| {
            let publishers: Vec<_> = (0..connections).map(|_| server.publisher()).collect();
            std::thread::scope(|threads| {
                for mut publisher in publishers {
                    threads.spawn(move || {
                        let payload = payload(PAYLOAD_BYTES);
                        (0..events / connections).for_each(|_| publisher.publish(&payload));
                    });
                }
            });
        });
    }
}

/// Published by the server itself. Targets: 3 times the deliveries of the Go hub, 1.2 times those with 16 frames a flush.
pub(crate) fn burst(rows: &mut Rows) {
    say("");
    let peers = [
        Peer { name: "Go net/http hub", start: || peers::go("1") },
        Peer { name: "Go, 16 frames a flush", start: || peers::go("16") },
        Peer { name: "hubbub", start: || peers::hubbub_inside(None) },
        Peer { name: "hubbub, 1 frame a write", start: || peers::hubbub_inside(Some("1")) },
    ];
    let target = |rows: &[(&Peer, Round)]| {
        let of = |name| rows.iter().find(|(peer, _)| peer.name == name).map(|(_, round)| round.per_second);
        let targets = [of("Go net/http hub").map(|go| 3.0 * go), of("Go, 16 frames a flush").map(|go| 1.2 * go)];
        targets.into_iter().flatten().reduce(f64::max)
    };
    compare(rows, "a burst of 300 made inside", &peers, 300, target, |server, events| {
        server.burst(events, &payload(PAYLOAD_BYTES));
    });
}

/// Events at a steady pace, each published by an HTTP request. Target: at most 0.7 of the Go hub's user CPU a delivery.
pub(crate) fn steady(rows: &mut Rows) {
    const EVENTS: usize = 100;
    const PAUSE: Duration = Duration::from_millis(50);
    let peers = [
        Peer { name: "Go net/http hub", start: || peers::go("1") },
        Peer { name: "nchan (nginx, 2 workers)", start: peers::nchan },
        Peer { name: "hubbub", start: peers::hubbub },
    ];
    say("");
    say(&format!("{:27}{:>8}{:>10}{:>10}{:>8}", "20 events a second", "user us", "of Go's", "kernel us", "writes"));
    let mut go = None;
    for peer in &peers {
        let publish = |server: &mut Server, events: usize| {
            let (mut publisher, payload) = (server.publisher(), payload(PAYLOAD_BYTES));
            for _ in 0..events {
                publisher.publish(&payload);
                pause(PAUSE);
            }
        };
        let round = || (peer.start)().map(|mut server| measure(&mut server, EVENTS, publish));
        let rounds = match (0..ROUNDS).map(|_| round()).collect::<Result<Vec<_>, _>>() {
            Ok(rounds) => middle(&rounds),
            Err(why) => {
                say(&format!("  {why}"));
                continue;
            }
        };
        let of = |what: &str, value, unit| Row::new(format!("20 events a second, {}: {what}", peer.name), value, unit);
        let user = of("user CPU of a delivery", rounds.cpu_us - rounds.kernel_us, "µs");
        let beside = *go.get_or_insert(rounds.cpu_us - rounds.kernel_us);
        let line = Line::new(&format!("  {:25}", peer.name))
            .value(8, 2, user.beside(peers[0].name, beside))
            .ratio(10)
            .value(10, 2, of("kernel CPU of a delivery", rounds.kernel_us, "µs"))
            .value(8, 2, of("writes of a delivery", rounds.writes, "writes"))
            .unprinted(of("frames lost in all rounds", rounds.lost as f64, "frames"));
        rows.print(line);
    }
}

fn compare(
    results: &mut Rows,
    title: &str,
    peers: &[Peer],
    events: usize,
    target: impl Fn(&[(&Peer, Round)]) -> Option<f64>,
    publish: impl Fn(&mut Server, usize),
) {
    let mut rounds: Vec<Vec<Round>> = peers.iter().map(|_| Vec::new()).collect();
    let mut missing = Vec::new();
    for round in 0..ROUNDS {
        for (peer, rounds) in peers.iter().zip(&mut rounds) {
            match (peer.start)() {
                Ok(mut server) => rounds.push(measure(&mut server, events, &publish)),
                Err(why) if round == 0 => missing.push(why),
                Err(_) => {}
            }
        }
    }
    let measured = peers.iter().zip(&rounds).filter(|(_, rounds)| !rounds.is_empty());
    let rows: Vec<_> = measured.map(|(peer, rounds)| (peer, middle(rounds))).collect();
    say(&format!("{title:27}{:>11}{:>7}{:>12}", "a second", "of the", "us of CPU"));
    say(&format!(
        "{:27}{:>5}{:>6}{:>6}{:>6}{:>7}{:>7}{:>8}{:>7}",
        "", "min", "med.", "first", "all", "kernel", "writes", "packets", "sleeps"
    ));
    for ((peer, row), rounds) in rows.iter().zip(rounds.iter().filter(|rounds| !rounds.is_empty())) {
        let least = rounds.iter().map(|round| round.per_second).fold(f64::MAX, f64::min);
        results.print(line(title, peer, row, least, &rows[0]));
    }
    missing.iter().for_each(|why| say(&format!("  {why}")));
    if let Some(target) = target(&rows) {
        judge(&rows, target);
    }
}

/// The line of one server, its deliveries beside the first server's.
fn line(title: &str, peer: &Peer, round: &Round, least: f64, first: &(&Peer, Round)) -> Line {
    let name = peer.name;
    let of = |what: &str, value, unit| Row::new(format!("{title}, {name}: {what}"), value, unit);
    let middle = of("deliveries, median", round.per_second, "deliveries/s");
    let lost = of("frames lost in all rounds", round.lost as f64, "frames");
    let line = Line::new(&format!("  {name:25}"))
        .thousands(4, of("deliveries, minimum", least, "deliveries/s"))
        .text(" ")
        .thousands(5, middle.beside(first.0.name, first.1.per_second))
        .ratio(6)
        .value(6, 1, of("CPU of a delivery", round.cpu_us, "µs"))
        .value(7, 1, of("kernel CPU of a delivery", round.kernel_us, "µs"))
        .value(7, 2, of("writes of a delivery", round.writes, "writes"))
        .value(8, 2, of("packets of a delivery", round.packets, "packets"))
        .value(7, 3, of("sleeps of a delivery", round.sleeps, "sleeps"));
    // No column is left for it, and it is zero as a rule.
    if round.lost == 0 { line.unprinted(lost) } else { line.text("  lost ").value(0, 0, lost) }
}

/// Says whether this project's server reaches the target with its defaults; if not, where the time goes.
fn judge(rows: &[(&Peer, Round)], target: f64) {
    for (peer, row) in rows.iter().filter(|(peer, _)| peer.name == "hubbub") {
        let Round { per_second, cpu_us, kernel_us, writes, packets, .. } = row;
        let (name, kilo) = (peer.name, target / 1000.0);
        if *per_second >= target {
            say(&format!("  {name}: target of {kilo:.0}k met"));
            continue;
        }
        say(&format!("  {name}: target of {kilo:.0}k missed. Of {cpu_us:.1} us, {kernel_us:.1} go to the kernel, for"));
        say(&format!("    {writes:.2} writes and {packets:.2} packets a delivery (all packets of the machine)"));
    }
}

fn middle(rounds: &[Round]) -> Round {
    let of = |value: fn(&Round) -> f64| median(rounds.iter().map(value).collect());
    Round {
        per_second: of(|round| round.per_second),
        cpu_us: of(|round| round.cpu_us),
        kernel_us: of(|round| round.kernel_us),
        writes: of(|round| round.writes),
        packets: of(|round| round.packets),
        sleeps: of(|round| round.sleeps),
        lost: rounds.iter().map(|round| round.lost).sum(),
    }
}

fn measure(server: &mut Server, events: usize, publish: impl Fn(&mut Server, usize)) -> Round {
    let mut readers = Readers::connect(server.address, server.stream_path, SUBSCRIBERS);
    let expected = events * SUBSCRIBERS;
    let (before, packets) = (server.running.usage(), packets_sent());
    let begun = Instant::now();
    readers.expect(expected);
    publish(server, events);
    let seen = readers.report();
    let took = begun.elapsed();
    let Usage { cpu_us, kernel_us, writes, sleeps } = server.running.usage().since(before);
    let share = |whole: f64| whole / expected as f64;
    Round {
        per_second: seen as f64 / took.as_secs_f64(),
        cpu_us: share(cpu_us),
        kernel_us: share(kernel_us),
        writes: share(writes),
        packets: share(packets_sent() - packets),
        sleeps: share(sleeps),
        lost: expected - seen,
    }
}

/// TCP segments that this machine has sent, acknowledgements among them.
fn packets_sent() -> f64 {
    let text = std::fs::read_to_string("/proc/net/snmp").unwrap_or_default();
    let mut lines = text.lines().filter(|line| line.starts_with("Tcp:")).map(str::split_whitespace);
    let (Some(mut names), Some(mut values)) = (lines.next(), lines.next()) else { return 0.0 };
    let place = names.position(|name| name == "OutSegs");
    place.and_then(|place| values.nth(place)?.parse().ok()).unwrap_or(0.0)
}
