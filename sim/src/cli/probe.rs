//! `probe`: what a path hides.

use super::exit::{Exit, Failure};
use super::options::ProbeOptions;
use super::{console, files, interrupt};
use crate::probe::probe;
use crate::summary::probed::{Compression, Found, Hidden, SeenBy};

/// Probes, and says what a scenario needs to know of the path.
pub(super) fn run(options: &ProbeOptions) -> Result<Exit, Failure> {
    options.json.prepare()?;
    let asked = options.probe()?;
    interrupt::catch();
    let mut found = probe(&asked, &|| !interrupt::was_caught())?;
    found.command = options.command(&asked);
    let mut document = serde_json::to_string_pretty(&found).map_err(Failure::input)?;
    document.push('\n');
    match options.json.file() {
        Some(file) => {
            files::write_one(file, &document)?;
            console::note(&format!("wrote {}", file.display()));
        }
        None if options.json.is_to_stdout() => console::print(&document),
        None => console::print(&told(&found)),
    }
    Ok(Exit::AsExpected)
}

fn told(found: &Found) -> String {
    let rows = [
        ("head", head(found)),
        ("an event", format!("{} ms from its publish", found.event_ms)),
        ("hidden", hidden(found)),
        ("a leave", leave(found)),
        ("resumption", resumption(found)),
        ("compression", compression(found)),
    ];
    let rows = rows.map(|(name, text)| format!("  {name:<12}{text}\n")).concat();
    format!("{}\n{rows}\n{}\n", found.stream, advice(found))
}

fn head(found: &Found) -> String {
    let when = if found.head_before_event { "before any event" } else { "only with the first event" };
    format!("{} ms after the request, {when}", found.head_ms)
}

fn hidden(found: &Found) -> String {
    let Hidden { hidden_frames, hidden_bytes, is_lower_bound, held_frames, seen_by } = found.hidden;
    let least = if is_lower_bound { "at least " } else { "" };
    match (hidden_frames, hidden_bytes, held_frames) {
        (Some(frames), Some(bytes), _) => {
            let by = match seen_by {
                SeenBy::Server => "as the server says",
                SeenBy::Client => "as the client has seen",
            };
            format!("{least}{frames} frames, {bytes} B, before the server's buffer holds one back, {by}")
        }
        (_, _, Some(held)) => {
            format!("{least}{held} frames with those in the server's buffer: give its size with --buffer")
        }
        _ => "not known".to_owned(),
    }
}

fn leave(found: &Found) -> String {
    match (found.leave_noticed_ms, found.leave_not_noticed_within_ms) {
        (Some(ms), _) => format!("noticed after {ms} ms"),
        (None, Some(ms)) => format!("not noticed within {ms} ms"),
        (None, None) => "only the server can say: --debug-url".to_owned(),
    }
}

fn resumption(found: &Found) -> String {
    match (found.resumes, found.resume_ms) {
        (None, _) => "the stream has no ids".to_owned(),
        (Some(true), Some(ms)) => format!("by Last-Event-ID, without a hole, {ms} ms"),
        (Some(_), _) => "a client that comes back does not get what it missed".to_owned(),
    }
}

fn compression(found: &Found) -> String {
    let Compression { coding, resume_ms, event_ms, failed } = &found.compression;
    if let Some(why) = failed {
        return format!("for a client that takes gzip the server {why}");
    }
    let held_back = event_ms.is_none() || (resume_ms.is_none() && found.resumes == Some(true));
    match coding.as_deref() {
        None => "none, though a client takes gzip".to_owned(),
        Some("gzip") if held_back => "gzip, which holds events back".to_owned(),
        Some("gzip") => format!("gzip, an event {} ms from its publish", event_ms.unwrap_or_default()),
        Some(coding) => format!("{coding}, which is not read"),
    }
}

fn advice(found: &Found) -> String {
    match found.window_bytes() {
        Some(bytes) => format!(
            "A class of a scenario that reads over this path has window_bytes = {}: so much is beyond the server's buffer \
             before the first frame waits in it. A class with a [class.path] has the path itself in place of that.",
            bytes.max(1)
        ),
        None => "What a scenario's window_bytes has to be is not known.".to_owned(),
    }
}
