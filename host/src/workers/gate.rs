//! The gate of a function: at most so many invocations at once, the others wait a bounded time.

use super::Statistics;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// One gate a function, kept across its generations: a redeploy neither lifts nor doubles the limit.
#[derive(Debug)]
pub(crate) struct Gate {
    limit: AtomicUsize,
    running: AtomicUsize,
    waiting: AtomicUsize,
    freed: Notify,
    pub(crate) statistics: Statistics,
}

impl Gate {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit: AtomicUsize::new(limit),
            running: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            freed: Notify::new(),
            statistics: Statistics::default(),
        }
    }

    /// A new limit; who waits looks again.
    pub(crate) fn set_limit(&self, limit: usize) {
        if self.limit.swap(limit, Ordering::SeqCst) < limit {
            self.freed.notify_waiters();
        }
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit.load(Ordering::Relaxed)
    }

    /// How many invocations run now.
    pub(crate) fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }

    /// How many wait now.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// A place at once, if there is one; it must be given back with [`Gate::leave`].
    pub(crate) fn try_enter(&self) -> bool {
        let limit = self.limit.load(Ordering::SeqCst);
        let took = self.running.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |running| {
            (running < limit).then_some(running + 1)
        });
        took.is_ok()
    }

    /// Gives a place back.
    pub(crate) fn leave(&self) {
        self.running.fetch_sub(1, Ordering::SeqCst);
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.freed.notify_one();
        }
    }

    /// A place, after at most `patience`; false when nobody left in that time. It must be given back with [`Gate::leave`].
    pub(crate) async fn enter(&self, patience: Duration) -> bool {
        if self.try_enter() {
            return true;
        }
        let _counted = Waiting::new(self);
        tokio::time::timeout(patience, async {
            loop {
                // Registered before the second look, so that a place freed in between is not missed.
                let freed = self.freed.notified();
                tokio::pin!(freed);
                freed.as_mut().enable();
                if self.try_enter() {
                    return;
                }
                freed.await;
            }
        })
        .await
        .is_ok()
    }
}

struct Waiting<'a>(&'a Gate);

impl<'a> Waiting<'a> {
    fn new(gate: &'a Gate) -> Self {
        gate.waiting.fetch_add(1, Ordering::SeqCst);
        Self(gate)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn run(test: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
            .block_on(test);
    }

    #[test]
    fn one_more_than_the_limit_waits_and_is_refused() {
        run(async {
            let gate = Gate::new(1);
            assert!(gate.enter(Duration::ZERO).await);
            assert!(!gate.enter(Duration::from_secs(1)).await);
            assert_eq!((gate.running(), gate.waiting()), (1, 0));
            gate.leave();
            assert!(gate.enter(Duration::ZERO).await);
            gate.leave();
            assert_eq!(gate.running(), 0);
        });
    }

    async fn who_waits_enters_after(change: impl FnOnce(&Gate)) {
        let gate = Arc::new(Gate::new(1));
        assert!(gate.try_enter());
        let waiter = Arc::clone(&gate);
        let waiting = tokio::spawn(async move { waiter.enter(Duration::from_secs(5)).await });
        while gate.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        change(&gate);
        assert!(waiting.await.unwrap());
    }

    #[test]
    fn who_waits_gets_what_is_freed() {
        run(who_waits_enters_after(Gate::leave));
    }

    #[test]
    fn a_raised_limit_lets_waiters_in() {
        run(who_waits_enters_after(|gate| gate.set_limit(2)));
    }
}
