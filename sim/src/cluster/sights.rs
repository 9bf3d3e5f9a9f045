//! Rare things that happen to brokers, counted.

/// How often rare things were seen in a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sights {
    /// Leaders that were chosen after the first.
    pub leaders: u64,
    /// Messages that a consumer passed over, because its broker did not have them yet.
    pub passed_over: u64,
    /// Answers of a new leader that said too little.
    pub stale_answers: u64,
    /// Questions that nobody answered.
    pub unanswered: u64,
    /// Events that were kept, and whose acknowledgement was lost.
    pub acknowledgements_lost: u64,
    /// Repetitions that were recognised by their key.
    pub repetitions: u64,
    /// Messages that were removed from the stream.
    pub removed: u64,
    /// Consumers that were made.
    pub consumers: u64,
}

impl Sights {
    /// Adds those of another run.
    pub fn add(&mut self, other: Self) {
        self.leaders += other.leaders;
        self.passed_over += other.passed_over;
        self.stale_answers += other.stale_answers;
        self.unanswered += other.unanswered;
        self.acknowledgements_lost += other.acknowledgements_lost;
        self.repetitions += other.repetitions;
        self.removed += other.removed;
        self.consumers += other.consumers;
    }
}
