//! A future that the end of something else may interrupt.

use std::pin::{Pin, pin};

use futures_util::future::{Either, select};

/// What `future` gives, or `None` if `end` is ready first. `end` is asked first, so a stop that is already there always
/// wins, and a run in simulated time repeats.
pub(super) async fn before<T>(end: Pin<&mut impl Future<Output = ()>>, future: impl Future<Output = T>) -> Option<T> {
    match select(end, pin!(future)).await {
        Either::Left(((), _)) => None,
        Either::Right((value, _)) => Some(value),
    }
}
