use std::io::{self, BufReader, Read};

use super::*;
use crate::scenario::busiest;

const GOOD: &str = r#"{"at_ms":5,"bytes":10,"key":"a"}
{"at_ms":6.5,"bytes":20}
{"at_ms":6.5,"bytes":1,"key":"a"}
"#;

fn refusal(input: &[u8]) -> String {
    match Trace::read("t.jsonl", input) {
        Ok(trace) => panic!("accepted {} events", trace.events().len()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_trace_counts_from_its_first_event_and_numbers_its_keys() {
    let trace = Trace::read("some/folder/t.jsonl", GOOD.as_bytes()).unwrap();
    let event = |micros, bytes, key| TraceEvent { at: Duration::from_micros(micros), bytes, key };
    assert_eq!(trace.events(), [event(0, 10, 0), event(1500, 20, 1), event(1500, 1, 0)]);
    assert_eq!(trace.name(), "t.jsonl");
    assert_eq!(trace.cycle(), Duration::from_micros(1500 + 750), "the span and one mean gap");
}

#[test]
fn line_ends_may_be_crlf_and_the_last_may_be_missing() {
    let good = Trace::read("t.jsonl", GOOD.as_bytes()).unwrap();
    assert_eq!(Trace::read("t.jsonl", GOOD.replace('\n', "\r\n").as_bytes()).unwrap(), good);
    assert_eq!(Trace::read("t.jsonl", GOOD.trim_end().as_bytes()).unwrap(), good);
}

#[test]
fn each_bad_trace_gets_one_line_that_says_where_and_what() {
    let cases: [(&[u8], &str); 18] = [
        (b"", "t.jsonl: empty: must have at least 2 events"),
        (b"{\"at_ms\":0,\"bytes\":1}\n", "t.jsonl: only 1 event: must have at least 2, their distance is the cycle"),
        (b"{\"at_ms\":3,\"bytes\":1}\n{\"at_ms\":3,\"bytes\":1}\n", "t.jsonl: all events at one time"),
        (
            b"{\"at_ms\":3,\"bytes\":1}\n{\"at_ms\":2,\"bytes\":1}\n",
            "t.jsonl:2: at_ms = 2: must be sorted, the line before has 3",
        ),
        (b"{\"at_ms\":-1,\"bytes\":1}\n", "t.jsonl:1: at_ms = -1: must be 0 ..= "),
        (b"{\"at_ms\":1e999,\"bytes\":1}\n", "t.jsonl:1: `{\"at_ms\":1e999,\"bytes\":1}`: number out of range"),
        (b"{\"at_ms\":1e300,\"bytes\":1}\n", "t.jsonl:1: at_ms = 1e300: must be 0 ..= 1000000000000"),
        (b"{\"at_ms\":NaN,\"bytes\":1}\n", "t.jsonl:1: `{\"at_ms\":NaN,\"bytes\":1}`: expected value at column 10"),
        (b"{\"at_ms\":0,\"bytes\":0}\n", "t.jsonl:1: bytes = 0: must be 1 ..= 16777216"),
        (b"{\"at_ms\":0,\"bytes\":-5}\n", "t.jsonl:1: `{\"at_ms\":0,\"bytes\":-5}`: invalid value: integer `-5`"),
        (b"{\"at_ms\":0,\"bytes\":99999999}\n", "t.jsonl:1: bytes = 99999999: must be 1 ..= 16777216"),
        (b"{\"at_ms\":0}\n", "t.jsonl:1: `{\"at_ms\":0}`: missing field `bytes`"),
        (
            b"{\"at_ms\":0,\"bytes\":1,\"size\":2}\n",
            "t.jsonl:1: `{\"at_ms\":0,\"bytes\":1,\"size\":2}`: unknown field `size`",
        ),
        (
            b"{\"at_ms\":0,\"bytes\":1}\n{\"at_ms\":1,\"by",
            "t.jsonl:2: `{\"at_ms\":1,\"by`: the last line is cut off, or EOF",
        ),
        (b"\xEF\xBB\xBF{\"at_ms\":0,\"bytes\":1}\n", "t.jsonl:1: begins with a byte-order mark"),
        (b"{\"at_ms\":0,\"bytes\":1,\"key\":\"\xFF\"}\n", "t.jsonl:1: byte 0xFF at column 29: must be UTF-8"),
        (b"{\"at_ms\":0,\"bytes\":1}\n\n", "t.jsonl:2: an empty line: must be an event"),
        (b"\x00\x01\n", "t.jsonl:1: `??`: expected value"),
    ];
    for (input, expected) in cases {
        let message = refusal(input);
        assert!(message.starts_with(expected), "{message:?} does not start with {expected:?}");
        assert_eq!(message.lines().count(), 1, "{message:?}");
    }
}

#[test]
fn a_huge_line_is_refused_without_reading_it() {
    let mut endless = BufReader::with_capacity(4096, io::repeat(b' ').take(100_000_000));
    let error = Trace::read("t.jsonl", &mut endless).unwrap_err();
    let expected =
        "t.jsonl:1: the line is longer than 65536 bytes: a trace is JSON Lines of {\"at_ms\", \"bytes\", \"key\"}";
    assert_eq!(error.to_string(), expected);
    let left = endless.into_inner().limit();
    assert!(left > 99_900_000, "{left} bytes are left unread");
}

#[test]
fn a_trace_that_is_not_whole_says_so_in_its_first_line_and_nowhere_else() {
    let whole = Trace::read("t.jsonl", GOOD.as_bytes()).unwrap();
    let mark = "{\"partial\": \"heard 1.2 s of 8 s\"}   \r\n";
    let partial = Trace::read("t.jsonl", format!("{mark}{GOOD}").as_bytes()).unwrap();
    assert_eq!(whole.partial(), None);
    assert_eq!(partial.partial(), Some("heard 1.2 s of 8 s"));
    assert_eq!(whole.events(), partial.events());
    let elsewhere = refusal(format!("{GOOD}{mark}").as_bytes());
    assert!(elsewhere.starts_with("t.jsonl:4: `{\"partial\": \"heard"), "{elsewhere}");
    assert!(refusal(mark.as_bytes()).starts_with("t.jsonl: empty: must have at least 2 events"));
}

/// A trace of events at these milliseconds.
fn at_ms(times: impl IntoIterator<Item = u64>) -> Trace {
    let lines: String = times.into_iter().map(|at| format!("{{\"at_ms\":{at},\"bytes\":1}}\n")).collect();
    Trace::read("t.jsonl", lines.as_bytes()).unwrap()
}

/// Most events in a stretch of that many milliseconds, of the trace alone and wrapped round.
fn most_in(trace: &Trace, millis: u64) -> [u64; 2] {
    let once: Vec<Duration> = trace.events().iter().map(|event| event.at).collect();
    let twice: Vec<Duration> = once.iter().copied().chain(once.iter().map(|at| *at + trace.cycle())).collect();
    [once, twice].map(|times| busiest(&times, Duration::from_millis(millis)))
}

#[test]
fn a_trace_that_begins_and_ends_with_a_burst_has_no_burst_of_both_at_its_seam() {
    let trace = at_ms((0..100).chain(60_000..60_100));
    for millis in [1, 50, 100, 1000, 5000, 15_000] {
        let [once, wrapped] = most_in(&trace, millis);
        assert_eq!(wrapped, once, "in {millis} ms");
    }
    assert!(trace.cycle() < trace.span() * 2, "{:?}", trace.cycle());
}

#[test]
fn equal_gaps_stay_equal_over_the_seam() {
    let trace = at_ms((0..1000).map(|index| index * 20));
    assert_eq!(trace.cycle() - trace.span(), Duration::from_millis(20));
}

proptest::proptest! {
    #[test]
    fn no_stretch_across_the_seam_is_busier_than_the_busiest_of_the_trace(
        gaps in proptest::collection::vec(proptest::prop_oneof![4 => 0u64..30, 1 => 0u64..3000], 1..200),
    ) {
        let mut at = 1;
        let trace = at_ms([0, 1].into_iter().chain(gaps.iter().map(|gap| { at += gap; at })));
        for part in [4, 16, 256, 4096] {
            let millis = trace.span() / part;
            let once: Vec<Duration> = trace.events().iter().map(|event| event.at).collect();
            let twice: Vec<Duration> = once.iter().copied().chain(once.iter().map(|at| *at + trace.cycle())).collect();
            proptest::prop_assert_eq!(busiest(&twice, millis), busiest(&once, millis));
        }
        proptest::prop_assert!(trace.cycle() > trace.span() && trace.cycle() <= trace.span() * 2);
    }
}
