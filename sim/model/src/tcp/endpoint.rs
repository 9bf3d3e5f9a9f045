//! One end of a connection: handshake, sender and receiver, and what they put on the line.

use super::handshake::{Again, Handshake, Stage};
use super::range::ByteRange;
use super::receiver::{Receiver, WindowKind};
use super::segment::{Packet, Segment};
use super::sender::Sender;
use super::settings::Settings;
use super::socket::Piece;
use super::units::{MICROSECOND, earliest};

#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    pub(super) sender: Sender,
    pub(super) receiver: Receiver,
    handshake: Handshake,
    /// Nobody is there any more.
    is_gone: bool,
    /// The application waits for room, or for the end of the handshake, and is to be told.
    has_woken: bool,
    waits_for_handshake: bool,
    /// The application has closed before the end of the handshake.
    closes_after_handshake: bool,
    /// Packets that are to be sent now.
    pub(super) outbox: Vec<Packet>,
}

impl Endpoint {
    pub(super) fn new(settings: &Settings, window: WindowKind, reads_at_once: bool) -> Self {
        Self {
            sender: Sender::new(settings),
            receiver: Receiver::new(window, reads_at_once),
            handshake: Handshake::new(settings.jiffies_at_start),
            is_gone: false,
            has_woken: false,
            waits_for_handshake: false,
            closes_after_handshake: false,
            outbox: Vec::new(),
        }
    }

    pub(super) fn stage(&self) -> Stage {
        self.handshake.stage()
    }

    /// The client connects.
    pub(super) fn connect(&mut self, now: u64) {
        self.handshake.begin(Stage::SynSent, now);
        self.send_syn(now);
    }

    /// Nobody is there any more: nothing is sent, and nothing received.
    pub(super) fn vanish(&mut self) {
        self.is_gone = true;
        self.handshake.stop();
    }

    pub(super) fn write(&mut self, bytes: u64, piece: Piece, now: u64) -> u64 {
        if !self.handshake.is_established() {
            self.waits_for_handshake = true;
            return 0;
        }
        let accepted = self.sender.write(bytes, piece, now);
        self.collect(now);
        accepted
    }

    pub(super) fn write_held(&mut self, bytes: u64, piece: Piece) -> u64 {
        if !self.handshake.is_established() {
            self.waits_for_handshake = true;
            return 0;
        }
        self.sender.write_held(bytes, piece)
    }

    pub(super) fn let_go(&mut self, now: u64) {
        if self.handshake.is_established() {
            self.sender.let_go(now);
            self.collect(now);
        }
    }

    pub(super) fn close(&mut self, now: u64) {
        if self.handshake.is_established() {
            self.sender.close(now);
            self.collect(now);
        } else {
            self.closes_after_handshake = true;
        }
    }

    pub(super) fn read(&mut self, bytes: u64, now: u64) {
        self.receiver.read(bytes, now);
        self.collect(now);
    }

    /// Whether the application that waits is to be told now; it is told once.
    pub(super) fn take_wake(&mut self) -> bool {
        std::mem::take(&mut self.has_woken)
    }

    /// When something is to be done without a packet.
    pub(super) fn next_timer_at(&self) -> Option<u64> {
        if self.is_gone {
            return None;
        }
        earliest([self.handshake.timer_at(), self.receiver.acknowledges_at(), self.sender.timer_at()])
    }

    /// Does what is due by `now` without a packet.
    pub(super) fn timers_fired(&mut self, now: u64) {
        let is_due = |at: Option<u64>| at.is_some_and(|at| at <= now);
        if is_due(self.handshake.timer_at()) {
            match self.handshake.timer_fired(now) {
                Again::Syn => self.send_syn(now),
                Again::SynAck => self.send_syn_ack(now),
                Again::Nothing => {}
            }
        }
        if is_due(self.receiver.acknowledges_at()) {
            self.receiver.acknowledge_now();
        }
        if is_due(self.sender.timer_at()) {
            self.sender.timer_fired(now);
            // A tail-loss probe may have been a new segment.
            self.has_woken |= self.sender.wake();
        }
        self.collect(now);
    }

    /// A packet has arrived.
    pub(super) fn arrived(&mut self, packet: &Packet, now: u64) {
        if self.is_gone {
            return;
        }
        match packet {
            Packet::Syn { sent_at, window_end } => self.syn_arrived(*sent_at, *window_end, now),
            Packet::SynAck { sent_at, window_end, echo } => {
                if self.stage() == Stage::SynSent {
                    self.establish(*window_end, *echo, now);
                    self.receiver.set_echo(*sent_at);
                }
                self.receiver.acknowledge_now();
            }
            Packet::Data(segment) => self.segment_arrived(segment, now),
        }
        self.collect(now);
    }

    fn syn_arrived(&mut self, sent_at: u64, window_end: u64, now: u64) {
        match self.stage() {
            Stage::Listens => {
                self.sender.offered(window_end);
                self.receiver.set_echo(sent_at);
                self.handshake.begin(Stage::SynReceived, now);
                self.send_syn_ack(now);
            }
            Stage::SynReceived => self.send_syn_ack(now),
            Stage::SynSent | Stage::Established | Stage::GivenUp => {}
        }
    }

    fn segment_arrived(&mut self, segment: &Segment, now: u64) {
        let answer = &segment.acknowledgement;
        if self.stage() == Stage::SynReceived {
            self.establish(answer.window_end, answer.echo, now);
        }
        if self.handshake.is_established() {
            self.sender.acknowledged(answer, now);
            self.has_woken |= self.sender.wake();
            self.receiver.receive(segment, self.sender.rto(), now);
        }
    }

    fn establish(&mut self, window_end: u64, echo: u64, now: u64) {
        self.handshake.establish();
        self.sender.offered(window_end);
        self.sender.established((now - echo) / MICROSECOND, now);
        self.has_woken |= std::mem::take(&mut self.waits_for_handshake);
        if self.closes_after_handshake {
            self.sender.close(now);
        }
    }

    fn send_syn(&mut self, now: u64) {
        self.outbox.push(Packet::Syn { sent_at: now, window_end: self.receiver.window_end() });
    }

    fn send_syn_ack(&mut self, now: u64) {
        let (window_end, echo) = (self.receiver.window_end(), self.receiver.echo());
        self.outbox.push(Packet::SynAck { sent_at: now, window_end, echo });
    }

    /// Puts what the sender sends into packets, each with an acknowledgement. Where none is sent, one may be due alone.
    fn collect(&mut self, now: u64) {
        let mut outgoing = std::mem::take(self.sender.outbox());
        for segment in outgoing.drain(..) {
            self.outbox.push(Packet::Data(Segment {
                bytes: segment.bytes,
                has_fin: segment.has_fin,
                is_pushed: segment.is_pushed,
                is_window_probe: segment.is_window_probe,
                sent_at: now,
                acknowledgement: self.receiver.acknowledgement(),
            }));
        }
        *self.sender.outbox() = outgoing;
        if self.receiver.acknowledges_now() {
            let acknowledgement = self.receiver.acknowledgement();
            let bytes = ByteRange::new(self.sender.next(), self.sender.next());
            self.outbox.push(Packet::Data(Segment { bytes, sent_at: now, acknowledgement, ..Segment::default() }));
        }
        if self.is_gone {
            self.outbox.clear();
        }
    }
}
