//! Request lines, headers and whatever follows, as raw bytes: the server answers in HTTP or closes, and ends.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let answer = hubbub_fuzz::exchange(input, &hubbub_fuzz::hub());
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1."), "no HTTP: {answer:?}");
});
