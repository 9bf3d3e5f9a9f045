//! A stream from its beginning to its end: what is flushed, what its client reads, and what goes with it.

use super::{Ledger, Stream};

impl Ledger<'_> {
    pub(super) fn subscribed(&mut self, connection: u64) -> Result<(), String> {
        ensure!(matches!(self.stream, Stream::None | Stream::Ended), "a stream begins before the last has ended");
        ensure!(connection == self.connection + 1, "connection {connection} follows {}", self.connection);
        self.connection = connection;
        self.stream = Stream::Open;
        // What the last stream had under way is not read any more.
        self.on_the_way.clear();
        self.cut_short.clear();
        self.last_offered = None;
        self.read_before_its_flush = false;
        self.parked = 0;
        self.is_behind = false;
        Ok(())
    }

    /// Delivered are exactly those offered and not lost, in their order.
    pub(super) fn flushed(&mut self, sequence: u64) -> Result<(), String> {
        ensure!(self.stream == Stream::Open, "event {sequence} is delivered to a stream that is not open");
        let oldest =
            self.outstanding.pop_front().ok_or_else(|| format!("event {sequence} is delivered, and none waits"))?;
        // Frames leave the history in order, so no more are parked than are outstanding.
        self.parked = self.parked.min(self.outstanding.len());
        ensure!(oldest == sequence, "event {sequence} is delivered, and event {oldest} is older and waits");
        if !std::mem::take(&mut self.read_before_its_flush) {
            self.on_the_way.push_back(sequence);
        }
        self.sums.delivered += 1;
        Ok(())
    }

    /// Read are those delivered, in their order; the last of them perhaps a moment before the end of its chunk.
    pub(super) fn received(&mut self, sequence: u64) -> Result<(), String> {
        self.sums.received += 1;
        if let Some(next) = self.on_the_way.pop_front() {
            ensure!(next == sequence, "event {sequence} is read, and the next to be read was event {next}");
            return Ok(());
        }
        // In flight when the stream ended: the server counts it as lost, and its client reads it all the same.
        if self.cut_short.pop_front_if(|next| *next == sequence).is_some() {
            self.sums.read_and_lost += 1;
            return Ok(());
        }
        let in_flight = self.outstanding.front();
        ensure!(
            in_flight == Some(&sequence) && !self.read_before_its_flush,
            "event {sequence} is read, and was not sent"
        );
        self.read_before_its_flush = true;
        Ok(())
    }

    pub(super) fn ended(&mut self, client_gone: u64, evicted: u64) -> Result<(), String> {
        ensure!(matches!(self.stream, Stream::Open | Stream::CutOff), "a stream ends that has not begun");
        ensure!(
            client_gone == 0 || evicted == 0,
            "{client_gone} frames are lost as client_gone and {evicted} as evicted, by one end"
        );
        ensure!(
            self.stream == Stream::Open || client_gone == 0,
            "the subscriber was cut off, and frames are lost as client_gone"
        );
        let lost = usize::try_from(client_gone + evicted).unwrap_or(usize::MAX);
        ensure!(
            lost == self.outstanding.len(),
            "{lost} frames are lost with the stream, and {} were outstanding",
            self.outstanding.len()
        );
        let read = usize::from(self.read_before_its_flush);
        // Those that share a write with the one in flight may be on their way, too, although they hold their slots.
        let written = self.frames_per_write;
        // The first of them may have been read already, before its flush was seen.
        self.cut_short = self.outstanding.drain(..).take(written).skip(read).collect();
        self.sums.dropped.client_gone += client_gone;
        self.sums.dropped.evicted += evicted;
        self.sums.read_and_lost += u64::from(self.read_before_its_flush);
        self.stream = Stream::Ended;
        Ok(())
    }
}
