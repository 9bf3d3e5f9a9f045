//! Prints the result of `sim capacity` for a terminal: how many server nodes a number of viewers needs.

use std::fmt::Write as _;

use crate::summary::capacity::{BrokerTraffic, Capacity, Limit, NodeRun, Resource, answer};
use crate::summary::format;

use super::table::{Lean, Table, prose};

/// What the columns mean.
const KEY: &str = "a viewer needs: in the busiest ten seconds of any run; of memory an open stream and its mailbox's slots · \
    usable: the part of a node's that may be in use";

/// Writes the result of `sim capacity` as a page of text. Each line has at most 80 columns and ends with a line feed.
#[must_use]
pub fn terminal(found: &Capacity) -> String {
    let load = &found.load;
    let events = format!(
        "{} · {} events/s on average and {} in the busiest ten seconds; {} and {} a second to each viewer.",
        found.scenario,
        format::number(load.events_per_second),
        format::number(load.busiest_events_per_second),
        format::bytes(load.bytes_per_second_of_a_viewer),
        format::bytes(load.busiest_bytes_per_second_of_a_viewer),
    );
    let mut page = prose(&events, "");
    // Writing to a `String` cannot fail, here and below.
    let _ = write!(page, "\nWhat a node carries\n\n{}\n{}", table(found).plain(false), prose(KEY, "  "));
    let _ = write!(page, "\n→ {}\n", prose(&answer(found), "  ").trim_start());
    page.push_str(&prose(&settings(found), "  "));
    let _ = write!(page, "\n{}", prose(&run(&found.run), "  "));
    let broker = found.broker.as_ref().map_or_else(|| ONE_NODE.to_owned(), broker);
    let _ = write!(page, "\n{}", prose(&broker, "  "));
    page
}

/// Said where no log is needed.
const ONE_NODE: &str = "One node needs no log and no broker: the default, source = \"embedded\", is enough.";

fn table(found: &Capacity) -> Table {
    let mut table = Table::new(&[
        ("", Lean::Left),
        ("a viewer needs", Lean::Right),
        ("usable", Lean::Right),
        ("viewers", Lean::Right),
        ("", Lean::Left),
    ]);
    for limit in &found.limits {
        let binds = if limit.resource == found.binding { "binds first" } else { "" };
        let usable = limit.has * found.most_load;
        let (needs, usable) = (quantity(limit, limit.per_viewer), quantity(limit, usable));
        table.row([limit.resource.to_string(), needs, usable, format::count(limit.viewers), binds.to_owned()]);
    }
    table
}

/// So much of a resource, with its unit.
fn quantity(limit: &Limit, value: f64) -> String {
    match limit.resource {
        Resource::Cpu if value < 1.0 => format!("{} µs/s", format::number(value * 1e6)),
        Resource::Cpu => format!("{} s/s", format::number(value)),
        Resource::Memory => format::bytes(value),
        Resource::Network => format!("{}/s", format::bytes(value)),
    }
}

/// The settings that such a node needs.
fn settings(found: &Capacity) -> String {
    let streams = found.viewers_per_node_without_spare;
    format!(
        "Each node needs server.max_subscribers of at least {}, server.max_connections above that, and as many open files.",
        format::count(streams)
    )
}

fn run(run: &NodeRun) -> String {
    let lost = run.drop_rate.map_or_else(|| "nothing to lose".to_owned(), format::rate);
    let age = run.age_p99_ms.map_or_else(|| "–".to_owned(), |ms| format!("{} ms", format::ms(ms)));
    format!(
        "In the simulation of one core's share, {} with mailboxes of {}, {}: lost {lost}, missed {}, age p99 {age}, the fullest \
         mailbox {}; {} of {} s.",
        format::plural(run.subscribers, "viewer"),
        format::plural(run.buffer, "frame"),
        run.policy,
        format::rate(run.missed_rate),
        format::plural(run.high_water, "frame"),
        format::plural(run.runs, "run"),
        format::number(run.run_seconds),
    )
}

fn broker(traffic: &BrokerTraffic) -> String {
    let per_second = |bytes: f64| format!("{}/s", format::bytes(bytes));
    format!(
        "The log's broker in the busiest ten seconds: {} from publishers, {} to other replicas (of {}), {} to all nodes; \
         {} of a core.",
        per_second(traffic.published_bytes_per_second),
        per_second(traffic.replicated_bytes_per_second),
        format::count(traffic.replicas),
        per_second(traffic.read_bytes_per_second),
        format::number(traffic.cores),
    )
}
