//! `fidelity.json`: what a comparison leaves, and the only thing that its figure and its part of the docs are made from.

mod paths;

use serde::{Deserialize, Serialize};

use super::document::Machine;

#[cfg(test)]
pub(crate) use paths::path_row_fixture;
pub use paths::{
    KernelFigures, MOST_EDGE_ROWS, ModelFigures, Pairs, PathRow, PathsMeasured, RatioMedians, UnmodelledRow, spread,
};

/// The value of [`Fidelity::schema`].
pub const SCHEMA: &str = "hubbub.fidelity/1";

/// Both worlds side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fidelity {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The command that measures it again.
    #[serde(default)]
    pub command: String,
    /// Where it was measured.
    pub machine: Machine,
    /// Mailbox size of every run.
    pub buffer: u64,
    /// Largest segment that clients take.
    pub segment_bytes: u64,
    /// `TCP_NOTSENT_LOWAT` of the server's sockets.
    pub unsent_bytes: u64,
    /// The plans.
    pub plans: Vec<Compared>,
    /// Whether everybody agrees of every plan that is expected to.
    pub agree_all: bool,
    /// What sockets hide, by how they are set; empty where it was not asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<Hidden>,
    /// What that makes of sizes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<SizeBySocket>,
    /// The model of TCP beside the kernel's, over emulated links.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<PathRow>,
    /// Rows of paths with a congestion control that no model has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmodelled_paths: Vec<UnmodelledRow>,
    /// What the rows of paths were measured with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paths_measured: Option<PathsMeasured>,
}

/// One plan in both worlds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// Its name.
    pub plan: String,
    /// What it asks.
    pub question: String,
    /// The seed it was drawn with.
    pub seed: u64,
    /// Events published.
    pub events: u64,
    /// The watched class's socket.
    pub window: Window,
    /// Whether the worlds are expected to agree; where they are not, `docs/fidelity.md` has the reason.
    pub is_target: bool,
    /// Everybody.
    pub subscribers: Vec<ComparedMember>,
}

/// What a socket holds of a client that never reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// `SO_RCVBUF`, as it was asked for.
    pub asked_bytes: u64,
    /// Frames that the kernels took, of each client that was watched, smallest first.
    pub held_frames: Vec<u64>,
    /// The model's window that holds as many as their median.
    pub model_bytes: u64,
}

/// One subscriber in both worlds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedMember {
    /// Index in the plan.
    pub id: usize,
    /// Its class.
    pub class: String,
    /// Frames offered.
    pub offered: u64,
    /// Frames lost in the simulated world.
    pub simulated_lost: u64,
    /// Frames lost in each real run.
    pub real_lost: Vec<u64>,
    /// When the first was lost.
    pub simulated_first_loss_ms: Option<f64>,
    /// When the first was lost in each real run.
    pub real_first_loss_ms: Vec<Option<f64>>,
    /// Whether the median of the real runs is within 10 % or one frame of the simulated number.
    pub agrees: bool,
}

/// Frames between mailbox and client, of one that never reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hidden {
    /// How the sockets were set, in words.
    pub sockets: String,
    /// Frames of `payload_bytes` that the kernels had taken when the first was lost.
    pub frames: u64,
    /// Their bytes on the wire.
    pub bytes: u64,
    /// Size of a payload.
    pub payload_bytes: u64,
}

/// The exact size of a scenario, by what a socket holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeBySocket {
    /// The scenario.
    pub scenario: String,
    /// N.
    pub subscribers: usize,
    /// The exact size with the scenario's own windows.
    pub bounded: u64,
    /// The exact size where every window is as large as what sockets hide when nobody bounds them.
    pub unbounded: u64,
    /// That window.
    pub window_bytes: u64,
}

impl Compared {
    /// Whether everybody agrees.
    pub fn agrees(&self) -> bool {
        self.subscribers.iter().all(|member| member.agrees)
    }
}

impl ComparedMember {
    /// Median, least and most of the real runs' losses.
    pub fn real_spread(&self) -> [u64; 3] {
        let mut lost = self.real_lost.clone();
        lost.sort_unstable();
        let of = |place: usize| lost.get(place).copied().unwrap_or(0);
        // Of an even number the upper one of the middle two, as in `agrees`.
        [of(lost.len() / 2), of(0), of(lost.len().saturating_sub(1))]
    }

    /// Median of the real runs' first losses, of those that lost anything.
    pub fn real_first_loss_median_ms(&self) -> Option<f64> {
        let mut first: Vec<f64> = self.real_first_loss_ms.iter().copied().flatten().collect();
        first.sort_unstable_by(f64::total_cmp);
        first.get(first.len() / 2).copied()
    }
}

/// Within 10 % or one frame, as the median has it.
pub fn agrees(simulated: u64, real: &[u64]) -> bool {
    let mut real = real.to_vec();
    real.sort_unstable();
    let Some(median) = real.get(real.len() / 2) else { return false };
    // At least one frame: of few losses, a tenth is less than a single frame.
    median.abs_diff(simulated) <= (simulated / 10).max(1)
}

/// Two plans: one in which nobody loses anything, and one whose worlds part.
#[cfg(test)]
pub(crate) fn fixture() -> Fidelity {
    let member = |id: usize, lost: u64, real: &[u64]| ComparedMember {
        id,
        class: if id < 2 { "fast" } else { "watched" }.to_owned(),
        offered: 2028,
        simulated_lost: lost,
        real_lost: real.to_vec(),
        simulated_first_loss_ms: (lost > 0).then_some(1765.0),
        real_first_loss_ms: real.iter().map(|lost| (*lost > 0).then_some(1750.0)).collect(),
        agrees: agrees(lost, real),
    };
    let plan = |plan: &str, watched: ComparedMember| Compared {
        plan: plan.to_owned(),
        question: "Who loses what?".to_owned(),
        seed: 0,
        events: 2030,
        window: Window { asked_bytes: 16_384, held_frames: vec![77, 78, 81], model_bytes: 33_900 },
        is_target: true,
        subscribers: vec![member(0, 0, &[0, 0, 0]), watched],
    };
    let plans = vec![plan("steady", member(2, 0, &[0, 0, 1])), plan("burst", member(2, 930, &[960, 1100, 1200]))];
    let hidden =
        |frames| Hidden { sockets: "nobody bounds".to_owned(), frames, bytes: frames * 435, payload_bytes: 400 };
    Fidelity {
        schema: SCHEMA.to_owned(),
        command: "cargo sim fidelity".to_owned(),
        machine: Machine {
            cpu: "some processor".to_owned(),
            cores: 2,
            memory_bytes: 1 << 33,
            kernel: "6.1".to_owned(),
        },
        buffer: 64,
        segment_bytes: 1448,
        unsent_bytes: 1024,
        plans,
        agree_all: false,
        hidden: vec![hidden(7100)],
        sizes: vec![SizeBySocket {
            scenario: "alpha".to_owned(),
            subscribers: 100,
            bounded: 126,
            unbounded: 4,
            window_bytes: 3_000_000,
        }],
        paths: Vec::new(),
        unmodelled_paths: Vec::new(),
        paths_measured: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worlds_agree_within_a_tenth_or_one_frame() {
        assert!(agrees(0, &[0, 1, 5]) && !agrees(0, &[2, 2, 0]));
        assert!(agrees(500, &[450, 450, 900]) && agrees(10, &[9]) && !agrees(10, &[8]) && agrees(1, &[1, 2, 3]));
        assert!(!agrees(100, &[111]) && !agrees(500, &[440, 449, 500]) && !agrees(5, &[]));
    }

    #[test]
    fn a_plan_agrees_where_everybody_does() {
        let mut compared = fixture().plans.swap_remove(0);
        assert!(compared.agrees());
        compared.subscribers[1].agrees = false;
        assert!(!compared.agrees());
    }

    #[test]
    fn of_real_runs_the_middle_one_stands_for_all_between_the_least_and_the_most() {
        let mut member = fixture().plans.swap_remove(1).subscribers.swap_remove(1);
        member.real_lost = vec![50, 10, 30, 20, 40];
        assert_eq!(member.real_spread(), [30, 10, 50]);
        member.real_first_loss_ms = vec![Some(7.0), None, Some(3.0), Some(5.0), Some(1.0), Some(2.0)];
        assert_eq!(member.real_first_loss_median_ms(), Some(3.0));
        (member.real_lost, member.real_first_loss_ms) = (Vec::new(), vec![None]);
        assert_eq!((member.real_spread(), member.real_first_loss_median_ms()), ([0; 3], None));
    }
}
