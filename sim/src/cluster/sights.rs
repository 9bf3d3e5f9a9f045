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
    /// Messages that were deleted, or removed by a purge.
    pub removed: u64,
    /// Messages that a limit of the stream has removed.
    pub trimmed: u64,
    /// Streams that were made anew.
    pub made_anew: u64,
    /// Brokers that were cut off from the others.
    pub cut_off: u64,
    /// Answers of brokers that took themselves for the leader, while the others did not reach them.
    pub answers_of_the_cut_off: u64,
    /// Consumers that were made.
    pub consumers: u64,
}

impl Sights {
    /// Adds those of another run.
    pub fn add(&mut self, other: Self) {
        for ((sum, _), (more, _)) in self.each_mut().into_iter().zip(other.named()) {
            *sum += more;
        }
    }

    /// The counts, each with what it counts.
    pub fn named(mut self) -> Vec<(u64, &'static str)> {
        self.each_mut().into_iter().map(|(times, what)| (*times, what)).collect()
    }

    fn each_mut(&mut self) -> [(&mut u64, &'static str); 12] {
        [
            (&mut self.leaders, "leaders were chosen anew"),
            (&mut self.passed_over, "messages were passed over, since a consumer's broker had them later"),
            (&mut self.stale_answers, "answers of a new leader said too little"),
            (&mut self.unanswered, "questions were not answered"),
            (&mut self.acknowledgements_lost, "events were kept, and their acknowledgement was lost"),
            (&mut self.repetitions, "repetitions were recognised by their key"),
            (&mut self.removed, "messages were deleted or purged"),
            (&mut self.trimmed, "messages were removed by a limit of the stream"),
            (&mut self.made_anew, "streams were deleted and made anew"),
            (&mut self.cut_off, "brokers were cut off from the others"),
            (&mut self.answers_of_the_cut_off, "answers came from a leader that was cut off"),
            (&mut self.consumers, "consumers were made"),
        ]
    }
}
