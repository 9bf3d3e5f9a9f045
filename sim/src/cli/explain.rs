//! `check`: what a scenario means, or everything that is wrong with it.

use std::fmt::Write as _;

use super::exit::{Exit, Failure};
use super::options::CheckOptions;
use super::{console, run};
use crate::plan::Plan;
use crate::scenario::{Class, CpuPrices, FaultSettings, NetworkPath, RoundTrip, Scenario};
use crate::summary::load;
use crate::summary::objective::Objective;

/// Columns of a terminal that is as narrow as they are.
const COLUMNS: usize = 80;

/// Prints what it means, or an error a line.
pub(super) fn explain(options: &CheckOptions) -> Result<Exit, Failure> {
    let scenario = match Scenario::review(&options.file) {
        Ok(scenario) => scenario,
        Err(errors) => {
            errors.iter().for_each(|error| console::note(&error.to_string()));
            return Ok(Exit::BadInput);
        }
    };
    console::print(&meaning(&scenario));
    run::warn(&scenario);
    Ok(Exit::AsExpected)
}

fn meaning(scenario: &Scenario) -> String {
    let settings = scenario.settings();
    let mut text = wrapped(&format!("{} · {}", settings.name, settings.question), "") + "\n";
    let listed = |numbers: &mut dyn Iterator<Item = String>| numbers.collect::<Vec<_>>().join(", ");
    let (n, k) = (
        listed(&mut settings.subscribers.iter().map(ToString::to_string)),
        listed(&mut settings.buffers.iter().map(ToString::to_string)),
    );
    let (seconds, drain) = (rounded(scenario.duration().as_secs_f64()), rounded(settings.drain_seconds));
    // Arrivals do not depend on the number of subscribers, and the smallest plan is the quickest to draw.
    let fewest = settings.subscribers.iter().min().copied().unwrap_or(1);
    // A few seeds are enough for means that are only shown, and the command answers at once.
    let arrivals = load::arrivals((0..settings.seeds.min(8)).map(|seed| Plan::draw(scenario, fewest, seed)));
    let (mean, bytes) = (arrivals.mean_per_second, arrivals.mean_payload_bytes);
    let (shown, peak, payload) = (rounded(mean), arrivals.peak_per_second, rounded(bytes));
    let offered = mean * (bytes + Scenario::frame_overhead_bytes());
    let lines = [
        ("runs", format!("{} of {seconds} s, and up to {drain} s for what is under way then", settings.seeds)),
        ("subscribers", n),
        ("buffers", format!("{k} frames, {}", settings.server.policy)),
        ("load", format!("{shown} events/s, {peak} in the busiest second, {payload} B each on the mean")),
        (
            "offered",
            format!(
                "{} B/s to each subscriber{}, with {} B of framing an event",
                rounded(offered),
                if settings.shares.is_empty() { "" } else { " of all tables" },
                rounded(Scenario::frame_overhead_bytes())
            ),
        ),
    ];
    for (name, said) in lines {
        text += &wrapped(&format!("{name:<12}{said}"), "            ");
    }
    for (name, said) in of_server(scenario) {
        text += &wrapped(&format!("{name:<12}{said}"), "            ");
    }
    if !settings.shares.is_empty() {
        let share = |(name, share): (&String, &f64)| format!("{name} {} %", rounded(share * 100.0));
        let shares = listed(&mut settings.shares.iter().map(share));
        text += &wrapped(&format!("{:<12}{shares} of the events", "tables"), "            ");
    }
    if let Some(objective) = Objective::of(scenario) {
        text += &wrapped(&format!("{:<12}{objective}", "objective"), "            ");
    }
    for fault in &settings.faults {
        text += &wrapped(&format!("{:<12}{fault}", "fault"), "            ");
    }
    for (index, class) in settings.classes.iter().enumerate() {
        text += &of_class(scenario, class, index, offered * settings.part_watched(class));
    }
    text
}

/// The server's work, and what its streams ask of clients, each where the scenario says anything of it.
fn of_server(scenario: &Scenario) -> Vec<(&'static str, String)> {
    let settings = scenario.settings();
    let mut lines = Vec::new();
    if let Some(CpuPrices { publish_us, delivery_us, frame_us, connect_us }) = settings.server.cpu {
        let parts = [
            (publish_us, "a publish"),
            (delivery_us, "a write to a subscriber"),
            (frame_us, "each frame in it"),
            (connect_us, "a new connection, beside its first write"),
        ];
        let priced = parts.into_iter().filter(|(price, _)| *price > 0.0);
        let said: Vec<_> = priced.map(|(price, what)| format!("{} µs for {what}", rounded(price))).collect();
        lines.push((
            "cpu",
            if said.is_empty() { "one worker, whose work costs nothing".into() } else { said.join(", ") },
        ));
    }
    if settings.classes.iter().any(|class| class.obeys_retry) {
        let asked = retry(scenario).map(|times| {
            format!("a stream asks its client to wait {times} before it comes back, spread by the id of the subscriber")
        });
        lines.push(("retry", asked.unwrap_or_else(|| "streams have no retry:".to_owned())));
    }
    lines
}

/// The times that the streams ask for, in words; `None` where they ask for none.
fn retry(scenario: &Scenario) -> Option<String> {
    let longest = scenario.settings().server.retry()?.as_secs_f64();
    Some(format!("{} to {} s", rounded(longest / 5.0), rounded(longest)))
}

/// A class: who it is, and what it takes of what it is offered.
fn of_class(scenario: &Scenario, class: &Class, index: usize, offered: f64) -> String {
    let members = |subscribers: &usize| scenario.population(*subscribers)[index].to_string();
    let members: Vec<_> = scenario.settings().subscribers.iter().map(members).collect();
    let drain = scenario.drain(class);
    let taken = drain.mean_bytes_per_second();
    let mut text = String::from("\n");
    // Writing to a String cannot fail.
    let _ = writeln!(text, "class {:?}", class.name);
    let verdict = match offered / taken {
        // Asked first, because the quotient is not a finite number here.
        _ if taken <= 0.0 => "takes nothing: no finite buffer serves it".to_owned(),
        load if load > 1.0 => format!("offered {:.0} % of that: no finite buffer serves it", load * 100.0),
        load => format!("offered {} % of that", rounded(load * 100.0)),
    };
    let part = match drain.reading_part {
        part if part < 1.0 => format!(", reading {:.0} % of the time", part * 100.0),
        _ => String::new(),
    };
    let part = match drain.carrying_part {
        carrying if carrying < 1.0 => format!("{part}, outages {:.0} % of the time", (1.0 - carrying) * 100.0),
        _ => part,
    };
    let amount = if taken.is_finite() { format!("at most {} B/s", rounded(taken)) } else { "any rate".to_owned() };
    let mut lines = vec![("members", members.join(", ")), ("reads", class.reads.to_string())];
    if scenario.settings().asks_for_tables() {
        lines.push(("watches", watched(scenario, class)));
    }
    if let Some(path) = class.path() {
        lines.push(("path", on_the_way(class, &path)));
    }
    if let Some(said) = comes_back(scenario, class) {
        lines.push(("returns", said));
    }
    lines.push(("takes", format!("{amount}{part}; {verdict}")));
    for (name, said) in lines {
        text += &wrapped(&format!("  {name:<10}{said}"), "            ");
    }
    text
}

/// The tables of a class in words, and how it asks for them.
fn watched(scenario: &Scenario, class: &Class) -> String {
    let tables = scenario.settings().watched_by(class).collect::<Vec<_>>().join(", ");
    let how = class.topic.as_ref().map_or_else(|| "by name".to_owned(), |topic| format!("by the pattern {topic}"));
    format!("{tables}, {how}: {:.0} % of the events", scenario.settings().part_watched(class) * 100.0)
}

/// When a member whose stream has ended comes back, in words; `None` where it stays away.
fn comes_back(scenario: &Scenario, class: &Class) -> Option<String> {
    let pause = class.reconnect_after_seconds.map(|seconds| format!("after {} s", rounded(seconds)));
    if class.obeys_retry {
        let pause = pause.unwrap_or_default();
        return Some(match retry(scenario) {
            Some(times) => {
                format!(
                    "after the time that the last retry: it has read asks for, {times}; {pause} where it has read none"
                )
            }
            None => format!("{pause}: it obeys a retry:, and streams have none"),
        });
    }
    let back_within = scenario.settings().faults.iter().filter_map(|fault| match fault {
        FaultSettings::ServerRestarts { back_within_seconds, .. } => Some(*back_within_seconds),
        _ => None,
    });
    let restart = back_within.reduce(f64::max);
    let restart = restart.map(|seconds| format!("after at most {} s in a restart of the server", rounded(seconds)));
    match (pause, restart) {
        (Some(pause), Some(restart)) => Some(format!("{pause}; {restart}")),
        (pause, restart) => pause.or(restart),
    }
}

/// The path of a class in words.
fn on_the_way(class: &Class, path: &NetworkPath) -> String {
    let round_trip = match class.round_trip_ms {
        RoundTrip::Ms(ms) => format!("{} ms there and back", rounded(ms)),
        RoundTrip::Minimum => "the least round trip".to_owned(),
    };
    let buffer =
        if path.tunes_window { "auto".to_owned() } else { format!("{} B", rounded(class.window_bytes as f64)) };
    format!("{path}; {round_trip}; receive buffer {buffer}")
}

/// Three digits, or all of a whole number.
fn rounded(value: f64) -> String {
    let digits = if value.abs() >= 100.0 || value.fract() == 0.0 { 0 } else { 2 };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Lines of a terminal's width; those after the first begin with `indent`.
fn wrapped(text: &str, indent: &str) -> String {
    // Spaces at the beginning are an indent, and `split` would take them for empty words.
    let start = text.len() - text.trim_start().len();
    let mut lines = vec![String::new()];
    let mut first = true;
    for word in text[start..].split(' ') {
        let line = lines.last().map_or(0, |line| line.chars().count());
        if !first && line + 1 + word.chars().count() + start > COLUMNS {
            lines.push(format!("{indent}{word}"));
            continue;
        }
        if let Some(line) = lines.last_mut() {
            if !first {
                line.push(' ');
            }
            line.push_str(word);
        }
        first = false;
    }
    format!("{}{}\n", &text[..start], lines.join("\n"))
}
