//! Records to numbers: counts, rates, quantiles and their intervals. Pure, and the only maker of the sweep document.

pub mod cell;
pub mod document;
pub mod load;
pub mod run;
pub mod sizes;
pub mod statistics;
