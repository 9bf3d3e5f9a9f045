//! `record`: a live stream's arrivals as a trace.

use std::time::Duration;

use super::exit::{Exit, Failure};
use super::options::RecordOptions;
use super::recording::Recording;
use super::typed::typed;
use super::{console, interrupt, progress};
use crate::real::{self, Capture, Captured, Listener, Listening, ListeningEnd, Missing};
use crate::runs::Progress;
use crate::scenario::Trace;

/// Listens, and keeps what came however it ends.
pub(super) fn run(options: &RecordOptions) -> Result<Exit, Failure> {
    let listening = options.listening()?;
    let mut writing = Writing { recording: Recording::begin(&options.out)?, bars: progress::Bars::new(), seconds: 0 };
    interrupt::catch();
    writing.bars.begin("record", listening.lasts.as_secs());
    let heard = real::capture(&listening, &mut writing);
    writing.bars.end();
    // The file changes once more: another Ctrl-C waits for that.
    interrupt::catch();
    let Writing { mut recording, .. } = writing;
    // What came since the last look at the clock is still in memory.
    recording.flush();
    match heard {
        // Events that could not be written count as well: they came, and the mark says that they are lost.
        Ok(heard) if recording.events + recording.unwritten() > 0 => keep(options, recording, &heard),
        Ok(heard) => {
            recording.discard();
            nothing(&listening, &heard)
        }
        Err(why) => {
            recording.discard();
            if interrupt::was_caught() { Ok(Exit::Interrupted) } else { Err(why.into()) }
        }
    }
}

/// Writes down what comes.
struct Writing {
    recording: Recording,
    bars: progress::Bars,
    seconds: u64,
}

impl Listener for Writing {
    fn event(&mut self, event: Captured) {
        self.recording.push(event);
    }

    fn goes_on(&mut self, at: Duration) -> bool {
        self.bars.advance(at.as_secs().saturating_sub(self.seconds));
        self.seconds = at.as_secs();
        // Written at every look, so that a recording that is killed lacks less than a second.
        self.recording.flush() && !interrupt::was_caught()
    }
}

fn keep(options: &RecordOptions, recording: Recording, heard: &Capture) -> Result<Exit, Failure> {
    let out = options.out.display();
    let partial = partial(options, &recording, heard);
    let summary = summary(&recording, heard);
    let finished = recording.finish(partial.as_deref());
    finished.map_err(|why| Failure::input(format!("{out}: its first line cannot be written: {why}")))?;
    // Read back as a sweep would read it: a file may be whole and still not be a trace that can be played.
    let refused = Trace::load(&options.out).err();
    match &refused {
        None => {
            console::print(&format!("{summary}: cargo sim sweep --trace {} --scenario YOURS\n", typed(&options.out)))
        }
        Some(_) => console::print(&format!("{summary}: kept in {out}\n")),
    }
    if let Some(missing) = &partial {
        console::complain(&format!("{out} is partial: {missing}"));
    }
    if let Some(why) = &refused {
        console::complain(&format!("cargo sim sweep does not take it: {why}"));
    }
    Ok(match (interrupt::was_caught(), partial, refused) {
        // Ctrl-C first: what somebody stops early is partial as well, but on purpose.
        (true, ..) => Exit::Interrupted,
        (false, None, None) => Exit::AsExpected,
        (false, ..) => Exit::Violated,
    })
}

fn nothing(listening: &Listening, heard: &Capture) -> Result<Exit, Failure> {
    let mut why = format!("{}: no event came within {}", listening.route.url(), seconds(heard.heard_for));
    if heard.unwanted > 0 {
        let names = heard.unwanted_names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        why += &format!(" of these names; {} of others did ({names})", heard.unwanted);
    }
    if let Some(last) = &heard.last_break {
        why += &format!("; the server {last}");
    }
    why += "; nothing is written";
    if interrupt::was_caught() {
        console::complain(&why);
        return Ok(Exit::Interrupted);
    }
    Err(Failure::input(why))
}

/// How much came, and what is to be known of it.
fn summary(recording: &Recording, heard: &Capture) -> String {
    let mut notes = Vec::new();
    if recording.empty > 0 {
        notes.push(format!("{} without data kept as 1 byte", recording.empty));
    }
    if heard.unwanted > 0 {
        notes.push(format!("{} of other names left out", heard.unwanted));
    }
    if heard.was_compressed {
        notes.push("compressed, so an event may be later than without".to_owned());
    }
    if heard.missing.went_back > 0 {
        notes.push(format!("ids went back {}", times(heard.missing.went_back)));
    }
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
    format!("{}, {} of data{notes}", count(recording.events, "event"), count(recording.bytes, "byte"))
}

/// What is missing in one line; `None` where nothing is known to be.
fn partial(options: &RecordOptions, recording: &Recording, heard: &Capture) -> Option<String> {
    let mut parts = Vec::new();
    parts.extend(time(options, heard));
    if let Some(why) = &recording.failed {
        parts.push(format!("no more could be written ({why}), and {} lost", are(recording.unwritten(), "event")));
    }
    parts.extend(by_notices(&heard.missing));
    if heard.missing.skipped > 0 && !options.sparse_ids {
        let skipped = count(heard.missing.skipped, "id");
        parts.push(format!(
            "{skipped} skipped (no loss where other streams share the ids, or where ids are times: --sparse-ids)"
        ));
    }
    if heard.missing.began_anew > 0 {
        parts.push(format!(
            "ids restarted {}, and the last events before that are not known",
            times(heard.missing.began_anew)
        ));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Of the time, where some was not listened to.
fn time(options: &RecordOptions, heard: &Capture) -> Option<String> {
    let is_whole = heard.ended == ListeningEnd::InTime && heard.last_break.is_none();
    if is_whole {
        return None;
    }
    let mut text = format!("heard {} of {}", seconds(heard.heard_for), seconds(*options.lasts));
    if heard.reconnections > 0 {
        let holes = if heard.reconnections == 1 { "a hole" } else { "holes" };
        text += &format!(", reconnected {} after {holes} of {}", times(heard.reconnections), seconds(heard.holes));
    }
    if let Some(why) = &heard.last_break {
        text += &format!(", as the server {why}");
    }
    if interrupt::was_caught() {
        text += ", interrupted";
    }
    Some(text)
}

/// Of the events, by what the server says.
fn by_notices(missing: &Missing) -> Option<String> {
    if missing.notices == 0 {
        return None;
    }
    let reasons = missing.reasons.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let notices = count(missing.notices, "gap notice");
    let without = missing.uncounted;
    let by = format!("missing by {notices} ({reasons})");
    let uncounted = missing
        .at_most
        .map_or("an unknown number of events".to_owned(), |most| format!("at most {}", count(most, "event")));
    Some(match (missing.counted, without) {
        (counted, 0) => format!("{} {by}", count(counted, "event")),
        (0, _) => format!("{uncounted} {by}"),
        (counted, _) => {
            format!("{} {by}, and {uncounted} by {without} of them without a count", count(counted, "event"))
        }
    })
}

fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn are(number: u64, what: &str) -> String {
    format!("{} {}", count(number, what), if number == 1 { "is" } else { "are" })
}

fn times(number: u64) -> String {
    match number {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{more} times"),
    }
}

/// To a tenth of a second where that says something.
fn seconds(time: Duration) -> String {
    if time >= Duration::from_secs(100) {
        return humantime::format_duration(Duration::from_secs(time.as_secs())).to_string();
    }
    let text = format!("{:.1}", time.as_secs_f64());
    format!("{} s", text.strip_suffix(".0").unwrap_or(&text))
}
