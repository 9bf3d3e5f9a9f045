//! Laws that hold for any plan: proptest draws plans, and each goes through the whole stack.
//!
//! - [`account`]: no frame is unaccounted for, and lost frames are those the policy names
//! - [`liveness`]: when the sources rest, mailboxes drain in time
//! - [`cases`], [`campaign`], [`ledger`]: what is drawn, how it is run, and an account of its own

mod account;
mod campaign;
mod cases;
mod ledger;
mod liveness;
