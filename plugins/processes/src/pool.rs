//! The threads that start processes; they live as long as the plugin, for what they started dies with them.

use crate::fault::LaunchError;
use crate::registry::Registry;
use crate::starter::Starter;
use plugin_api::tokio::sync::oneshot;
use plugin_api::{Error, Result};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// What comes of an order.
pub type Answer<P> = Result<P, LaunchError>;

/// Starts processes for whoever asks: does with each order what it was made for.
pub struct Pool<O: Send + 'static, P: Send + 'static> {
    shared: Arc<Shared<O, P>>,
    limit: usize,
}

struct Shared<O, P> {
    queue: Mutex<Queue<O, P>>,
    work: Condvar,
    registry: Arc<Registry>,
    start: fn(&mut Starter, O) -> Answer<P>,
}

struct Queue<O, P> {
    orders: VecDeque<(O, oneshot::Sender<Answer<P>>)>,
    threads: usize,
    idle: usize,
    ended: bool,
}

impl<O: Send + 'static, P: Send + 'static> Pool<O, P> {
    /// Threads are started when they are first needed, at most `limit`.
    #[must_use]
    pub fn new(
        registry: Arc<Registry>,
        limit: usize,
        start: fn(&mut Starter, O) -> Answer<P>,
    ) -> Self {
        let queue = Queue { orders: VecDeque::new(), threads: 0, idle: 0, ended: false };
        let shared = Shared { queue: Mutex::new(queue), work: Condvar::new(), registry, start };
        Self { shared: Arc::new(shared), limit }
    }

    /// Has an order done. When the future is dropped it is not done, or what came of it is dropped.
    ///
    /// # Errors
    /// No thread can be had.
    pub async fn run(&self, order: O) -> Result<Answer<P>> {
        let (sender, receiver) = oneshot::channel();
        self.submit(order, sender)?;
        let lost = || Error::plugin("a thread that starts processes has failed");
        receiver.await.map_err(|_| lost())
    }

    /// Where the processes are listed.
    #[must_use]
    pub fn registry(&self) -> &Arc<Registry> {
        &self.shared.registry
    }

    fn submit(&self, order: O, sender: oneshot::Sender<Answer<P>>) -> Result<()> {
        let mut queue = self.shared.lock();
        queue.orders.push_back((order, sender));
        // A thread that has been woken counts as idle until it runs.
        if queue.orders.len() <= queue.idle {
            drop(queue);
            self.shared.work.notify_one();
            return Ok(());
        }
        if queue.threads < self.limit {
            let name = format!("start-{}", queue.threads);
            let shared = Arc::clone(&self.shared);
            match std::thread::Builder::new().name(name).spawn(move || shared.serve()) {
                Ok(_) => queue.threads += 1,
                Err(error) if queue.threads == 0 => {
                    queue.orders.pop_back();
                    return Err(Error::unavailable(
                        format!("cannot start a thread: {error}"),
                        1000,
                    ));
                }
                Err(_) => {}
            }
        }
        Ok(())
    }
}

impl<O: Send + 'static, P: Send + 'static> Drop for Pool<O, P> {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.work.notify_all();
    }
}

impl<O: Send + 'static, P: Send + 'static> std::fmt::Debug for Pool<O, P> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Pool").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl<O: Send, P: Send> Shared<O, P> {
    fn serve(&self) {
        let mut starter = Starter::claim(Arc::clone(&self.registry));
        while let Some((order, sender)) = self.next() {
            // Whoever asked has gone: no code of the function's has run.
            if sender.is_closed() {
                continue;
            }
            let answer = match &mut starter {
                // The thread must not end: its processes would die with it.
                Ok(starter) => catch_unwind(AssertUnwindSafe(|| (self.start)(starter, order))).ok(),
                Err(error) => Some(Err(LaunchError::Thread(error.to_string()))),
            };
            if let Some(answer) = answer {
                // An answer that nobody takes is dropped, and a process in it killed.
                let _ = sender.send(answer);
            }
        }
    }

    fn next(&self) -> Option<(O, oneshot::Sender<Answer<P>>)> {
        let mut queue = self.lock();
        loop {
            if let Some(order) = queue.orders.pop_front() {
                return Some(order);
            }
            if queue.ended {
                return None;
            }
            queue.idle += 1;
            queue = self.work.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.idle -= 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue<O, P>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
