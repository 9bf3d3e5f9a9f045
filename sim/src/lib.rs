//! The testbed: runs the real Hub and its transport in a simulated network and sizes a subscriber's buffer.

pub mod first_order;
pub mod plan;
pub mod record;
pub mod scenario;
/// Records to numbers.
pub mod summary {
    pub mod document;
}
pub mod world;
