//! The testbed: runs the real Hub and its transport in a simulated network and sizes a subscriber's buffer.

pub mod cli;
pub mod first_order;
pub mod plan;
pub mod pool;
pub mod record;
pub mod runs;
pub mod scenario;
pub mod sizing;
pub mod summary;
pub mod sweep;
pub mod world;
