//! What sockets hide behind a mailbox when nobody bounds them, and what that makes of a size.

use hubbub::Capacity;

use super::{FidelityError, WATCHED, repeated, window};
use crate::plan::{Arrival, HubChoice, Plan};
use crate::real::Sockets;
use crate::runs::Progress;
use crate::scenario::Scenario;
use crate::summary::comparison::{Hidden, SizeBySocket};
use crate::world;

/// A client that never reads, and more events than sockets ever took.
const PLAN: &str = include_str!("../../fidelity/unread.toml");

/// The setting that leaves as much unsent in a socket as its buffer takes.
const NO_LIMIT: u32 = u32::MAX;

/// How sockets are set, what that is called, and whether the plan's windows are asked for.
const WAYS: [(&str, Option<u32>, Option<u64>); 3] = [
    ("nobody bounds anything", Some(NO_LIMIT), None),
    ("the server bounds what is unsent (as hubbub does)", None, None),
    ("and the client's receive buffer is 8 KiB", None, Some(8192)),
];

/// Scenarios whose sizes are asked for, and N. Their classes have plain windows, which stand for what sockets hold.
const SIZED: [(&str, usize); 2] = [("ci-build", 100), ("backlog-flush", 6)];

pub(super) fn hidden(
    progress: &dyn Progress,
    is_wanted: &dyn Fn() -> bool,
) -> Result<(Vec<Hidden>, Vec<SizeBySocket>), FidelityError> {
    let scenario = Scenario::parse("sim/fidelity/unread.toml", PLAN)?;
    let plan = Plan::draw(&scenario, 2, 0);
    let payload_bytes = plan.arrivals.first().map_or(0, |arrival: &Arrival| u64::from(arrival.payload_bytes));
    let mut hidden = Vec::new();
    for (words, unsent_bytes, window_bytes) in WAYS {
        let sockets = Sockets { unsent_bytes, segment_bytes: None, leave_windows: window_bytes.is_none() };
        let plan = window_bytes.map_or(plan.clone(), |bytes| window::with_window(&plan, WATCHED, bytes));
        let record = repeated(&plan, sockets, 1, progress, is_wanted)?.pop();
        let member = record.and_then(|record| record.subscribers.into_iter().find(|member| member.class == WATCHED));
        let frames = member.map_or(0, |member| member.delivered);
        let frame_bytes = payload_bytes + FRAME_BYTES;
        hidden.push(Hidden { sockets: words.to_owned(), frames, bytes: frames * frame_bytes, payload_bytes });
    }
    let largest = hidden.iter().map(|hidden| hidden.bytes).max().unwrap_or(0);
    let sizes = SIZED.iter().map(|(name, subscribers)| size(name, *subscribers, largest)).collect::<Result<_, _>>()?;
    Ok((hidden, sizes))
}

/// What a frame has besides its payload: `id: 0-1234`, `data: `, three line ends, and seven bytes of a chunk's.
const FRAME_BYTES: u64 = 26;

/// The exact size over the scenario's seeds, with its own windows and with that one for everybody.
fn size(name: &str, subscribers: usize, window_bytes: u64) -> Result<SizeBySocket, FidelityError> {
    let scenario = Scenario::named(name)?;
    let choice = HubChoice { capacity: Capacity::UNBOUNDED, overflow: scenario.settings().server.policy };
    let exact = |change: &dyn Fn(&mut Plan)| -> Result<u64, FidelityError> {
        let mut exact = 1;
        for seed in 0..scenario.settings().seeds {
            let mut plan = Plan::draw(&scenario, subscribers, seed);
            change(&mut plan);
            let record = world::run(&plan, choice)?;
            exact = record.subscribers.iter().map(|member| member.high_water).fold(exact, u64::max);
        }
        Ok(exact)
    };
    let widen = |plan: &mut Plan| plan.classes.iter_mut().for_each(|class| class.window_bytes = window_bytes);
    Ok(SizeBySocket {
        scenario: name.to_owned(),
        subscribers,
        bounded: exact(&|_| {})?,
        unbounded: exact(&widen)?,
        window_bytes,
    })
}
