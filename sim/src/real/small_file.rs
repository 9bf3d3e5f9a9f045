//! Files that a user names and that are small.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Longest of them. A device may have no end.
const MOST_BYTES: u64 = 1 << 20;

/// What is in the file.
///
/// # Errors
/// When it cannot be read, is no UTF-8 or has more than 1 MiB.
pub(crate) fn read_small(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    let bytes = File::open(file)?.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    if bytes as u64 > MOST_BYTES {
        return Err(io::Error::other("it has more than 1 MiB"));
    }
    Ok(text)
}
