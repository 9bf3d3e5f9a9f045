//! The testbed: runs the real Hub and its transport in a simulated network and sizes a subscriber's buffer.

pub mod plan;
/// Records to numbers.
pub mod summary {
    pub mod document;
}
