//! The testbed: runs the real Hub and its transport in a simulated network and sizes a subscriber's buffer.

pub mod figure;
pub mod plan;
pub mod report;
/// Records to numbers.
pub mod summary {
    pub mod along;
    pub mod document;
    #[cfg(test)]
    pub(crate) mod fixture;
    pub mod format;
    pub mod json;
}
