//! Recorded links, as Mahimahi writes them: one time in whole milliseconds a line, each a chance to send 1,500 bytes.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::tcp::Recording;

/// Largest file: ten million opportunities have room in it.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// Reads a file. What is wrong with it is one line.
pub(super) fn load(path: &Path) -> Result<Recording, String> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text));
    read.map_err(|why| format!("cannot be read: {why}"))?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(format!("larger than the {MAX_FILE_BYTES} bytes that a recorded link may have"));
    }
    parse(&text)
}

/// Reads the text of a file. Empty lines are passed over.
pub(super) fn parse(text: &str) -> Result<Recording, String> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let times = lines.map(|(number, line)| {
        let allowed = "must be a time in whole milliseconds, as Mahimahi writes it";
        // Cut, so that a line of another kind of file does not fill the terminal.
        let shown: String = line.trim().chars().filter(|c| !c.is_control()).take(20).collect();
        line.trim().parse::<u64>().map_err(|_| format!("line {number}, {shown:?}: {allowed}"))
    });
    let times: Vec<u64> = times.collect::<Result<_, _>>()?;
    Recording::new(&times).map_err(|why| why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_link_is_a_time_a_line() {
        assert_eq!(parse("0\n5\n\n 5 \r\n12\n").unwrap(), Recording::new(&[0, 5, 5, 12]).unwrap());
    }

    #[test]
    fn a_file_that_is_no_recorded_link_is_refused_in_one_line() {
        let refused = |text: &str| parse(text).unwrap_err();
        assert_eq!(refused("1\n2.5\n"), "line 2, \"2.5\": must be a time in whole milliseconds, as Mahimahi writes it");
        assert!(refused("-1\n").starts_with("line 1, \"-1\": must be a time"));
        assert!(refused("").contains("no delivery opportunity"));
        assert!(refused("0\n0\n").contains("of zero length"));
        assert!(refused("3\n1\n").contains("time 1 ms comes after a later one"));
    }
}
