//! What proxies hide, as a table for the docs.

use crate::summary::format;
use crate::summary::probed::{Compression, Found, Proxies};

use super::table::{Lean, Table};

const KEY: &str = "hidden: what a client that never reads is given before the server's buffer holds a frame back; direct: \
    without a proxy · event: from publish to receipt · resumed: from the request of a client that comes back to the last \
    event that it had missed · leave: from the end of a client's connection until the server had noticed, while no event \
    came · gzip: whether the stream is compressed for a client that comes back and takes that; if so, the same two times";

/// The part of the docs.
pub(super) fn part(proxies: &Proxies) -> String {
    let heads = [
        ("proxy", Lean::Left),
        ("settings", Lean::Left),
        ("hidden frames", Lean::Right),
        ("hidden bytes", Lean::Right),
        ("head ms", Lean::Right),
        ("event ms", Lean::Right),
        ("resumed ms", Lean::Right),
        ("leave s", Lean::Right),
        ("gzip", Lean::Left),
    ];
    let mut table = Table::new(&heads);
    for row in &proxies.rows {
        let found = &row.found;
        let proxy = if row.proxy.is_empty() { "direct".to_owned() } else { row.proxy.clone() };
        let [frames, bytes] = [found.hidden.hidden_frames, found.hidden.hidden_bytes].map(|count| hidden(found, count));
        table.row([
            proxy,
            row.settings.clone(),
            frames,
            bytes,
            ms(found.head_ms),
            ms(found.event_ms),
            found.resume_ms.map_or("not all came".to_owned(), ms),
            leave(found),
            gzip(found),
        ]);
    }
    let payload = proxies.rows.first().map_or(0, |row| row.found.payload_bytes);
    format!(
        "Events of {payload} B; the server's buffer has {} frames, and it sends a keepalive every {} s. One run each, on the \
         loopback of one machine, made by `{}`: other kernels and versions give other numbers.\n\n{}\n{KEY}.",
        proxies.buffer,
        proxies.keepalive_seconds,
        proxies.command,
        table.markdown()
    )
}

fn hidden(found: &Found, count: Option<u64>) -> String {
    let least = if found.hidden.is_lower_bound { "≥ " } else { "" };
    count.map_or("unknown".to_owned(), |count| format!("{least}{}", format::count(count)))
}

fn leave(found: &Found) -> String {
    match (found.leave_noticed_ms, found.leave_not_noticed_within_ms) {
        (Some(ms), _) => format!("{:.1}", ms / 1000.0),
        (None, Some(ms)) => format!("> {:.0}", ms / 1000.0),
        (None, None) => "unknown".to_owned(),
    }
}

fn gzip(found: &Found) -> String {
    let Compression { coding, resume_ms, event_ms, failed } = &found.compression;
    if failed.is_some() {
        return "no stream".to_owned();
    }
    let late = |ms: Option<f64>| ms.map_or("more than 5 s".to_owned(), |ms| format!("{ms:.0} ms"));
    match coding {
        None => "no".to_owned(),
        Some(_) => format!("resumed {}, event {}", late(*resume_ms), late(*event_ms)),
    }
}

fn ms(ms: f64) -> String {
    format!("{ms:.0}")
}
