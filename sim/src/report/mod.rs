//! Reports: a document as text, for a terminal, for its folder in `plots/` and for the docs.
//!
//! Pure functions to strings; whoever calls them prints. Nothing here knows a file, a width of a terminal or a
//! clock, and every number is written by [`crate::summary::format`].

pub mod capacity;
mod classes;
mod current;
pub mod docs;
pub mod herd;
pub mod history;
pub mod html;
pub mod junit;
mod objective;
mod parts;
pub mod paths;
mod policies;
mod proxies;
mod readme;
mod real;
mod restarts;
mod run_with;
mod runs_done;
pub mod servers;
mod sizes;
pub mod stages;
mod table;
mod terminal;
pub mod theory;
pub mod worlds;

pub use readme::readme;
pub use sizes::size_does;
pub use table::prose;
pub use terminal::{terminal, terminal_of_cells};
