//! Which connection polls on this thread at the moment. A body asks, because the gate that it waits at knows only the
//! socket of its own connection.

use std::cell::Cell;
use std::ptr::null;
use std::sync::Arc;

use super::gate::Gate;

thread_local! {
    /// The address of the gate of the connection that is being polled; null outside of any.
    // An address and not a number of the connection: a comparison needs no counter, and the gate that is polled lives.
    static POLLED: Cell<*const ()> = const { Cell::new(null()) };
}

/// The time in which a thread polls a connection. It ends when this is dropped.
pub(super) struct PollScope {
    /// The connection that this thread polled before, if one polls another.
    // A pointer is not sent to another thread, and the scope must not be either.
    outer: *const (),
}

impl PollScope {
    /// Begins to poll the connection of this gate.
    pub(super) fn enter<E>(gate: &Arc<Gate<E>>) -> Self {
        Self { outer: POLLED.replace(Arc::as_ptr(gate).cast()) }
    }

    /// Whether this thread polls the connection of this gate.
    pub(super) fn is_in<E>(gate: &Arc<Gate<E>>) -> bool {
        POLLED.get() == Arc::as_ptr(gate).cast()
    }
}

impl Drop for PollScope {
    fn drop(&mut self) {
        POLLED.set(self.outer);
    }
}
