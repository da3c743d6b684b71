//! The connections that are open: who is idle for too long is closed, and at the end all of them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    closing: AtomicBool,
    wake: Notify,
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
            closing: AtomicBool::new(false),
            wake: Notify::new(),
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

    /// Asks the connection's task to end.
    fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
        self.wake.notify_one();
    }

    /// Returns when somebody asked for the end.
    pub(crate) async fn asked_to_close(&self) {
        self.wake.notified().await;
    }

    /// True when no request came and none is open since `limit` sweeps.
    fn is_idle(&self, limit: u32) -> bool {
        let requests = self.requests.load(Ordering::Relaxed);
        if self.open.load(Ordering::Relaxed) > 0
            || self.seen.swap(requests, Ordering::Relaxed) != requests
        {
            self.sweeps.store(0, Ordering::Relaxed);
            return false;
        }
        self.sweeps.fetch_add(1, Ordering::Relaxed) + 1 >= limit
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

    /// Closes what has been idle for `limit`; called every `interval`.
    pub(crate) fn sweep(&self, limit: Duration, interval: Duration) {
        let sweeps = limit.as_millis() / interval.as_millis().max(1);
        let sweeps = u32::try_from(sweeps).unwrap_or(u32::MAX).max(1);
        for connection in self.lock().values().filter(|connection| connection.is_idle(sweeps)) {
            connection.close();
        }
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
