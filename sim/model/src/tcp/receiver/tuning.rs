//! How the kernel lets a receive buffer grow: dynamic right-sizing (`tcp_rcv_space_adjust`, `tcp_rcvbuf_grow`).
//!
//! 1. The buffer counts memory. Its window is the share of payload in the largest packet that came lately
//!    (`scaling_ratio`), at first a half less one segment (`tcp_init_buffer_space`).
//! 2. The receiver measures round trips by the timestamps that segments of the usual size echo, and by the time in which a
//!    whole window arrives. A shorter one than the estimate replaces it. A longer echo counts an eighth, unless the
//!    application has something to read (`tcp_rcv_rtt_update`).
//! 3. Once a round trip, after a read, the bytes that were read in it are compared with the most that were read in one so
//!    far. If they are more, the buffer is to hold twice that, and twice the share by which it grew.
//! 4. A segment beyond a hole makes room for twice the most that was read, and for what lies beyond the hole.
//! 5. The buffer never shrinks. 32 MiB of memory is the most (`tcp_rmem`).

use crate::tcp::units::{MICROSECOND, MILLISECOND, MSS};

/// The whole of the share of payload (`TCP_RMEM_TO_WIN_SCALE`).
const WHOLE: u64 = 256;

/// `tcp_rmem`: the memory of a buffer at first, and the most.
const FIRST_MEMORY: u64 = 128 << 10;
const MOST_MEMORY: u64 = 32 << 20;

#[derive(Debug, Clone)]
pub(super) struct Tuning {
    /// Eight times the smoothed round trip, in microseconds; 0 before there is a sample.
    rtt_8: u64,
    last_echo: u64,
    /// The offset at which a whole window has arrived, and since when it is awaited.
    whole_window: Option<(u64, u64)>,
    /// When the present round trip began, and what had been read by then.
    began: u64,
    read_before: u64,
    /// The most bytes that were read in a round trip (`rcvq_space.space`).
    most_read: u64,
    /// The memory of the buffer (`sk_rcvbuf`).
    memory: u64,
    /// The share of payload in the memory of a packet.
    share: u64,
    /// The payload that the buffer is to hold (`window_clamp`).
    space: u64,
}

impl Tuning {
    /// The payload that the buffer holds (`window_clamp`).
    pub(super) fn space(&self) -> u64 {
        self.space
    }

    /// The payload for which there is room beside a packet that the application has not read yet.
    pub(super) fn room_beside(&self, payload: u64) -> u64 {
        self.space.min(self.payload_in(self.memory).saturating_sub(self.taken_by(payload)))
    }

    /// The payload that memory is reckoned to hold (`tcp_win_from_space`).
    fn payload_in(&self, memory: u64) -> u64 {
        memory * self.share / WHOLE
    }

    /// The payload that the memory of a packet would hold.
    pub(super) fn taken_by(&self, payload: u64) -> u64 {
        self.payload_in(packet_memory(payload))
    }

    /// Segments have become larger: so is the share of payload. Returns the space before.
    pub(super) fn measured(&mut self, payload: u64) -> u64 {
        let before = self.space();
        let share = (payload * WHOLE / packet_memory(payload)).max(1);
        if share != self.share {
            self.share = share;
            self.space = self.payload_in(self.memory);
            self.most_read = self.most_read.min(self.space);
        }
        before
    }

    /// A segment has arrived that echoes a timestamp. `is_usual` says that it is as large as the sender's segments are.
    pub(super) fn echoed(&mut self, echo: u64, is_usual: bool, has_unread: bool, now: u64) {
        if echo == 0 || echo / MILLISECOND == self.last_echo {
            return;
        }
        self.last_echo = echo / MILLISECOND;
        // Timestamps are milliseconds.
        let sample = (now / MILLISECOND - self.last_echo) * (MILLISECOND / MICROSECOND);
        if !is_usual || sample == 0 {
            return;
        }
        if self.rtt_8 == 0 || sample * 8 < self.rtt_8 {
            self.rtt_8 = sample * 8;
        } else if !has_unread {
            self.rtt_8 = self.rtt_8 - self.rtt_8 / 8 + sample;
        }
    }

    /// Everything before `next` has arrived, and the window last offered has so many bytes.
    pub(super) fn moved_on(&mut self, next: u64, offered: u64, now: u64) {
        if let Some((end, since)) = self.whole_window {
            if next < end {
                return;
            }
            let sample = ((now - since) / MICROSECOND).max(1);
            if self.rtt_8 == 0 || sample * 8 < self.rtt_8 {
                self.rtt_8 = sample * 8;
            }
        }
        self.whole_window = Some((next + offered, now));
    }

    /// The application has read up to `read`, and has so many bytes left to read.
    pub(super) fn read(&mut self, read: u64, left: u64, now: u64) {
        if self.rtt_8 == 0 || (now - self.began) / MICROSECOND < self.rtt_8 / 8 {
            return;
        }
        let in_round = (read - self.read_before).saturating_sub(left);
        if in_round > self.most_read {
            let before = std::mem::replace(&mut self.most_read, in_round);
            let wanted = 2 * in_round;
            self.make_room(wanted + 2 * (wanted * (in_round - before) / before));
        }
        self.began = now;
        self.read_before = read;
    }

    /// A segment beyond a hole has arrived, and the last byte beyond it is so far away.
    pub(super) fn arrived_beyond(&mut self, distance: u64) {
        self.make_room(2 * self.most_read + distance);
    }

    fn make_room(&mut self, payload: u64) {
        let memory = (payload * WHOLE / self.share).min(MOST_MEMORY);
        if memory > self.memory {
            self.memory = memory;
            self.space = self.payload_in(memory);
        }
    }
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            rtt_8: 0,
            last_echo: 0,
            whole_window: None,
            began: 0,
            read_before: 0,
            // `tcp_init_buffer_space`: the initial window of the sender.
            most_read: 10 * MSS,
            memory: FIRST_MEMORY,
            share: WHOLE / 2,
            space: FIRST_MEMORY / 2 - MSS,
        }
    }
}

/// The memory of a packet that has come out of a device without offloads (`truesize`): the packet with the room for further
/// headers before it and the list of pieces behind it, as a power of two, and a descriptor.
fn packet_memory(payload: u64) -> u64 {
    const HEADERS: u64 = 52;
    const HEADROOM: u64 = 64;
    const LIST_OF_PIECES: u64 = 320;
    const DESCRIPTOR: u64 = 256;
    let packet = (payload + HEADERS + HEADROOM).next_multiple_of(64) + LIST_OF_PIECES;
    packet.next_power_of_two() + DESCRIPTOR
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A buffer that has got full segments, with a round trip of 312 ms by now.
    fn begun() -> Tuning {
        let mut tuning = Tuning::default();
        tuning.measured(MSS);
        tuning.echoed(MILLISECOND, true, false, 313 * MILLISECOND);
        tuning
    }

    #[test]
    fn a_buffer_grows_as_the_kernel_s_did_in_a_trace() {
        // `tcp_rcvbuf_grow` over 300 ms: bytes read in a round trip, and the memory of the buffer from then on.
        let mut tuning = begun();
        let mut read = 0;
        let mut memory = |bytes: u64, at: u64| {
            read += bytes;
            tuning.read(read, 0, at * MILLISECOND);
            tuning.memory
        };
        assert_eq!(memory(9_000, 312), 131_072);
        assert_eq!(memory(27_208, 627), 240_124);
        assert_eq!(memory(47_784, 1_023), 384_182);
        assert_eq!(memory(112_679, 1_685), 1_339_952);
    }

    #[test]
    fn the_share_of_payload_is_that_of_the_kernel_s_packets() {
        // `scaling_ratio` and `rcv_ssthresh` of the same trace: 81,920 B less what a packet of 408 B or of 1,448 B takes.
        let tuning = begun();
        assert_eq!(tuning.share, 160);
        assert_eq!(tuning.space(), 81_920);
        assert_eq!([tuning.room_beside(408), tuning.room_beside(MSS)], [81_120, 80_480]);
    }

    #[test]
    fn a_shorter_round_trip_replaces_the_estimate_and_a_longer_one_counts_an_eighth() {
        let mut tuning = Tuning::default();
        let mut after = |sent: u64, at: u64, has_unread| {
            tuning.echoed(sent * MILLISECOND, true, has_unread, at * MILLISECOND);
            tuning.rtt_8 / 8
        };
        assert_eq!(after(610, 2_166, false), 1_556_000, "a timestamp from before an idle time");
        assert_eq!(after(6_156, 6_471, false), 315_000);
        assert_eq!(after(6_163, 6_494, false), 317_000);
        assert_eq!(after(6_170, 6_700, true), 317_000, "the application was slow, not the path");
    }

    #[test]
    fn a_window_that_arrives_in_less_than_a_round_trip_is_one() {
        let mut tuning = begun();
        tuning.moved_on(0, 64_512, 400 * MILLISECOND);
        tuning.moved_on(60_000, 64_512, 500 * MILLISECOND);
        assert_eq!(tuning.rtt_8 / 8, 312_000);
        tuning.moved_on(64_512, 64_512, 600 * MILLISECOND);
        assert_eq!(tuning.rtt_8 / 8, 200_000);
    }

    #[test]
    fn a_buffer_stays_while_no_more_is_read_in_a_round_trip_and_has_a_largest_size() {
        let mut tuning = begun();
        tuning.read(10 * MSS, 0, 400 * MILLISECOND);
        assert_eq!(tuning.memory, FIRST_MEMORY);
        tuning.read(10 << 20, 0, 800 * MILLISECOND);
        assert_eq!(tuning.memory, MOST_MEMORY);
    }

    #[test]
    fn a_segment_beyond_a_hole_makes_room_for_what_lies_there() {
        let mut tuning = begun();
        tuning.arrived_beyond(100_000);
        assert_eq!(tuning.space(), 2 * 10 * MSS + 100_000);
    }
}
