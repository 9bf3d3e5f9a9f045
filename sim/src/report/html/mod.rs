//! Reports to send: a result as one HTML file, with the answer first, figures that show values under the pointer, tables
//! that sort, and the timeline of a run to zoom into. The file needs no other file and no network.

mod answer;
mod chart;
mod curve;
mod curves;
mod marks;
mod page;
mod policies;
mod replay;
mod searched;
mod sweep;
mod table;
mod text;
mod timeline;

pub use replay::of_replay;
pub use sweep::of_sweep;
