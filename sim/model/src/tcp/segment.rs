//! What goes over the line: segments with the acknowledgement that each carries, and the two packets of the handshake.

use super::range::{ByteRange, MOST_SACK_BLOCKS, SackBlocks};

/// What a segment says of the other direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Acknowledgement {
    /// Everything before this offset has arrived in order.
    pub(super) next: u64,
    /// The first offset past the receive window.
    pub(super) window_end: u64,
    /// The timestamp that is echoed: when the segment was sent that moved `next` last, in nanoseconds.
    pub(super) echo: u64,
    /// What has arrived beyond a hole.
    pub(super) sacked: SackBlocks,
    /// Whether the segment that is answered had arrived before: a DSACK (RFC 2883).
    pub(super) is_duplicate: bool,
}

/// A segment: bytes of the stream, or none, and an acknowledgement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Segment {
    pub(super) bytes: ByteRange,
    /// The last offset of `bytes` is the FIN, which takes a place in the sequence and none on the line.
    pub(super) has_fin: bool,
    /// PSH: the segment ends what the application had written at a time.
    pub(super) is_pushed: bool,
    /// The segment repeats an old offset to make the receiver tell its window.
    pub(super) is_window_probe: bool,
    /// The timestamp: when it was sent, in nanoseconds.
    pub(super) sent_at: u64,
    pub(super) acknowledgement: Acknowledgement,
}

/// A packet of one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet {
    Syn { sent_at: u64, window_end: u64 },
    SynAck { sent_at: u64, window_end: u64, echo: u64 },
    Data(Segment),
}

/// The bytes by which options make the header of a SYN longer than that of a segment with timestamps.
const SYN_OPTIONS_BYTES: u64 = 8;

impl Packet {
    /// The bytes that it takes on the line, with headers of `header_bytes`. Without headers options count nothing, either.
    pub(super) fn line_bytes(&self, header_bytes: u64) -> u64 {
        match self {
            Self::Syn { .. } | Self::SynAck { .. } if header_bytes > 0 => header_bytes + SYN_OPTIONS_BYTES,
            Self::Syn { .. } | Self::SynAck { .. } => 0,
            Self::Data(segment) => {
                let payload = segment.bytes.len() - u64::from(segment.has_fin);
                let answer = &segment.acknowledgement;
                let blocks = (answer.sacked.count() + usize::from(answer.is_duplicate)).min(MOST_SACK_BLOCKS);
                let options = if blocks > 0 && header_bytes > 0 { 4 + 8 * blocks as u64 } else { 0 };
                header_bytes + options + payload
            }
        }
    }
}
