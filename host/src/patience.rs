//! A time limit that costs nothing when the answer is there at once.

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// What `future` gives within `limit`, or none. The timer is made only when the future has to wait.
pub(crate) async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut timer = None;
    std::future::poll_fn(move |context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        let timer = timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        timer.as_mut().poll(context).map(|()| None)
    })
    .await
}
