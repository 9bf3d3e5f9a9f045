//! A trace that is written while it is recorded: whatever happens then, what has been received is in its file.
//!
//! The file begins with the mark of a partial trace, in a line that is wide enough for any text. At the end the mark is
//! taken off, or says what is missing.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::exit::Failure;
use crate::real::Captured;

/// Bytes of the first line while the recording goes on.
const MARK_BYTES: usize = 4096;

/// What the mark says in a file whose recording did not come to its end.
const CUT_OFF: &str = "the recording was cut off before its end";

/// What it says in a whole one that could not be written again without the mark.
const NOT_TAKEN_OFF: &str = "nothing is missing, but this line could not be taken off";

pub(super) struct Recording {
    path: PathBuf,
    file: File,
    /// Lines that are not in the file yet.
    pending: Vec<u8>,
    pending_events: u64,
    /// Bytes of whole lines in the file.
    written: u64,
    /// Events in the file.
    pub(super) events: u64,
    /// Bytes of data of all events that came.
    pub(super) bytes: u64,
    /// Events that came without data: a trace has none of 0 bytes.
    pub(super) empty: u64,
    /// Why nothing more could be written.
    pub(super) failed: Option<io::Error>,
}

impl Recording {
    /// Makes the file, which must not be there.
    pub(super) fn begin(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let refused = |why: io::Error| match why.kind() {
            io::ErrorKind::AlreadyExists => {
                Failure::input(format!("--out: {name}: is there already and stays as it is: name another file"))
            }
            _ => Failure::input(format!("--out: {name}: cannot be written to: {why}")),
        };
        // `create_new` looks and makes the file in one step: nothing can be put in its place in between.
        let mut file = OpenOptions::new().read(true).write(true).create_new(true).open(path).map_err(refused)?;
        if let Err(why) = file.write_all(&wide_mark(CUT_OFF)) {
            // Left behind, the file would make the next attempt fail, which must not find one.
            let _ = fs::remove_file(path);
            return Err(refused(why));
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            pending: Vec::new(),
            pending_events: 0,
            written: MARK_BYTES as u64,
            events: 0,
            bytes: 0,
            empty: 0,
            failed: None,
        })
    }

    pub(super) fn push(&mut self, event: Captured) {
        let at_ms = event.at.as_nanos() as f64 / 1e6;
        self.bytes += event.bytes;
        self.empty += u64::from(event.bytes == 0);
        // A Vec takes all that is written to it.
        // An event has at least 1 byte in a trace. How many had none is told at the end.
        let _ = writeln!(self.pending, "{{\"at_ms\": {at_ms:.3}, \"bytes\": {}}}", event.bytes.max(1));
        self.pending_events += 1;
    }

    /// Writes what has come; `false` where nothing more can be written.
    pub(super) fn flush(&mut self) -> bool {
        if self.failed.is_none() && !self.pending.is_empty() {
            match self.file.write_all(&self.pending) {
                Ok(()) => {
                    self.written += self.pending.len() as u64;
                    self.events += std::mem::take(&mut self.pending_events);
                    self.pending.clear();
                }
                Err(why) => {
                    self.failed = Some(why);
                    self.keep_whole_lines();
                }
            }
        }
        self.failed.is_none()
    }

    /// Some of the last lines may be in the file: those that are whole stay.
    fn keep_whole_lines(&mut self) {
        let there = self.file.metadata().map_or(self.written, |file| file.len());
        let there = usize::try_from(there.saturating_sub(self.written)).unwrap_or(0).min(self.pending.len());
        let whole = self.pending[..there].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let events = self.pending[..whole].iter().filter(|byte| **byte == b'\n').count() as u64;
        self.events += events;
        self.pending_events -= events;
        self.written += whole as u64;
        // If this fails as well, a cut line stays at the end of a file that is marked as partial.
        let _ = self.file.set_len(self.written);
    }

    /// Events that came and are not in the file.
    pub(super) fn unwritten(&self) -> u64 {
        self.pending_events
    }

    /// Removes the file: nothing came.
    pub(super) fn discard(self) {
        // A file that stays after all says of itself that it was cut off.
        let _ = fs::remove_file(&self.path);
    }

    /// Marks the file as partial, or takes the mark off. Where there is no room for that beside it, it is done in place.
    pub(super) fn finish(mut self, partial: Option<&str>) -> io::Result<()> {
        let beside = PathBuf::from(format!("{}.tmp", self.path.display()));
        // After a failed write there is most likely no room for a second copy either.
        if self.failed.is_none()
            && let Ok(file) = File::create_new(&beside)
        {
            if self.rewrite(file, partial).and_then(|()| fs::rename(&beside, &self.path)).is_ok() {
                return Ok(());
            }
            let _ = fs::remove_file(&beside);
        }
        // In place, over the wide line that the file begins with: that takes no room on the disk.
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&wide_mark(partial.unwrap_or(NOT_TAKEN_OFF)))
    }

    fn rewrite(&mut self, file: File, partial: Option<&str>) -> io::Result<()> {
        let mut whole = io::BufWriter::new(file);
        if let Some(text) = partial {
            writeln!(whole, "{}", mark(text))?;
        }
        self.file.seek(SeekFrom::Start(MARK_BYTES as u64))?;
        io::copy(&mut self.file, &mut whole)?;
        // Dropped without it, the buffer would swallow the error of its last write.
        whole.flush()
    }
}

fn mark(text: &str) -> String {
    serde_json::json!({ "partial": text }).to_string()
}

/// The mark in a line of [`MARK_BYTES`].
fn wide_mark(text: &str) -> Vec<u8> {
    // No character takes more than six bytes in JSON.
    let text: String = text.chars().take(MARK_BYTES / 6 - 4).collect();
    let mut line = mark(&text).into_bytes();
    line.resize(MARK_BYTES - 1, b' ');
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wide_mark_is_as_wide_whatever_it_says() {
        for text in ["", CUT_OFF, NOT_TAKEN_OFF, &"\u{1}".repeat(2000), &"ä".repeat(2000)] {
            let line = wide_mark(text);
            assert_eq!((line.len(), line.last()), (MARK_BYTES, Some(&b'\n')));
            let read: serde_json::Value = serde_json::from_slice(&line).unwrap();
            assert!(text.starts_with(read["partial"].as_str().unwrap()));
        }
    }
}
