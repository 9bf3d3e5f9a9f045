//! What a connection costs in memory, and whether it stays that way.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::time::Instant;

use crate::peers::{self, Server};
use crate::readers::{Readers, payload};
use crate::rows::{Line, Row, Rows};
use crate::{median, say};

const ROUNDS: usize = 3;
/// So many streams are open before it is measured, so that what a server allocates once is not counted.
const BEFORE: usize = 500;
const MEASURED: usize = 5000;

/// Target: at most 24 KiB.
pub(crate) fn idle(rows: &mut Rows) {
    say("");
    if let Err(why) = allow_files((BEFORE + MEASURED) as u64 + OTHER_FILES) {
        return say(&format!("memory of an idle stream: {why}: left out"));
    }
    say(&format!("user-space memory of an idle SSE stream, over {MEASURED} streams, median of {ROUNDS}"));
    for (name, start, target) in [
        ("hubbub", peers::hubbub as fn() -> Result<Server, String>, Some(24.0)),
        ("nchan (nginx, 2 workers)", peers::nchan, None),
        ("Go net/http hub", || peers::go("1"), None),
    ] {
        match (0..ROUNDS).map(|_| start().map(|server| kib(&server))).collect::<Result<Vec<_>, _>>() {
            Ok(values) => {
                let row = Row::new(format!("idle SSE stream, {name}"), median(values), "KiB");
                let row = if let Some(target) = target { row.at_most(target) } else { row };
                let verdict = row.verdict(target);
                let line = Line::new(&format!("  {name:26} ")).value(6, 1, row).text(" KiB");
                rows.print(if verdict.is_empty() { line } else { line.text("   target: ").text(&verdict) });
            }
            Err(why) => say(&format!("  {why}")),
        }
    }
    say("  its parts: just heap");
}

fn kib(server: &Server) -> f64 {
    let _others = Readers::connect(server.address, server.stream_path, BEFORE);
    pause(Duration::from_millis(500));
    let before = server.running.memory_bytes();
    let _measured = Readers::connect(server.address, server.stream_path, MEASURED);
    pause(Duration::from_millis(500));
    (server.running.memory_bytes() - before) / MEASURED as f64 / 1024.0
}

const STREAMS: usize = 5000;
const EVENTS_PER_SECOND: u32 = 10;
const SAMPLES: u32 = 10;
/// Files a process has open beside its connections, amply.
const OTHER_FILES: u64 = 100;

/// Target: 5,000 subscribers for five minutes without growth. Not asked for unless named.
pub(crate) fn endurance(rows: &mut Rows, seconds: u64) {
    say("");
    if let Err(why) = allow_files(STREAMS as u64 + OTHER_FILES) {
        say(&format!("endurance: {why}"));
        std::process::exit(2);
    }
    say(&format!("{STREAMS} SSE streams for {seconds} s, {EVENTS_PER_SECOND} events of 400 B a second"));
    let server = match peers::hubbub() {
        Ok(server) => server,
        Err(why) => return say(&why),
    };
    let mut readers = Readers::connect(server.address, server.stream_path, STREAMS);
    let (mut publisher, payload) = (server.publisher(), payload(400));
    let events = u32::try_from(seconds).unwrap_or(u32::MAX).saturating_mul(EVENTS_PER_SECOND).max(SAMPLES);
    readers.expect(events as usize * STREAMS);
    let (begun, mut samples) = (Instant::now(), Vec::new());
    for event in 1..=events {
        publisher.publish(&payload);
        pause((begun + Duration::from_secs(1) / EVENTS_PER_SECOND * event).saturating_duration_since(Instant::now()));
        if event % (events / SAMPLES) == 0 {
            let (memory, cpu) = (server.running.memory_bytes(), server.running.usage().cpu_us);
            let (at, mib) = (begun.elapsed().as_secs_f64(), memory / f64::from(1 << 20));
            samples.push(mib);
            let of = |what: &str, value, unit| Row::new(format!("{what}, sample {}", samples.len()), value, unit);
            let line = Line::new("  after ").value(4, 0, of("time since the start", at, "s")).text(" s: ");
            let line = line.value(7, 1, of("memory of the server", mib, "MiB")).text(" MiB, ");
            let line = line.value(5, 1, of("CPU of a delivery", share(cpu, event), "µs"));
            rows.print(line.text(" µs of CPU a delivery"));
        }
    }
    let lost = events as usize * STREAMS - readers.report();
    // The first is before every buffer has had its largest size.
    let growth = 100.0 * (samples[samples.len() - 1] / samples[1] - 1.0);
    let verdict = if growth <= 2.0 && lost == 0 { "met" } else { "missed" };
    let line = Line::new("  lost ").value(0, 0, Row::new("frames lost", lost as f64, "frames")).text("; grown by ");
    let line = line.value(0, 1, Row::new("growth of memory since the second sample", growth, "%"));
    rows.print(line.text(&format!(" % since the second sample; target none: {verdict}")));
}

fn share(cpu_us: f64, events: u32) -> f64 {
    cpu_us / (f64::from(events) * STREAMS as f64)
}

/// Raises the limit on open files, which the servers and clients inherit.
fn allow_files(needed: u64) -> Result<(), String> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    let how = "raise the hard limit: ulimit -Hn as root, LimitNOFILE= of a unit, nofile in limits.conf";
    if limit.maximum.is_some_and(|maximum| maximum < needed) {
        return Err(format!("{needed} files must be open, and {} may be; {how}", limit.maximum.unwrap_or(0)));
    }
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum: limit.maximum });
    raised.map_err(|why| format!("{needed} files must be open: {why}; {how}"))
}

#[expect(clippy::disallowed_methods, reason = "a pace, and times in which nothing happens")]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}
