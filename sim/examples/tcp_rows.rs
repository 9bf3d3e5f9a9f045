//! What the TCP of the room `tcp` gives beside measurements of the kernel's.
//!
//! A mailbox of K frames, a gate that writes one frame after the other, and a connection over a bottleneck. The figures
//! of the kernel are from Linux 6.18 behind an emulated link: least, median and most of so many runs. Model: quartiles of
//! 200 seeds. The kernel lost packets that were drawn by their number, but for the rows with slots; the model loses slots
//! of time, as long as a full packet takes on the line.
//!
//! `cargo run --release --example tcp_rows [SEEDS [ROW]]`

#![expect(clippy::print_stdout, reason = "a program that prints a table")]

use std::collections::VecDeque;
use std::sync::Arc;

use hubbub_sim::internals::tcp::{
    Congestion, Connection, End, LinkPlan, LostSlots, Outage, OutageKind, Outages, Path, Piece, Rate, ReceiveBuffer,
    Settings,
};

const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MILLISECOND;

/// The connection opens that long before the first event.
const LEAD: u64 = 1_200 * MILLISECOND;

/// A generator that is good enough for seeds (SplitMix64).
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        value ^ (value >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// True with a probability in millionths.
    fn hits(&mut self, millionths: u64) -> bool {
        self.below(1_000_000) < millionths
    }
}

/// A row of the table. Probabilities are millionths.
#[derive(Clone)]
struct Row {
    name: &'static str,
    /// When events are published, and their bytes.
    events: Vec<(u64, u64)>,
    delay: u64,
    bits_per_second: u64,
    queue_bytes: u64,
    loss: u64,
    burst: u64,
    outage: Option<u64>,
    receive_buffer: ReceiveBuffer,
    mailbox: usize,
    counts_lost: bool,
    kernel: &'static [u64],
}

fn row(name: &'static str, events: Vec<(u64, u64)>, kernel: &'static [u64]) -> Row {
    Row {
        name,
        events,
        delay: 60 * MILLISECOND,
        bits_per_second: 1_000_000,
        queue_bytes: 32_768,
        loss: 0,
        burst: 1,
        outage: None,
        receive_buffer: ReceiveBuffer::Auto,
        mailbox: 4_096,
        counts_lost: false,
        kernel,
    }
}

fn steady(per_second: u64, bytes: u64, seconds: u64) -> Vec<(u64, u64)> {
    (0..per_second * seconds).map(|nth| (nth * SECOND / per_second, bytes)).collect()
}

/// Two bursts, and two events a second all the time.
fn bursts(count: u64, over: u64, every: u64, bytes: u64) -> Vec<(u64, u64)> {
    let mut events: Vec<(u64, u64)> = (0..6 * every / SECOND).map(|nth| (nth * SECOND / 2, bytes)).collect();
    for burst in 0..2 {
        let start = burst * every + every / 2 + 100 * MILLISECOND;
        events.extend((0..count).map(|nth| (start + nth * over / count, bytes)));
    }
    events.sort_unstable();
    events
}

fn outages() -> Vec<Row> {
    let at = |seconds, row: Row| Row { outage: Some(seconds * SECOND), ..row };
    vec![
        at(1, row("outage 1 s, 60/s", steady(60, 700, 25), &[49, 55, 55, 56])),
        at(2, row("outage 2 s, 60/s", steady(60, 700, 25), &[130, 133, 134, 136, 137])),
        at(3, row("outage 3 s, 60/s", steady(60, 700, 25), &[289, 297, 303])),
        at(5, row("outage 5 s, 60/s", steady(60, 700, 25), &[305, 306, 307, 307])),
        at(8, row("outage 8 s, 60/s", steady(60, 700, 25), &[624, 625, 628])),
        at(2, row("outage 2 s, 20/s", steady(20, 700, 35), &[22, 22, 22, 25, 26])),
        at(8, row("outage 8 s, 20/s", steady(20, 700, 35), &[183, 188])),
        at(10, row("outage 10 s, 20/s", steady(20, 700, 35), &[187, 190])),
        Row {
            delay: 20 * MILLISECOND,
            bits_per_second: 10_000_000,
            queue_bytes: 131_072,
            ..at(2, row("outage 2 s, 20 ms, 10 Mbit/s, 60/s", steady(60, 700, 16), &[203, 204, 205]))
        },
    ]
}

fn losses() -> Vec<Row> {
    let lossy = |loss, row: Row| Row { loss, ..row };
    let burst = || bursts(300, SECOND, 8 * SECOND, 700);
    let three = &[212, 226, 323, 364, 376, 528, 567, 592, 595, 627, 648, 671, 770];
    let burst_1 = &[72, 84, 86, 90, 92, 97, 98, 105, 107, 108, 108, 164, 164];
    let burst_3 = &[101, 104, 112, 117, 128, 128, 134, 152, 160, 164, 183, 188, 190, 205, 217];
    vec![
        lossy(30_000, row("loss 3 %, 100/s, 30 s", steady(100, 700, 30), three)),
        lossy(10_000, row("loss 1 %, 100/s, 30 s", steady(100, 700, 30), &[1, 1, 2, 2, 14, 16, 22, 35, 46, 54, 87])),
        row("300 in 1 s, no loss", burst(), &[76, 87, 89, 92, 98]),
        lossy(10_000, row("300 in 1 s, 1 %", burst(), burst_1)),
        lossy(30_000, row("300 in 1 s, 3 %", burst(), burst_3)),
        Row { burst: 4, ..lossy(30_000, row("300 in 1 s, 3 % in 4 slots", burst(), &[84, 118, 128, 129, 140, 167])) },
        row("20/s, no loss", steady(20, 700, 30), &[1; 5]),
        lossy(10_000, row("20/s, 1 %", steady(20, 700, 30), &[1; 5])),
        lossy(30_000, row("20/s, 3 %", steady(20, 700, 30), &[1; 5])),
        Row { burst: 4, ..lossy(30_000, row("20/s, 3 % in 4 slots", steady(20, 700, 30), &[1; 3])) },
    ]
}

fn lost_frames() -> Vec<Row> {
    let events = bursts(300, SECOND, 8 * SECOND, 700);
    let buffer = ReceiveBuffer::Bytes(16_384);
    let lost = |mailbox, row: Row| Row { mailbox, queue_bytes: 400_000, counts_lost: true, ..row };
    vec![
        Row { receive_buffer: buffer, ..lost(64, row("lost, K 64, buffer 16 KiB", events.clone(), &[148; 3])) },
        Row { receive_buffer: buffer, ..lost(16, row("lost, K 16, buffer 16 KiB", events, &[217, 246, 246])) },
    ]
}

/// Rows that were measured later.
fn others() -> Vec<Row> {
    vec![
        Row {
            delay: 30 * MILLISECOND,
            bits_per_second: 2_000_000,
            queue_bytes: 16_384,
            ..row("200 in 0.5 s, 30 ms, 2 Mbit/s", bursts(200, SECOND / 2, 6 * SECOND, 700), &[20, 21, 22])
        },
        Row {
            loss: 10_000,
            ..row("60 × 4000 B in 1 s, 1 %", bursts(60, SECOND, 6 * SECOND, 4_000), &[22, 24, 26, 27, 28, 33])
        },
        Row {
            delay: 100 * MILLISECOND,
            bits_per_second: 256_000,
            queue_bytes: 16_384,
            loss: 10_000,
            ..row("30/s, 100 ms, 256 kbit/s, 1 %", steady(30, 700, 20), &[1; 6])
        },
        Row {
            loss: 10_000,
            ..row("400 × 200 B in 1 s, 1 %", bursts(400, SECOND, 6 * SECOND, 200), &[2, 6, 7, 7, 7, 8])
        },
        Row {
            delay: 20 * MILLISECOND,
            bits_per_second: 4_000_000,
            queue_bytes: 65_536,
            loss: 20_000,
            ..row("300 in 1 s, 20 ms, 4 Mbit/s, 2 %", bursts(300, SECOND, 6 * SECOND, 700), &[1, 1, 2, 42, 50, 77])
        },
        Row {
            delay: 150 * MILLISECOND,
            bits_per_second: 2_000_000,
            queue_bytes: 65_536,
            loss: 20_000,
            ..row("60/s, 150 ms, 2 Mbit/s, 2 %", steady(60, 700, 20), &[1, 1, 1, 144, 145, 319])
        },
        Row {
            delay: 40 * MILLISECOND,
            bits_per_second: 2_000_000,
            loss: 20_000,
            burst: 3,
            ..row("100/s, 40 ms, 2 Mbit/s, 2 % in 3", steady(100, 700, 20), &[1, 1, 1, 1, 1, 2])
        },
    ]
}

/// The lost slots of one direction: of a length that a full packet takes, independent or in bursts.
fn lost_slots(row: &Row, draws: &mut Draws) -> LostSlots {
    let slot = 1_500 * 8 * SECOND / row.bits_per_second;
    let count = 120 * SECOND / slot;
    let leaves = 1_000_000 / row.burst;
    let comes = if row.burst == 1 { row.loss } else { leaves * row.loss / (1_000_000 - row.loss) };
    let mut is_bad = false;
    let lost = (0..count).filter(|_| {
        is_bad = if row.burst > 1 && is_bad { !draws.hits(leaves) } else { draws.hits(comes) };
        is_bad
    });
    LostSlots::new(slot, lost.collect::<Vec<_>>())
}

fn path(row: &Row, seed: u64) -> Path {
    // The outages of the measured runs began at 8.0, 8.4 and 8.8 s.
    let from = LEAD + 8 * SECOND + [0, 400, 800][(seed % 3) as usize] * MILLISECOND;
    let outages = row.outage.map(|length| Outage { from, until: from + length, kind: OutageKind::Drops });
    let outages = Arc::new(Outages::new(outages));
    let way = |draws: &mut Draws| LinkPlan {
        rate: Rate::BitsPerSecond(row.bits_per_second),
        queue_bytes: Some(row.queue_bytes),
        delay: row.delay,
        lost_slots: lost_slots(row, draws),
        outages: Arc::clone(&outages),
    };
    Path::new(way(&mut Draws(seed * 2)), way(&mut Draws(seed * 2 + 1_000_003)))
}

#[derive(Default)]
struct Outcome {
    high_water: u64,
    lost: u64,
    delivered: u64,
    packets: u64,
    is_finished: bool,
}

/// The server's side: a mailbox, and a gate with one frame.
struct Server<'a> {
    row: &'a Row,
    connection: Connection,
    mailbox: VecDeque<u64>,
    /// Bytes of the frame in the gate.
    gate: u64,
    outcome: Outcome,
}

impl Server<'_> {
    fn publish(&mut self, bytes: u64, now: u64) {
        if self.mailbox.len() >= self.row.mailbox {
            self.outcome.lost += 1;
            return;
        }
        let nth = self.outcome.delivered + self.outcome.lost + 1;
        self.mailbox.push_back(frame_bytes(bytes, nth));
        self.outcome.high_water = self.outcome.high_water.max(self.mailbox.len() as u64);
        if self.gate == 0 {
            self.write(Piece::Own, now);
        }
    }

    /// Writes frames one by one until the socket is full or nothing is left.
    fn write(&mut self, first: Piece, now: u64) {
        let mut piece = first;
        loop {
            if self.gate == 0 {
                let Some(frame) = self.mailbox.pop_front() else { return };
                self.gate = frame;
            }
            self.gate -= self.connection.write(End::Server, self.gate, piece, now);
            if self.gate > 0 {
                return;
            }
            self.outcome.delivered += 1;
            piece = Piece::Joined;
        }
    }

    fn advance(&mut self, until: u64) {
        while let Some(at) = self.connection.next_event().filter(|at| *at <= until) {
            self.connection.advance(at);
            if self.connection.take_wake(End::Server) {
                self.write(Piece::Joined, at);
            }
        }
    }
}

/// The bytes of a chunk with one event: id, data, line ends, and the length in hexadecimal.
fn frame_bytes(payload: u64, nth: u64) -> u64 {
    let frame = payload + 27 + u64::from(nth.max(1).ilog10() + 1);
    frame + u64::from(frame.ilog(16) + 1) + 4
}

fn run(row: &Row, seed: u64) -> Outcome {
    let settings = Settings {
        congestion: Congestion::Cubic,
        receive_buffer: row.receive_buffer,
        jiffies_at_start: Draws(seed ^ 5).below(512),
        ..Settings::LINUX
    };
    let connection = Connection::open(path(row, seed), &settings, 0);
    let mut server = Server { row, connection, mailbox: VecDeque::new(), gate: 0, outcome: Outcome::default() };
    while !server.connection.is_established(End::Server) && server.connection.now() < LEAD {
        let at = server.connection.next_event().unwrap_or(LEAD).min(LEAD);
        server.connection.advance(at);
    }
    let now = server.connection.now();
    server.connection.write(End::Server, 201, Piece::Own, now);
    let mut draws = Draws(seed ^ 0x00ab_cdef);
    let mut last = 0;
    for (at, bytes) in &row.events {
        // Publishing over HTTP is a little late at times.
        let late = if draws.below(150) == 0 { draws.below(9 * MILLISECOND) } else { 0 };
        last = last.max(LEAD + at + 300_000 + draws.below(3 * MILLISECOND) + late);
        server.advance(last);
        server.publish(*bytes, last);
    }
    server.advance(last + 60 * SECOND);
    let Server { connection, mailbox, gate, mut outcome, .. } = server;
    outcome.is_finished = mailbox.is_empty() && gate == 0 && connection.unacknowledged_bytes(End::Server) == 0;
    outcome.packets = connection.path().down.counts().sent;
    outcome
}

fn quartiles(values: &[u64]) -> [u64; 5] {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    [0, 1, 2, 3, 4].map(|quarter| sorted[(sorted.len() - 1) * quarter / 4])
}

fn verdict(model: u64, kernel: [u64; 5]) -> &'static str {
    let [least, _, median, _, most] = kernel;
    let is_close = model.abs_diff(median) <= 3 || model.abs_diff(median) * 100 <= 15 * median;
    match (is_close, (least..=most).contains(&model)) {
        (true, _) => "within",
        (false, true) => "in the range",
        (false, false) => "off",
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>().expect("a number"));
    let seeds = arguments.next().unwrap_or(200);
    let only = arguments.next();
    let rows: Vec<Row> = [outages(), losses(), lost_frames(), others()].concat();
    let (mut packets, mut delivered, mut within) = (0, 0, 0);
    println!("| row | kernel | model | difference | |\n| :-- | :-- | :-- | --: | :-- |");
    for (_, row) in rows.iter().enumerate().filter(|(nth, _)| only.is_none_or(|only| only == *nth as u64)) {
        let outcomes: Vec<Outcome> = (1..=seeds).map(|seed| run(row, seed)).collect();
        let figure = |outcome: &Outcome| if row.counts_lost { outcome.lost } else { outcome.high_water };
        let [least, low, median, high, most] = quartiles(&outcomes.iter().map(figure).collect::<Vec<_>>());
        let kernel = quartiles(row.kernel);
        let difference = (median as i64 - kernel[2] as i64) * 100 / kernel[2] as i64;
        let verdict = verdict(median, kernel);
        within += u64::from(verdict == "within");
        println!(
            "| {} | {} · {} · {} ({}) | {least}–{low}–{median}–{high}–{most} | {difference:+} % | {verdict} |",
            row.name,
            kernel[0],
            kernel[2],
            kernel[4],
            row.kernel.len(),
        );
        let unfinished = outcomes.iter().filter(|outcome| !outcome.is_finished).count();
        if unfinished > 0 {
            println!("{unfinished} runs had not delivered everything after a minute.");
        }
        packets += outcomes.iter().map(|outcome| outcome.packets).sum::<u64>();
        delivered += outcomes.iter().map(|outcome| outcome.delivered).sum::<u64>();
    }
    println!(
        "{within} of {} rows are within 15 % or 3 frames. {packets} packets down, {delivered} deliveries.",
        rows.len()
    );
}
