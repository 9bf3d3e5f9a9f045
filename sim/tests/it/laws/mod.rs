//! Laws that hold for any plan: proptest draws plans, and each goes through the whole stack.
//!
//! - [`account`]: no frame is unaccounted for, and lost frames are those the policy names
//! - [`liveness`]: when the sources rest, mailboxes drain in time
//! - [`isolation`]: without a CPU to share, nobody notices anybody
//! - [`shared_writes`]: several frames in a write change nothing
//! - [`plain_path`]: a path that limits and loses nothing is a window
//! - [`sizes`]: the exact size, and what a larger mailbox or window changes
//! - [`agreement`]: the specification leaves the full stack's record
//! - [`repetition`]: one plan, one digest
//! - [`specification`]: the laws on the specification alone
//! - [`marks`]: the cases are not vacuous
//! - [`rare_states`]: each rare state of the specification is reached by a known case
//! - [`campaign`]: how they are run

mod account;
mod agreement;
mod campaign;
mod isolation;
mod liveness;
mod marks;
mod plain_path;
mod rare_states;
mod repetition;
mod shared_writes;
mod sizes;
mod specification;
