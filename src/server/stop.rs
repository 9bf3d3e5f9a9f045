//! Whichever comes first of two futures.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

/// What `future` gives, unless `end` is ready first, which is asked first.
pub(super) async fn before<T>(
    mut end: Pin<&mut impl Future<Output = ()>>,
    future: impl Future<Output = T>,
) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        if end.as_mut().poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        future.as_mut().poll(cx).map(Some)
    })
    .await
}
