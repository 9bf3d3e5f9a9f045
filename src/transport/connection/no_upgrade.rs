//! In place of `upgrade` without the feature `server`: no request leaves anything behind, and a connection speaks HTTP
//! to its end.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::task::{Context, Poll};

use super::super::Environment;
use super::super::gated_stream::GatedStream;

/// The place where nothing is left.
pub(crate) struct Handover<E: Environment>(PhantomData<E>);

impl<E: Environment> Handover<E> {
    pub(super) fn is_left(&self) -> bool {
        false
    }

    pub(super) fn take_instead_of_answer(&self) -> Option<Infallible> {
        None
    }

    pub(super) fn take_behind_answer(&self) -> Option<Infallible> {
        None
    }
}

impl<E: Environment> Default for Handover<E> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// A protocol that cannot begin.
// It owns neither of its parameters, so that a connection may be moved whatever they are.
pub(super) struct Continued<S, E>(Infallible, PhantomData<fn(S, E)>);

impl<S, E: Environment> Continued<S, E> {
    pub(super) fn new(_stream: GatedStream<S, E>, _read: &[u8], begin: Infallible) -> Option<Self> {
        match begin {}
    }

    pub(super) fn poll(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        match self.0 {}
    }
}
