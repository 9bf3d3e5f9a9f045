//! Records to numbers: counts, rates, quantiles and their intervals. Pure, and the only maker of the sweep document.

pub mod along;
pub mod capacity;
pub mod cell;
pub mod comparison;
pub mod document;
#[cfg(test)]
pub(crate) mod fixture;
pub mod format;
pub mod herd;
pub mod history;
pub mod json;
pub mod load;
pub mod objective;
pub mod probed;
pub mod restarts;
pub mod risk;
pub mod run;
pub mod servers;
pub mod sizes;
pub mod stages;
pub mod statistics;
pub mod stored;
mod stored_histogram;
