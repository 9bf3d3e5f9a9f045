//! Splits a WebSocket's bytes into messages: unmasked, as every server sends them, and of one frame or several. Control
//! frames are passed over, also between the frames of a message. It takes slices of any size and keeps no payload.

/// Opcode of a text, in the first byte.
const TEXT: u8 = 1;

/// Opcode of a frame that goes on with the message of the frame before.
const CONTINUATION: u8 = 0;

/// The least opcode of control frames.
const FIRST_CONTROL: u8 = 8;

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A message; `start` is the offset of its first byte.
    Begins { start: u64, is_text: bool },
    /// Some of its payload.
    Part(&'a [u8]),
    /// It is whole; `end` is the offset behind its last byte.
    Ends { end: u64 },
}

#[derive(Debug, Default)]
pub(super) struct Messages {
    part: Part,
    frame: Frame,
}

/// The frame that is being read.
#[derive(Debug, Default, Clone, Copy)]
struct Frame {
    is_control: bool,
    /// Whether its message is whole with it.
    is_last: bool,
}

#[derive(Debug, Default, Clone, Copy)]
enum Part {
    #[default]
    Opcode,
    Length,
    /// Bytes of a longer length that are to come, and its value until now.
    LongLength(u8, u64),
    Payload(u64),
}

impl Messages {
    /// Takes the next bytes and tells `piece` what they are, in order. The first byte is at offset `start`.
    pub(super) fn feed(&mut self, start: u64, mut bytes: &[u8], mut piece: impl FnMut(Piece<'_>)) {
        let mut offset = start;
        while let Some((&byte, rest)) = bytes.split_first() {
            let taken = match self.part {
                Part::Payload(left) => bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX)),
                Part::Opcode | Part::Length | Part::LongLength(..) => 1,
            };
            offset += taken as u64;
            self.part = match self.part {
                Part::Opcode => {
                    let opcode = byte & 0x0f;
                    self.frame = Frame { is_control: opcode >= FIRST_CONTROL, is_last: byte & 0x80 != 0 };
                    if !self.frame.is_control && opcode != CONTINUATION {
                        piece(Piece::Begins { start: offset - 1, is_text: opcode == TEXT });
                    }
                    Part::Length
                }
                // 126 and 127 say that the length follows in two or in eight bytes (RFC 6455, section 5.2).
                Part::Length if byte == 126 => Part::LongLength(2, 0),
                Part::Length if byte == 127 => Part::LongLength(8, 0),
                Part::Length => Part::Payload(u64::from(byte)),
                Part::LongLength(1, length) => Part::Payload(length << 8 | u64::from(byte)),
                Part::LongLength(left, length) => Part::LongLength(left - 1, length << 8 | u64::from(byte)),
                Part::Payload(left) => {
                    if !self.frame.is_control {
                        piece(Piece::Part(&bytes[..taken]));
                    }
                    Part::Payload(left - taken as u64)
                }
            };
            // After every arm and not in the last one: an empty message is whole with its length.
            if matches!(self.part, Part::Payload(0)) {
                if self.frame.is_last && !self.frame.is_control {
                    piece(Piece::Ends { end: offset });
                }
                self.part = Part::Opcode;
            }
            bytes = if taken == 1 { rest } else { &bytes[taken..] };
        }
    }
}

/// A message as a server sends it.
#[cfg(test)]
pub(super) fn message(opcode: u8, text: &str) -> Vec<u8> {
    let mut bytes = vec![0x80 | opcode];
    match text.len() {
        short @ 0..126 => bytes.push(short as u8),
        long @ 126..0x1_0000 => bytes.extend([126, (long >> 8) as u8, long as u8]),
        huge => bytes.extend([&[127][..], &(huge as u64).to_be_bytes()].concat()),
    }
    [bytes, text.as_bytes().to_vec()].concat()
}
