//! One call of a plugin: the future, what it belongs to, and an eye on polls that take too long.

use plugin_abi::async_ffi::FfiFuture;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// A poll longer than this stalls the other requests of its worker thread.
const SLOW_POLL: Duration = Duration::from_millis(10);

/// A plugin's future. It is dropped before the instance that it belongs to.
pub(crate) struct Call<H, T> {
    future: FfiFuture<T>,
    instance: H,
}

/// What has a name for the log.
pub(crate) trait Named {
    fn name(&self) -> &str;
}

impl<H, T> Call<H, T>
where
    H: Deref<Target: Named> + Unpin,
{
    /// `instance` keeps what the future belongs to: a reference, or a count where nobody else does.
    pub(crate) fn new(instance: H, future: FfiFuture<T>) -> Self {
        Self { future, instance }
    }
}

impl<H, T> Future for Call<H, T>
where
    H: Deref<Target: Named> + Unpin,
{
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let before = coarse_now();
        let polled = Pin::new(&mut self.future).poll(context);
        let took = coarse_now().saturating_sub(before);
        if took >= SLOW_POLL {
            tracing::warn!(
                plugin = self.instance.name(),
                milliseconds = took.as_millis(),
                "slow plugin: a poll blocked a worker thread; set executor = \"own\" in its table"
            );
        }
        polled
    }
}

/// A clock that costs a few nanoseconds and is right to a few milliseconds.
fn coarse_now() -> Duration {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is valid for writing; the clock exists on every Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut now) };
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default())
}
