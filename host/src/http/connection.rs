//! The connections that are open: who is idle for too long is closed, and at the end all of them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;
use tokio::sync::Notify;

/// One connection as its own task and the sweeper see it.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) remote: SocketAddr,
    pub(crate) local: SocketAddr,
    /// Requests so far.
    requests: AtomicU32,
    /// Requests that have no answer yet.
    open: AtomicU32,
    /// Requests so far when the sweeper looked last, and how often it has seen the same since.
    seen: AtomicU32,
    sweeps: AtomicU32,
    /// Pieces that went in or out, and that number at the last look of the sweeper.
    progress: AtomicU32,
    progress_seen: AtomicU32,
    /// The caller does not take what there is for it.
    blocked: AtomicBool,
    closing: AtomicBool,
    aborting: AtomicBool,
    /// The connection's task.
    task: Mutex<Option<Waker>>,
}

/// A request of a connection, until its answer is out.
pub(crate) struct Open(Arc<Connection>);

impl Connection {
    fn new(remote: SocketAddr, local: SocketAddr) -> Self {
        Self {
            remote,
            local,
            requests: AtomicU32::new(0),
            open: AtomicU32::new(0),
            seen: AtomicU32::new(0),
            sweeps: AtomicU32::new(0),
            progress: AtomicU32::new(0),
            progress_seen: AtomicU32::new(0),
            blocked: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            aborting: AtomicBool::new(false),
            task: Mutex::new(None),
        }
    }

    /// A request begins. Only the connection's own task writes these: no core waits for another.
    pub(crate) fn request(self: &Arc<Self>) -> Open {
        self.requests
            .store(self.requests.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        self.open.store(self.open.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        Open(Arc::clone(self))
    }

    /// True when the connection should end as soon as its current answer is out.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// True when the connection must end as it is.
    pub(crate) fn is_aborting(&self) -> bool {
        self.aborting.load(Ordering::Relaxed)
    }

    /// True when no request is open and nothing waits to get out.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.open.load(Ordering::Relaxed) == 0 && !self.blocked.load(Ordering::Relaxed)
    }

    /// A piece went in or out.
    pub(crate) fn moved(&self) {
        self.progress
            .store(self.progress.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        self.blocked.store(false, Ordering::Relaxed);
    }

    /// A piece could not go out.
    pub(crate) fn stuck(&self) {
        self.blocked.store(true, Ordering::Relaxed);
    }

    /// Who is woken when the connection should end.
    pub(crate) fn is_served_by(&self, task: &Waker) {
        *self.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task.clone());
    }

    /// Asks the connection's task to end.
    fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
        self.wake();
    }

    /// Has the connection's task end at once.
    fn abort(&self) {
        self.aborting.store(true, Ordering::Relaxed);
        self.wake();
    }

    fn wake(&self) {
        if let Some(task) = &*self.task.lock().unwrap_or_else(PoisonError::into_inner) {
            task.wake_by_ref();
        }
    }

    /// Ends what has done nothing for `limit` sweeps: no request since (a head that never gets whole is none), or an
    /// answer of which nothing more is taken.
    fn sweep(&self, limit: u32) {
        let requests = self.requests.load(Ordering::Relaxed);
        let progress = self.progress.load(Ordering::Relaxed);
        let same_requests = self.seen.swap(requests, Ordering::Relaxed) == requests;
        let same_progress = self.progress_seen.swap(progress, Ordering::Relaxed) == progress;
        let is_stuck = self.blocked.load(Ordering::Relaxed) && same_progress;
        if !is_stuck && (self.open.load(Ordering::Relaxed) > 0 || !same_requests) {
            self.sweeps.store(0, Ordering::Relaxed);
        } else if self.sweeps.fetch_add(1, Ordering::Relaxed) + 1 >= limit {
            if is_stuck { self.abort() } else { self.close() }
        }
    }
}

#[cfg(test)]
impl Open {
    /// A request of a connection that is none.
    pub(super) fn of_nobody() -> Self {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        Arc::new(Connection::new(nowhere, nowhere)).request()
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.store(self.0.open.load(Ordering::Relaxed).saturating_sub(1), Ordering::Relaxed);
    }
}

/// All connections that are open.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    next: AtomicU64,
    open: Mutex<HashMap<u64, Arc<Connection>>>,
    gone: Notify,
}

/// A connection's entry in the book; taken out when it is dropped.
pub(crate) struct Registered {
    number: u64,
    connections: Arc<Connections>,
    pub(crate) connection: Arc<Connection>,
}

impl Connections {
    pub(crate) fn register(self: &Arc<Self>, remote: SocketAddr, local: SocketAddr) -> Registered {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let connection = Arc::new(Connection::new(remote, local));
        self.lock().insert(number, Arc::clone(&connection));
        Registered { number, connections: Arc::clone(self), connection }
    }

    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    /// How many requests have no answer yet.
    pub(crate) fn in_flight(&self) -> usize {
        self.lock()
            .values()
            .filter(|connection| connection.open.load(Ordering::Relaxed) > 0)
            .count()
    }

    /// Closes what has been idle or stuck for `limit`; called every `interval`.
    pub(crate) fn sweep(&self, limit: Duration, interval: Duration) {
        // One more than fits: a connection that came just before a sweep has its whole time.
        let sweeps = limit.as_millis().div_ceil(interval.as_millis().max(1)) + 1;
        let sweeps = u32::try_from(sweeps).unwrap_or(u32::MAX);
        self.lock().values().for_each(|connection| connection.sweep(sweeps));
    }

    /// Asks all to end after their current answer, and waits for them.
    pub(crate) async fn close_all(&self) {
        loop {
            let gone = self.gone.notified();
            tokio::pin!(gone);
            gone.as_mut().enable();
            {
                let open = self.lock();
                if open.is_empty() {
                    return;
                }
                open.values().for_each(|connection| connection.close());
            }
            gone.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Connection>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.connections.lock().remove(&self.number);
        self.connections.gone.notify_waiters();
    }
}
