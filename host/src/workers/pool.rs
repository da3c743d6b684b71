//! The workers of one generation of a function, where its runner keeps some: started when needed, shared up to their capacity, stopped when idle.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// What starts and stops workers.
pub(crate) trait Source: Send + Sync + 'static {
    /// What a worker is called by.
    type Worker: Copy + PartialEq + Send + Sync + 'static;
    /// Why one could not be started.
    type Error: Send;

    /// Starts one.
    fn start(&self) -> impl Future<Output = Result<Self::Worker, Self::Error>> + Send;
    /// Stops one; nobody waits for it.
    fn stop(self: &Arc<Self>, worker: Self::Worker);
}

/// How a pool behaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    /// Invocations that one worker takes at once.
    pub(crate) capacity: u32,
    /// Most workers.
    pub(crate) most: usize,
    /// How long a worker without work is kept; zero: until the next look.
    pub(crate) idle: Duration,
    /// A worker is replaced after so many invocations.
    pub(crate) recycle_after: Option<u64>,
}

/// The workers. Dropped with the last invocation of the generation, it stops them all.
pub(crate) struct Pool<S: Source> {
    source: Arc<S>,
    policy: Policy,
    state: Mutex<Vec<Slot<S::Worker>>>,
    starting: std::sync::atomic::AtomicUsize,
    freed: Notify,
}

struct Slot<W> {
    worker: W,
    busy: u32,
    served: u64,
    since: Instant,
}

/// One invocation's share of a worker; given back when it is dropped.
pub(crate) struct Lease<S: Source> {
    pool: Arc<Pool<S>>,
    pub(crate) worker: S::Worker,
    /// True when the worker was started for this lease.
    pub(crate) cold: bool,
    spoilt: bool,
}

/// How many workers there are, for `/list`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) idle: usize,
    pub(crate) busy: usize,
    pub(crate) starting: usize,
}

impl<S: Source> Pool<S> {
    pub(crate) fn new(source: Arc<S>, policy: Policy) -> Arc<Self> {
        Arc::new(Self {
            source,
            policy,
            state: Mutex::new(Vec::new()),
            starting: std::sync::atomic::AtomicUsize::new(0),
            freed: Notify::new(),
        })
    }

    /// A worker with room: the one that was busy last, else a new one, else the first that is given back.
    ///
    /// # Errors
    /// A worker was needed and could not be started.
    pub(crate) async fn lease(self: &Arc<Self>) -> Result<Lease<S>, S::Error> {
        loop {
            let freed = self.freed.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            match self.next() {
                Next::There(worker) => {
                    return Ok(Lease {
                        pool: Arc::clone(self),
                        worker,
                        cold: false,
                        spoilt: false,
                    });
                }
                Next::Start(starting) => return self.start(starting).await,
                Next::Wait => freed.await,
            }
        }
    }

    fn next(&self) -> Next<'_, S> {
        use std::sync::atomic::Ordering::Relaxed;
        let mut slots = self.lock();
        let capacity = self.policy.capacity;
        if let Some(slot) = slots.iter_mut().rev().find(|slot| slot.busy < capacity) {
            slot.busy += 1;
            slot.served += 1;
            return Next::There(slot.worker);
        }
        if slots.len() + self.starting.load(Relaxed) < self.policy.most {
            self.starting.fetch_add(1, Relaxed);
            return Next::Start(Starting(self));
        }
        Next::Wait
    }

    async fn start(self: &Arc<Self>, starting: Starting<'_, S>) -> Result<Lease<S>, S::Error> {
        let worker = self.source.start().await?;
        self.lock().push(Slot { worker, busy: 1, served: 1, since: Instant::now() });
        drop(starting);
        if self.policy.capacity > 1 {
            self.freed.notify_waiters();
        }
        Ok(Lease { pool: Arc::clone(self), worker, cold: true, spoilt: false })
    }

    fn give_back(&self, worker: S::Worker, spoilt: bool) {
        let mut slots = self.lock();
        let Some(index) = slots.iter().position(|slot| slot.worker == worker) else { return };
        let slot = &mut slots[index];
        slot.busy -= 1;
        slot.since = Instant::now();
        let worn = self.policy.recycle_after.is_some_and(|most| slot.served >= most);
        if spoilt || worn {
            // A spoilt worker takes no more; what it still does ends with it.
            slots.remove(index);
            drop(slots);
            self.source.stop(worker);
        } else {
            drop(slots);
        }
        self.freed.notify_one();
    }

    /// Stops workers that have had nothing to do for the idle time.
    pub(crate) fn sweep(&self) {
        let now = Instant::now();
        let mut idle = Vec::new();
        self.lock().retain(|slot| {
            let keep = slot.busy > 0 || now.duration_since(slot.since) < self.policy.idle;
            if !keep {
                idle.push(slot.worker);
            }
            keep
        });
        for worker in idle {
            self.source.stop(worker);
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        let slots = self.lock();
        let busy = slots.iter().filter(|slot| slot.busy > 0).count();
        let starting = self.starting.load(std::sync::atomic::Ordering::Relaxed);
        Counts { idle: slots.len() - busy, busy, starting }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Slot<S::Worker>>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Next<'a, S: Source> {
    There(S::Worker),
    Start(Starting<'a, S>),
    Wait,
}

/// A worker on its way; counted off also when the start fails or nobody waits for it any more.
struct Starting<'a, S: Source>(&'a Pool<S>);

impl<S: Source> Drop for Starting<'_, S> {
    fn drop(&mut self) {
        self.0.starting.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
        self.0.freed.notify_one();
    }
}

impl<S: Source> Lease<S> {
    /// The worker is not to be used again: it died, or broke the protocol, or was left in the middle of a call.
    pub(crate) fn spoil(&mut self, spoilt: bool) {
        self.spoilt = spoilt;
    }
}

impl<S: Source> Drop for Lease<S> {
    fn drop(&mut self) {
        self.pool.give_back(self.worker, self.spoilt);
    }
}

impl<S: Source> Drop for Pool<S> {
    fn drop(&mut self) {
        for slot in self.lock().drain(..) {
            self.source.stop(slot.worker);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[derive(Default)]
    struct Numbers {
        started: AtomicU32,
        stopped: AtomicU32,
    }

    impl Source for Numbers {
        type Worker = u32;
        type Error = String;

        async fn start(&self) -> Result<u32, String> {
            tokio::time::sleep(Duration::from_millis(10)).await;
            Ok(self.started.fetch_add(1, Ordering::Relaxed))
        }

        fn stop(self: &Arc<Self>, _worker: u32) {
            self.stopped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn pool(capacity: u32, most: usize, recycle_after: Option<u64>) -> Arc<Pool<Numbers>> {
        let idle = Duration::from_secs(60);
        Pool::new(Arc::default(), Policy { capacity, most, idle, recycle_after })
    }

    fn run(test: impl Future<Output = ()>) {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().start_paused(true).build().unwrap().block_on(test);
    }

    fn totals(pool: &Pool<Numbers>) -> (u32, u32) {
        let source = &pool.source;
        (source.started.load(Ordering::Relaxed), source.stopped.load(Ordering::Relaxed))
    }

    #[test]
    fn a_worker_is_used_again_and_stopped_when_idle_for_long() {
        run(async {
            let pool = pool(1, 4, None);
            assert!(pool.lease().await.unwrap().cold);
            assert!(!pool.lease().await.unwrap().cold);
            pool.sweep();
            assert_eq!(pool.counts(), Counts { idle: 1, busy: 0, starting: 0 });
            tokio::time::advance(Duration::from_secs(61)).await;
            pool.sweep();
            assert_eq!(totals(&pool), (1, 1));
        });
    }

    #[test]
    fn a_burst_starts_no_more_than_the_most_and_the_rest_waits() {
        run(async {
            let pool = pool(2, 2, None);
            let calls = (0..20).map(|_| {
                let pool = Arc::clone(&pool);
                tokio::spawn(async move {
                    let _lease = pool.lease().await.unwrap();
                    tokio::time::sleep(Duration::from_millis(5)).await;
                })
            });
            for call in calls.collect::<Vec<_>>() {
                call.await.unwrap();
            }
            assert_eq!(totals(&pool), (2, 0));
        });
    }

    #[test]
    fn spoilt_and_worn_workers_are_replaced_and_all_end_with_the_pool() {
        run(async {
            let pool = pool(1, 1, Some(2));
            pool.lease().await.unwrap().spoil(true);
            assert_eq!(totals(&pool), (1, 1));
            for _ in 0..3 {
                drop(pool.lease().await.unwrap());
            }
            assert_eq!(totals(&pool), (3, 2));
            let source = Arc::clone(&pool.source);
            drop(pool);
            assert_eq!(source.stopped.load(Ordering::Relaxed), 3);
        });
    }
}
