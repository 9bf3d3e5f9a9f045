//! What an overflow policy needs to mean what its name says, and how a scenario gets it.
//!
//! A policy that cuts clients off is judged by what they miss after they have come back, so they come back; one that
//! sends clients to the history needs one; one that conflates needs keys that repeat. All of it is switched on wherever
//! the policy is run, so that a policy gives the same cell alone and beside others, in either world.

use hubbub::Overflow;

use super::class::EVENT_SOURCE_SECONDS;
use super::error::Wrong;
use super::{Arrivals, Payload, Settings, Trace};

/// Bytes in which every payload of a run has room for its number and its key: `{"n":…,"k":…,"pad":"…"}` with eight
/// digits and seven.
const KEYED_PAYLOAD_BYTES: u64 = 40;

/// What a policy cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Needs {
    /// A history to catch up from.
    history: bool,
    /// Clients that come back after they were cut off.
    coming_back: bool,
    /// Events that are about things, several about each.
    keys: bool,
}

impl Needs {
    fn of(policy: Overflow) -> Self {
        match policy {
            Overflow::DropNewest | Overflow::DropOldest => Self { history: false, coming_back: false, keys: false },
            Overflow::Park => Self { history: true, coming_back: false, keys: false },
            Overflow::Disconnect => Self { history: true, coming_back: true, keys: false },
            // Where no queued event is old, conflation cuts the subscriber off.
            Overflow::Conflate => Self { history: true, coming_back: true, keys: true },
        }
    }
}

/// The settings with what their policy needs; what the file says of it stays as it is.
pub(super) fn met(mut settings: Settings) -> Settings {
    let needs = Needs::of(settings.server.policy);
    if needs.history {
        // Only where it is missing: what the author wrote is meant.
        settings.server.recovery.get_or_insert_default();
    }
    if needs.coming_back {
        for class in &mut settings.classes {
            class.reconnect_after_seconds.get_or_insert(EVENT_SOURCE_SECONDS);
        }
    }
    settings
}

/// Refuses a policy whose needs only the scenario's author can meet.
pub(super) fn check(settings: &Settings, trace: Option<&Trace>) -> Result<(), Wrong> {
    let policy = settings.server.policy;
    if !Needs::of(policy).keys {
        return Ok(());
    }
    let wrong = |field: &str, value: &dyn ToString, allowed: String| Err(Wrong::new(field, value.to_string(), allowed));
    if let (Arrivals::Trace { file, .. }, Some(trace)) = (&settings.arrivals, trace) {
        let allowed = format!("policy {policy} needs a trace in which keys repeat, as in {{\"key\": \"…\"}}");
        // Fewer keys than events: at least one of them comes again.
        return if trace.keys() < trace.events().len() { Ok(()) } else { wrong("arrivals.file", file, allowed) };
    }
    if settings.keys < 2 {
        let allowed = format!("policy {policy} needs events about at least 2 things: set keys");
        return wrong("keys", &settings.keys, allowed);
    }
    let (field, least) = match settings.payload {
        Payload::Fixed { bytes } => ("payload.bytes", bytes),
        Payload::LogNormal { min_bytes, .. } => ("payload.min_bytes", min_bytes),
        // Only with a trace, and the keys of a trace have been looked at above.
        Payload::FromTrace { .. } => return Ok(()),
    };
    if least < KEYED_PAYLOAD_BYTES {
        let allowed = format!("policy {policy} needs room for a key: must be at least {KEYED_PAYLOAD_BYTES}");
        return wrong(field, &least, allowed);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use hubbub::Overflow;

    use crate::scenario::{Overrides, Scenario, Trace};

    const TEXT: &str = r#"
        name = "needs"
        question = "?"
        table = "t"
        duration_seconds = 2
        keys = 20
        arrivals = { kind = "constant", per_second = 10 }
        payload = { kind = "fixed", bytes = 100 }
        [[class]]
        name = "patient"
        share = 0.5
        round_trip_ms = 40
        window_bytes = 65536
        reads = "as-it-arrives"
        reconnect_after_seconds = 7
        [[class]]
        name = "browser"
        share = 0.5
        round_trip_ms = 40
        window_bytes = 65536
        reads = "as-it-arrives"
    "#;

    fn under(text: &str, policy: Overflow) -> Result<Scenario, String> {
        let scenario = Scenario::parse("needs", text).unwrap();
        scenario.under(policy).map_err(|why| why.to_string())
    }

    /// History, and when each class comes back.
    fn has(scenario: &Scenario) -> (bool, [Option<f64>; 2]) {
        let settings = scenario.settings();
        let classes: Vec<_> = settings.classes.iter().map(|class| class.reconnect_after_seconds).collect();
        (settings.server.recovery.is_some(), classes.try_into().unwrap())
    }

    #[test]
    fn every_policy_has_what_it_needs_and_what_the_file_says_stays() {
        let as_it_stands = [Some(7.0), None];
        for (policy, expected) in [
            (Overflow::DropNewest, (false, as_it_stands)),
            (Overflow::DropOldest, (false, as_it_stands)),
            (Overflow::Park, (true, as_it_stands)),
            (Overflow::Disconnect, (true, [Some(7.0), Some(3.0)])),
            (Overflow::Conflate, (true, [Some(7.0), Some(3.0)])),
        ] {
            let scenario = under(TEXT, policy).unwrap();
            assert_eq!(has(&scenario), expected, "{policy}");
            let named = format!("server.policy = \"{policy}\"\n{TEXT}");
            assert_eq!(has(&Scenario::parse("needs", &named).unwrap()), expected, "{policy} in the file");
            let option = Overrides { policy: Some(policy), ..Overrides::default() };
            assert_eq!(
                has(&under(TEXT, Overflow::Park).unwrap().with(option).unwrap()),
                expected,
                "{policy} as an option"
            );
        }
    }

    #[test]
    fn one_policy_leaves_nothing_behind_for_the_next() {
        let parked = under(TEXT, Overflow::Park).unwrap();
        assert_eq!(has(&parked.under(Overflow::DropNewest).unwrap()), (false, [Some(7.0), None]));
    }

    #[test]
    fn conflation_without_keys_or_without_room_for_them_is_refused_in_one_line() {
        let refused = |text: &str| under(text, Overflow::Conflate).unwrap_err();
        let one_thing = refused(&TEXT.replace("keys = 20", ""));
        assert_eq!(
            one_thing,
            "needs under policy conflate: keys = 1: policy conflate needs events about at least 2 things: set keys"
        );
        let short = refused(&TEXT.replace("bytes = 100", "bytes = 39"));
        assert!(
            short.contains("payload.bytes = 39: policy conflate needs room for a key: must be at least 40"),
            "{short}"
        );
        assert!(under(&TEXT.replace("bytes = 100", "bytes = 40"), Overflow::Conflate).is_ok());
    }

    #[test]
    fn conflation_of_a_trace_needs_keys_that_repeat() {
        let replayed = |lines: &[u8]| {
            let trace = Some(Trace::read("t.jsonl", lines).unwrap());
            let overrides = Overrides { trace, policy: Some(Overflow::Conflate), ..Overrides::default() };
            Scenario::parse("needs", TEXT).unwrap().with(overrides).map_err(|why| why.to_string())
        };
        let keyed = br#"{"at_ms":0,"bytes":100,"key":"a"}
{"at_ms":1000,"bytes":100,"key":"b"}
{"at_ms":2000,"bytes":100,"key":"a"}
"#;
        assert!(replayed(keyed).is_ok());
        let once = String::from_utf8(keyed.to_vec())
            .unwrap()
            .replace("\"key\":\"a\"}\n{\"at_ms\":1", "\"key\":\"c\"}\n{\"at_ms\":1");
        let refused = replayed(once.as_bytes()).unwrap_err();
        assert!(refused.contains("policy conflate needs a trace in which keys repeat"), "{refused}");
    }
}
