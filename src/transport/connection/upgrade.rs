//! From HTTP to a WebSocket: what a request leaves behind, and what the connection continues with.

use std::sync::{Mutex, PoisonError};

use super::super::Environment;
use super::super::websocket::Begin;

pub(super) use super::super::websocket::WebSocket as Upgraded;

/// Where a request for a WebSocket leaves the stream that the connection continues with once the request is answered.
pub(crate) struct Handover<E: Environment>(Mutex<Option<Box<Begin<E>>>>);

impl<E: Environment> Handover<E> {
    pub(crate) fn leave(&self, begin: Begin<E>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(begin));
    }

    pub(super) fn take(&self) -> Option<Box<Begin<E>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

// Derived, it would ask for a default environment.
impl<E: Environment> Default for Handover<E> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}
