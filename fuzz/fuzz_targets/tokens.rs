//! Files with keys, and tokens: nothing that is not signed is allowed anything, and every refusal is one line without a
//! part of what it refuses.
#![no_main]

use std::time::Duration;

use hubbub::tokens::{TokenKeys, Tokens};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    // The file, then a token behind a line of dashes.
    let place = input.windows(5).position(|window| window == b"\n---\n");
    let (file, token) = place.map_or((input, &b""[..]), |place| (&input[..place], &input[place + 5..]));
    let token = String::from_utf8_lossy(token);
    match TokenKeys::read(file) {
        Ok(keys) => {
            assert!((1..=16).contains(&keys.count()));
            assert!(keys.ignored().iter().all(|line| !line.contains('\n')));
            let tokens = Tokens::new(keys, None);
            if let Ok(grant) = tokens.check(&token, Duration::from_secs(1_764_000_000)) {
                // A signature that a fuzzer finds is that of a secret it has chosen.
                assert!(grant.expires_at > Duration::from_secs(1_764_000_000) && !file.starts_with(b"-----BEGIN"));
            }
        }
        Err(why) => assert!(!why.to_string().contains('\n'), "{why}"),
    }
});
