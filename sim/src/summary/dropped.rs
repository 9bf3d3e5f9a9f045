//! What was lost and why, as documents have it.

use serde::{Deserialize, Serialize};

/// Frames lost, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LossCounts {
    /// As many frames waited as may; of a foreign server, whatever is missing.
    pub buffer_full: u64,
    /// As many bytes waited as may; left out where none were lost so.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bytes: u64,
    /// What waited was too old; left out where none were lost so.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub age: u64,
    /// A later event of the same key waited; left out where none were lost so.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub conflated: u64,
    /// They were to be replayed, and the history did not keep them for as long as that took; left out where none were lost
    /// so.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub out_of_reach: u64,
    /// The client left with frames waiting or in flight.
    pub client_gone: u64,
    /// The server cut the client off with frames waiting or in flight.
    pub evicted: u64,
}

impl From<hubbub::Dropped> for LossCounts {
    fn from(dropped: hubbub::Dropped) -> Self {
        let hubbub::Dropped { buffer_full, bytes, age, conflated, out_of_reach, client_gone, evicted } = dropped;
        Self { buffer_full, bytes, age, conflated, out_of_reach, client_gone, evicted }
    }
}

impl LossCounts {
    /// Every reason and its number.
    pub fn by_reason(&self) -> [(&'static str, u64); 7] {
        let Self { buffer_full, bytes, age, conflated, out_of_reach, client_gone, evicted } = *self;
        hubbub::Dropped { buffer_full, bytes, age, conflated, out_of_reach, client_gone, evicted }.by_reason()
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.by_reason().iter().map(|(_, lost)| lost).sum()
    }

    /// Those that a limit cost.
    pub fn by_limits(&self) -> u64 {
        self.buffer_full + self.bytes + self.age
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_that_cost_nothing_is_left_out_unless_every_sweep_has_it() {
        let (buffer_full, bytes, age, conflated, out_of_reach) = (1, 2, 4, 8, 16);
        let dropped = LossCounts { buffer_full, bytes, age, conflated, out_of_reach, client_gone: 32, evicted: 64 };
        assert_eq!(dropped.by_limits(), 7, "frames, bytes and age");
        let named = ["buffer_full", "bytes", "age", "conflated", "out_of_reach", "client_gone", "evicted"];
        assert_eq!(dropped.by_reason(), [0, 1, 2, 3, 4, 5, 6].map(|place| (named[place], 1 << place)));
        let keys = |dropped: LossCounts| serde_json::to_value(dropped).unwrap().as_object().unwrap().len();
        assert_eq!((keys(dropped), keys(LossCounts::default())), (7, 3));
    }
}
