//! The threads that serve connections: one runtime each, so that a request is never handed from core to core.

use crate::plugins::serve_calls_here;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::runtime::{Builder, Handle};

/// A thread with its runtime, and how many connections it serves.
struct Lane {
    handle: Handle,
    connections: Arc<AtomicUsize>,
}

/// All lanes. They end with the process.
pub(super) struct Lanes(Vec<Lane>);

/// A connection's place on its lane; given back when it is dropped.
pub(super) struct Place(Arc<AtomicUsize>);

impl Lanes {
    /// Starts so many threads.
    ///
    /// # Errors
    /// The system gives no thread or descriptor.
    pub(super) fn start(count: usize) -> std::io::Result<Self> {
        let lanes = (0..count.max(1)).map(|number| {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let handle = runtime.handle().clone();
            let thread = std::thread::Builder::new().name(format!("http-{number}"));
            thread.spawn(move || {
                serve_calls_here();
                runtime.block_on(std::future::pending::<()>());
            })?;
            Ok(Lane { handle, connections: Arc::default() })
        });
        lanes.collect::<std::io::Result<Vec<_>>>().map(Self)
    }

    /// Has a connection served on the lane that has the fewest.
    pub(super) fn serve<F>(&self, connection: impl FnOnce(Place) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let fewest = self.0.iter().min_by_key(|lane| lane.connections.load(Ordering::Relaxed));
        if let Some(lane) = fewest {
            lane.connections.fetch_add(1, Ordering::Relaxed);
            lane.handle.spawn(connection(Place(Arc::clone(&lane.connections))));
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
