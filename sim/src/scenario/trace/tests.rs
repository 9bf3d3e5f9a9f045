use std::io::{self, BufReader, Read};

use super::*;

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
        (b"{\"at_ms\":1e300,\"bytes\":1}\n", "t.jsonl:1: at_ms = 1000000"),
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
    assert_eq!(error.to_string(), "t.jsonl:1: the line is longer than 65536 bytes");
    let left = endless.into_inner().limit();
    assert!(left > 99_900_000, "{left} bytes are left unread");
}

#[test]
fn a_trace_that_is_not_whole_says_so_in_its_first_line_and_nowhere_else() {
    let whole = Trace::read("t.jsonl", GOOD.as_bytes()).unwrap();
    let mark = "{\"partial\": \"heard 1.2 s of 8 s\"}   \r\n";
    let partial = Trace::read("t.jsonl", format!("{mark}{GOOD}").as_bytes()).unwrap();
    assert_eq!((whole.partial(), partial.partial()), (None, Some("heard 1.2 s of 8 s")));
    assert_eq!(whole.events(), partial.events());
    let elsewhere = refusal(format!("{GOOD}{mark}").as_bytes());
    assert!(elsewhere.starts_with("t.jsonl:4: `{\"partial\": \"heard"), "{elsewhere}");
    assert!(refusal(mark.as_bytes()).starts_with("t.jsonl: empty: must have at least 2 events"));
}
