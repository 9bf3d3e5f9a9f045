//! What a client says after a WebSocket's handshake: raw bytes, or messages of any text. The server answers, goes on or
//! closes, and ends.
#![no_main]

const HANDSHAKE: &[u8] =
    b"GET /v1/stream/ws?table=t HTTP/1.1\r\nhost: hub\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
    sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A masked frame, final, with a mask of zeros: opcode and payload as they are.
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let length = match payload.len() {
        short @ 0..126 => vec![0x80 | short as u8],
        long => [&[0xfe][..], &(long as u16).to_be_bytes()].concat(),
    };
    [&[0x80 | opcode][..], &length, &[0; 4], payload].concat()
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let said = match input.split_first() {
        Some((0, raw)) => raw.to_vec(),
        // A message for each line, of a kind that its first byte names: a text unless it says otherwise.
        Some(_) => input
            .split(|byte| *byte == b'\n')
            .flat_map(|line| match line.split_first() {
                Some((opcode @ 2..16, payload)) => frame(*opcode, payload),
                _ => frame(1, &line[..line.len().min(5000)]),
            })
            .collect(),
        None => Vec::new(),
    };
    let answer = hubbub_fuzz::exchange(&[HANDSHAKE, &said].concat(), &hubbub_fuzz::hub());
    assert!(answer.starts_with(b"HTTP/1.1 101 "), "no handshake: {answer:?}");
});
