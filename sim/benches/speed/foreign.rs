//! Wall time of simulated runs of servers by others, beside hubbub's own on the same plans.

use std::time::Duration;

use hubbub::{Capacity, Overflow};
use hubbub_sim::internals::plan::{HubChoice, Plan};
use hubbub_sim::internals::world::run;
use hubbub_sim::{Record, Testbed};

use crate::rows::{Line, Row, Rows};
use crate::{median, say, simulation};

#[path = "../../examples/broadcast.rs"]
mod broadcast;
#[path = "../../examples/gated.rs"]
mod gated;
#[path = "../../examples/mailbox.rs"]
mod mailbox;

/// Most events that wait for a client in these plans, and more.
const FRAMES: usize = 512;

/// Longer than any frame of these plans takes. A run of a server without a probe lasts as long as its drain, whose ticks cost as
/// much as those with deliveries; one of hubbub's server ends with the last delivery.
const DRAIN: Duration = Duration::from_millis(200);

/// Target: a delivery of a foreign server costs no more than one of hubbub's server.
pub(crate) fn speed(rows: &mut Rows) {
    say("simulated by the full stack, wall time of a delivery (medians of 5 runs; one thread,");
    say("400 events of 400 B, 40 ms round trip), beside hubbub's own server");
    let servers = [
        ("axum, mpsc for each client", Testbed::new("mailbox", mailbox::Mailbox)),
        ("axum, one broadcast channel, posted events", Testbed::new("broadcast", broadcast::Broadcast)),
        ("axum, hubbub's gated body", Testbed::new("gated", gated::Gated(Overflow::DropNewest))),
    ];
    for subscribers in [100, 1000] {
        for (burst, what) in [(1, "evenly"), (20, "in bursts of 20")] {
            let plan = Plan { drain: DRAIN, ..simulation::plan(subscribers, burst, None) };
            let ours = |_| simulation::per_delivery(|| of_hubbub(&plan));
            let theirs = |testbed: &Testbed| {
                simulation::per_delivery(|| testbed.run(&plan, FRAMES).expect("a server of events").record)
            };
            // In turns, so that a machine that becomes slower is slower for all.
            let mut all = vec![Vec::new(); servers.len()];
            let mut own = Vec::new();
            for turn in 0..5 {
                own.push(ours(turn));
                all.iter_mut().zip(&servers).for_each(|(took, (_, testbed))| took.push(theirs(testbed)));
            }
            let own = median(own);
            for ((name, _), took) in servers.iter().zip(all) {
                let row = Row::new(format!("{name}, N = {subscribers}, {what}"), median(took), "µs");
                let line =
                    Line::new(&format!("  N = {subscribers:4}  ")).value(7, 2, row.beside("hubbub's server", own));
                rows.print(line.text(" µs").ratio(8).text(&format!("  {name}, {what}")));
            }
        }
    }
}

fn of_hubbub(plan: &Plan) -> Record {
    let choice = HubChoice { capacity: Capacity::UNBOUNDED, overflow: Overflow::DropNewest };
    run(plan, choice).expect("a valid plan")
}
