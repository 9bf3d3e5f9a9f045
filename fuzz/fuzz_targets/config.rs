//! Configuration files and variables: each is taken or refused in lines, and what is taken is the same when it is shown
//! and read again.
#![no_main]

use std::ffi::OsString;

use hubbub::config::{Effective, ConfigFile};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    // The file, then lines of NAME=VALUE behind a line of dashes.
    let (file, variables) = text.split_once("\n---\n").unwrap_or((&text, ""));
    let pairs = variables.lines().filter_map(|line| line.split_once('='));
    let pairs: Vec<_> = pairs.map(|(name, value)| (OsString::from(name), OsString::from(value))).collect();
    match Effective::load(Some(ConfigFile { name: "file", text: file }), pairs, None) {
        Ok(effective) => {
            let shown = effective.show();
            let again = Effective::load(Some(ConfigFile { name: "shown", text: &shown }), [], None).expect("it was valid");
            let mut wanted = effective.config;
            wanted.server.publish_token = None;
            assert_eq!(again.config, wanted, "{shown}");
        }
        Err(refusals) => {
            assert!(!refusals.is_empty());
            for line in refusals.iter().map(ToString::to_string) {
                assert!(!line.contains(['\n', '\r']), "{line:?}");
            }
        }
    }
});
