//! The gate of a function: at most so many invocations at once, the others wait a bounded time.

use super::Statistics;
use super::queue::{End, Queue};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::oneshot;

/// One gate a function, kept across its generations: a redeploy neither lifts nor doubles the limit.
#[derive(Debug)]
pub(crate) struct Gate {
    limit: AtomicUsize,
    running: AtomicUsize,
    /// Counted before it is looked whether there is a place; who leaves looks at it afterwards.
    waiting: AtomicUsize,
    line: Mutex<Line>,
    pub(crate) statistics: Statistics,
}

#[derive(Debug, Default)]
struct Line {
    /// Who needs a place and nothing else.
    plain: Queue<oneshot::Sender<Place>>,
    /// The pools of the function's generations: who waits there needs a worker too.
    pools: Vec<Weak<dyn Advance>>,
}

/// What has waiters of its own.
pub(super) trait Advance: Send + Sync + std::fmt::Debug {
    /// A place is free: lets in who can.
    fn advance(self: Arc<Self>);
}

/// A place on its way to a waiter; given back if nobody takes it.
#[derive(Debug)]
struct Place(Option<Arc<Gate>>);

impl Place {
    /// From now on whoever has it calls [`Gate::leave`].
    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(gate) = self.0.take() {
            gate.leave();
        }
    }
}

impl Gate {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit: AtomicUsize::new(limit),
            running: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            line: Mutex::default(),
            statistics: Statistics::default(),
        }
    }

    /// A new limit; who waits looks again.
    pub(crate) fn set_limit(self: &Arc<Self>, limit: usize) {
        if self.limit.swap(limit, Ordering::SeqCst) < limit {
            self.wake();
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
        self.waiting.load(Ordering::SeqCst)
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
    pub(crate) fn leave(self: &Arc<Self>) {
        self.release();
        if self.waiting() > 0 {
            self.wake();
        }
    }

    /// Gives a place back and tells nobody: for who sees to the waiters itself.
    pub(super) fn release(&self) {
        self.running.fetch_sub(1, Ordering::SeqCst);
    }

    /// A place, after at most `patience`; false when nobody left in that time. It must be given back with [`Gate::leave`].
    pub(crate) async fn enter(self: &Arc<Self>, patience: Duration) -> bool {
        // Nobody overtakes who waits.
        if self.waiting() == 0 && self.try_enter() {
            return true;
        }
        let (sender, receiver) = oneshot::channel();
        self.count_waiter();
        let ticket = self.line().plain.push(End::Last, sender);
        let _in_line = InLine { gate: self, ticket };
        self.wake();
        match tokio::time::timeout(patience, receiver).await {
            Ok(Ok(place)) => {
                place.keep();
                true
            }
            _ => false,
        }
    }

    /// A pool whose waiters are to be told of free places.
    pub(super) fn join(&self, pool: Weak<dyn Advance>) {
        let mut line = self.line();
        line.pools.retain(|pool| pool.strong_count() > 0);
        line.pools.push(pool);
    }

    pub(super) fn count_waiter(&self) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn discount_waiter(&self) {
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }

    /// Lets in who waits, as far as there are places.
    pub(super) fn wake(self: &Arc<Self>) {
        let pools: Vec<Arc<dyn Advance>> = {
            let mut line = self.line();
            while !line.plain.is_empty() && self.try_enter() {
                let Some(waiter) = line.plain.pop() else { break };
                if let Err(unwanted) = waiter.send(Place(Some(Arc::clone(self)))) {
                    // Gone a moment ago; the place is for the next one.
                    unwanted.keep();
                    self.release();
                }
            }
            line.pools.iter().filter_map(Weak::upgrade).collect()
        };
        for pool in pools {
            pool.advance();
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts as waiting, and stands in line, until it is dropped.
struct InLine<'a> {
    gate: &'a Gate,
    ticket: u64,
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.gate.line().plain.remove(self.ticket);
        self.gate.discount_waiter();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn run(test: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
            .block_on(test);
    }

    /// Somebody who waits at the gate; the answer comes when it is in or has given up.
    async fn waiter(gate: &Arc<Gate>) -> tokio::task::JoinHandle<bool> {
        let (gate, before) = (Arc::clone(gate), gate.waiting());
        let theirs = Arc::clone(&gate);
        let waiting = tokio::spawn(async move { theirs.enter(Duration::from_secs(5)).await });
        while gate.waiting() == before {
            tokio::task::yield_now().await;
        }
        waiting
    }

    #[test]
    fn one_more_than_the_limit_waits_and_is_refused() {
        run(async {
            let gate = Arc::new(Gate::new(1));
            assert!(gate.enter(Duration::ZERO).await);
            assert!(!gate.enter(Duration::from_secs(1)).await);
            assert_eq!((gate.running(), gate.waiting()), (1, 0));
            gate.leave();
            assert!(gate.enter(Duration::ZERO).await);
            gate.leave();
            assert_eq!(gate.running(), 0);
        });
    }

    async fn who_waits_enters_after(change: impl FnOnce(&Arc<Gate>)) {
        let gate = Arc::new(Gate::new(1));
        assert!(gate.try_enter());
        let waiting = waiter(&gate).await;
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

    #[test]
    fn a_place_goes_to_who_has_waited_longest_and_never_to_who_has_gone() {
        run(async {
            let gate = Arc::new(Gate::new(1));
            assert!(gate.try_enter());
            let (gone, first, second) =
                (waiter(&gate).await, waiter(&gate).await, waiter(&gate).await);
            gone.abort();
            assert!(gone.await.is_err());
            gate.leave();
            // Handed over already: who comes now does not overtake.
            assert!(!gate.try_enter() && gate.running() == 1);
            assert!(first.await.unwrap() && !second.is_finished());
            gate.leave();
            assert!(second.await.unwrap());
            gate.leave();
            assert_eq!((gate.running(), gate.waiting()), (0, 0));
        });
    }
}
