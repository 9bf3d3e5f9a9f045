//! Marks that take more than a line to find.

use super::{Mark, Marks};
use crate::specified::run::Run;

impl Run<'_> {
    /// Everything that the run has reached.
    pub(in crate::specified) fn marks(&self) -> Marks {
        let mut marks = self.marks;
        self.connections.iter().for_each(|connection| marks.extend(connection.mailbox.marks()));
        marks
    }

    /// A stream begins, and its client has that cursor.
    pub(in crate::specified) fn mark_cursor(&mut self, cursor: Option<(usize, u64)>) {
        let Some((process, sequence)) = cursor else { return };
        let kept_from = self.history.kept_from(&self.memory);
        let last = self.memory.last_sequence();
        if process == self.process {
            let from = sequence + 1;
            self.marks.add_if(kept_from > 1 && from == kept_from && from <= last, Mark::CursorAtTheOldestKept);
            self.marks.add_if(from + 1 == kept_from, Mark::CursorOneTooOld);
            self.marks.add_if(from > last, Mark::CursorAtTheEnd);
        } else {
            self.marks.add_if(last == 0, Mark::NothingSinceTheRestart);
            self.marks.add_if(process + 2 <= self.process, Mark::CursorTwoProcessesOld);
        }
    }

    /// The server's process is about to end.
    pub(in crate::specified) fn mark_end_of_process(&mut self) {
        for connection in self.connections.iter().filter(|connection| !connection.is_closed) {
            self.marks.add_if(connection.mailbox.is_replaying(), Mark::ProcessEndsDuringAReplay);
            self.marks.add_if(connection.id.0 == 0, Mark::ProcessEndsBeforeARequest);
        }
    }

    /// What else happens at the exact time `first` of what is due next, which is an arrival.
    pub(in crate::specified) fn mark_ties(&mut self, first: u64, others: [(Option<u64>, Mark); 3]) {
        others.into_iter().for_each(|(at, mark)| self.marks.add_if(at == Some(first), mark));
    }
}
