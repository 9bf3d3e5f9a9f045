//! Queries of a stream: each is answered with a stream or refused in one line, and opens nothing that outlives it.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    // What cannot be in a request line would only test the parser of HTTP, which has a target of its own.
    let has_no_place = |byte: u8| !byte.is_ascii_graphic() || matches!(byte, b'"' | b'#' | b'<' | b'>');
    let query: Vec<u8> = input.iter().copied().filter(|byte| !has_no_place(*byte)).collect();
    for path in ["/v1/stream/sse?", "/debug/subscribers?"] {
        let request = [b"GET ", path.as_bytes(), &query, b" HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n\r\n"].concat();
        let answer = hubbub_fuzz::exchange(&request, &hubbub_fuzz::hub());
        let answer = String::from_utf8(answer).expect("text");
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let is_stream = answer.starts_with("HTTP/1.1 200 ") && answer.contains("text/event-stream");
        let is_list = answer.starts_with("HTTP/1.1 200 ") && body.starts_with("{\"subscribers\":");
        let is_refusal = answer.starts_with("HTTP/1.1 400 ") && body.starts_with("{\"error\":") && body.lines().count() == 1;
        // hyper itself refuses a head that is too long.
        let is_too_long = answer.starts_with("HTTP/1.1 431 ") || answer.starts_with("HTTP/1.1 414 ");
        assert!(is_stream || is_list || is_refusal || is_too_long, "{answer}");
    }
});
