//! Recorded arrivals: reading a JSON Lines trace, one bounded line at a time.
//!
//! A line is `{"at_ms": <since the start, may be fractional>, "bytes": <payload size>, "key": "<entity>"}`; `key` may
//! be left out, lines may end in LF or CRLF. The first line may instead be `{"partial": "<what is missing>"}`, the mark of
//! a recording that is not whole. Nothing else is accepted. This room knows nothing of phases and speed-ups; `plan`
//! replays.

mod seam;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::number::number;

/// Longest line accepted: hundreds of times what an event takes, and little enough to hold.
const MAX_LINE_BYTES: usize = 64 * 1024;
/// Most events of a trace: 480 MB of them at 24 B each.
pub(super) const MAX_EVENTS: usize = 20_000_000;
/// Largest payload: beyond any live event, and small enough for a simulated one.
pub(super) const MAX_PAYLOAD_BYTES: u64 = 16 * 1024 * 1024;
/// Longest key.
const MAX_KEY_BYTES: usize = 256;
/// Latest time: some 30 years, exact to the nanosecond or nearly so.
const MAX_AT_MS: f64 = 1e12;

/// A recorded stream of events, sorted by time.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    name: String,
    partial: Option<String>,
    events: Vec<TraceEvent>,
    cycle: Duration,
}

/// One recorded event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceEvent {
    /// Time since the first event of the trace.
    pub at: Duration,
    /// Payload size, at least 1.
    pub bytes: u32,
    /// Index of its key, in order of first appearance; events without a key share one.
    pub key: u32,
}

/// Why a trace is refused: one line, with file and line number.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The system cannot read it.
    #[error("{file}: cannot be read: {cause}")]
    Unreadable {
        /// Its path.
        file: String,
        /// The system's answer.
        cause: io::Error,
    },
    /// A line is wrong.
    #[error("{file}:{line}: {problem}")]
    Line {
        /// Its path.
        file: String,
        /// Counted from 1.
        line: usize,
        /// The value, and what is allowed.
        problem: String,
    },
    /// The lines do not make a trace.
    #[error("{file}: {problem}")]
    Whole {
        /// Its path.
        file: String,
        /// What there is, and what is allowed.
        problem: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    at_ms: f64,
    bytes: u64,
    key: Option<String>,
}

/// The first line of a trace that is not whole.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    partial: String,
}

impl Trace {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// The first problem found, see [`Trace::read`].
    pub fn load(path: &Path) -> Result<Self, TraceError> {
        let file = path.display().to_string();
        let opened = File::open(path).map_err(|cause| TraceError::Unreadable { file: file.clone(), cause })?;
        Self::read(&file, BufReader::new(opened))
    }

    /// Reads lines from anywhere; `file` is what errors call it.
    ///
    /// # Errors
    ///
    /// The first problem found: no events or all at one time, a byte-order mark, bytes that are not UTF-8, a line that
    /// is longer than 64 KiB, cut off, or not an event, times that are negative, not finite or not sorted, sizes
    /// outside 1 B ..= 16 MiB, more than 20 million events.
    pub fn read(file: &str, mut input: impl BufRead) -> Result<Self, TraceError> {
        let mut reading = Reading::default();
        let mut buffer = Vec::new();
        loop {
            // One buffer for all lines, of which a trace may have millions.
            buffer.clear();
            // One byte more than allowed tells a line that is too long without holding the rest of it.
            let limit = MAX_LINE_BYTES as u64 + 1;
            let read = Read::by_ref(&mut input).take(limit).read_until(b'\n', &mut buffer);
            match read {
                Ok(0) => break,
                Ok(_) => {}
                Err(cause) => return Err(TraceError::Unreadable { file: file.to_owned(), cause }),
            }
            reading.line += 1;
            let line = reading.line;
            if line == 1 && reading.mark(&buffer) {
                continue;
            }
            // What is wrong with the first line may be that the file is none of this kind.
            let is_other = line == 1 && !buffer.windows(5).any(|part| part == b"at_ms");
            let form = if is_other { ": a trace is JSON Lines of {\"at_ms\", \"bytes\", \"key\"}" } else { "" };
            let wrong = |problem| TraceError::Line { file: file.to_owned(), line, problem: format!("{problem}{form}") };
            let event = reading.event(&buffer).map_err(wrong)?;
            reading.events.push(event);
        }
        reading.finish(file)
    }

    /// File name without its folder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the trace says is missing in it; `None` where it is whole as far as it knows.
    #[must_use]
    pub fn partial(&self) -> Option<&str> {
        self.partial.as_deref()
    }

    /// The events, at least two.
    #[must_use]
    pub fn events(&self) -> &[TraceEvent] {
        &self.events
    }

    /// How many keys there are; an event without one counts as a key of its own.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.events.iter().map(|event| event.key).max().map_or(0, |last| last as usize + 1)
    }

    /// Time from the first event to the last.
    #[must_use]
    pub fn span(&self) -> Duration {
        self.events.last().map_or(Duration::ZERO, |event| event.at)
    }

    /// One cycle when the trace is wrapped round: its span, and the pause between its last event and its first.
    ///
    /// The pause is one mean gap, so that wrapping keeps the mean rate. It is longer where a trace begins and ends
    /// busily: no stretch of up to a quarter of the span holds more events across the seam than the busiest one inside.
    #[must_use]
    pub fn cycle(&self) -> Duration {
        self.cycle
    }
}

#[derive(Default)]
struct Reading {
    line: usize,
    partial: Option<String>,
    first_ms: f64,
    last_ms: f64,
    keys: BTreeMap<String, u32>,
    next_key: u32,
    events: Vec<TraceEvent>,
}

impl Reading {
    /// Takes the first line, if it is a mark.
    fn mark(&mut self, bytes: &[u8]) -> bool {
        let text = text_of(bytes, self.line).map_or("", |(text, _)| text);
        // Anything else is judged as an event, whose message says what is wrong with it.
        self.partial = serde_json::from_str(text).ok().map(|mark: Mark| mark.partial);
        self.partial.is_some()
    }

    fn event(&mut self, bytes: &[u8]) -> Result<TraceEvent, String> {
        let (text, ended) = text_of(bytes, self.line)?;
        let line: Line = serde_json::from_str(text).map_err(|error| {
            // A recording that was killed ends in the middle of a line.
            let cut = if ended { "" } else { "the last line is cut off, or " };
            format!("`{}`: {cut}{}", quoted(text), without_line(&error))
        })?;
        if self.events.len() == MAX_EVENTS {
            return Err(format!("too many events: must be at most {MAX_EVENTS}"));
        }
        if !(0.0..=MAX_AT_MS).contains(&line.at_ms) {
            return Err(format!("at_ms = {}: must be 0 ..= {}", number(line.at_ms), number(MAX_AT_MS)));
        }
        if self.events.is_empty() {
            self.first_ms = line.at_ms;
        } else if line.at_ms < self.last_ms {
            let now = number(line.at_ms);
            let last = number(self.last_ms);
            return Err(format!("at_ms = {now}: must be sorted, the line before has {last}"));
        }
        self.last_ms = line.at_ms;
        if !(1..=MAX_PAYLOAD_BYTES).contains(&line.bytes) {
            return Err(format!("bytes = {}: must be 1 ..= {MAX_PAYLOAD_BYTES}", line.bytes));
        }
        let key = self.key(line.key)?;
        // Both casts are exact or saturate: the limits above are far inside.
        let nanos = ((line.at_ms - self.first_ms) * 1e6).round() as u64;
        Ok(TraceEvent { at: Duration::from_nanos(nanos), bytes: line.bytes as u32, key })
    }

    /// An event that does not say what it is about is about nothing else: none that follows makes it old.
    fn key(&mut self, key: Option<String>) -> Result<u32, String> {
        let number = match key {
            None => self.next_key,
            Some(key) if key.len() > MAX_KEY_BYTES => {
                return Err(format!("key of {} bytes: must be at most {MAX_KEY_BYTES}", key.len()));
            }
            Some(key) => *self.keys.entry(key).or_insert(self.next_key),
        };
        // Only an event without a key, or with a new one, uses a number up.
        self.next_key += u32::from(number == self.next_key);
        Ok(number)
    }

    fn finish(self, file: &str) -> Result<Trace, TraceError> {
        let whole = |problem| Err(TraceError::Whole { file: file.to_owned(), problem });
        if self.events.is_empty() {
            return whole("empty: must have at least 2 events");
        }
        if self.events.len() == 1 {
            return whole("only 1 event: must have at least 2, their distance is the cycle");
        }
        // With either separator, because the name goes into documents that must be the same on every system.
        let name = file.rsplit(['/', '\\']).next().unwrap_or(file).to_owned();
        let times: Vec<Duration> = self.events.iter().map(|event| event.at).collect();
        let span = times.last().copied().unwrap_or_default();
        if span.is_zero() {
            return whole("all events at one time: must span more than 0 ms");
        }
        let cycle = span + seam::pause(&times, span);
        Ok(Trace { name, partial: self.partial, events: self.events, cycle })
    }
}

/// The line without its end, and whether it had one.
fn text_of(bytes: &[u8], line: usize) -> Result<(&str, bool), String> {
    // Before the check for UTF-8, since a line that is too long may have been cut inside a character.
    if bytes.len() > MAX_LINE_BYTES {
        return Err(format!("the line is longer than {MAX_LINE_BYTES} bytes"));
    }
    if line == 1 && bytes.starts_with(b"\xEF\xBB\xBF") {
        return Err("begins with a byte-order mark: must be plain UTF-8 without one".to_owned());
    }
    let text = str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        format!("byte 0x{:02X} at column {}: must be UTF-8", bytes[at], at + 1)
    })?;
    let ended = text.strip_suffix('\n');
    let text = ended.map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    if text.trim().is_empty() {
        return Err("an empty line: must be an event".to_owned());
    }
    Ok((text, ended.is_some()))
}

/// The start of a line, fit to be printed.
fn quoted(text: &str) -> String {
    const MOST_CHARS: usize = 60;
    let mut start: String = text.chars().take(MOST_CHARS).map(|c| if c.is_control() { '?' } else { c }).collect();
    if text.chars().nth(MOST_CHARS).is_some() {
        start.push('…');
    }
    start
}

/// Every text is one line to the JSON reader, so its own line number would mislead.
fn without_line(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column", " at column")
}

#[cfg(test)]
mod tests;
