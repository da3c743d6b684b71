//! The threads that start processes. As many as may be young at once; they live as long as the plugin.

use crate::fault::LaunchError;
use crate::launch::{Launch, Launcher};
use crate::registry::Registry;
use crate::young::{Young, run};
use plugin_api::tokio::sync::oneshot;
use plugin_api::{Error, Result};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// What comes of a launch.
pub(crate) type Answer = Result<Young, LaunchError>;

/// Starts processes for whoever asks.
#[derive(Debug)]
pub(crate) struct Pool {
    shared: Arc<Shared>,
    limit: usize,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    work: Condvar,
    registry: Arc<Registry>,
}

#[derive(Debug, Default)]
struct Queue {
    orders: VecDeque<(Launch, oneshot::Sender<Answer>)>,
    threads: usize,
    idle: usize,
    ended: bool,
}

impl Pool {
    /// Threads are started when they are first needed, at most `limit`.
    pub(crate) fn new(registry: Arc<Registry>, limit: usize) -> Self {
        let shared = Shared { queue: Mutex::default(), work: Condvar::new(), registry };
        Self { shared: Arc::new(shared), limit }
    }

    /// Starts a process and waits for what its first milliseconds bring. When the future is dropped it is not started, or killed.
    pub(crate) async fn run(&self, launch: Launch) -> Result<Answer> {
        let (sender, receiver) = oneshot::channel();
        self.submit(launch, sender)?;
        let lost = || Error::plugin("a thread that starts processes has failed");
        receiver.await.map_err(|_| lost())
    }

    pub(crate) fn registry(&self) -> &Arc<Registry> {
        &self.shared.registry
    }

    fn submit(&self, launch: Launch, sender: oneshot::Sender<Answer>) -> Result<()> {
        let mut queue = self.shared.lock();
        queue.orders.push_back((launch, sender));
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

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.work.notify_all();
    }
}

impl Shared {
    fn serve(&self) {
        let mut launcher = Launcher::claim(Arc::clone(&self.registry));
        while let Some((launch, sender)) = self.next() {
            // Whoever asked has gone: no code of the function's has run.
            if sender.is_closed() {
                continue;
            }
            let answer = match &mut launcher {
                // The thread must not end: its processes would die with it.
                Ok(launcher) => catch_unwind(AssertUnwindSafe(|| run(launcher, launch))).ok(),
                Err(error) => Some(Err(LaunchError::Thread(error.to_string()))),
            };
            if let Some(answer) = answer {
                // An answer that nobody takes is dropped, and a process in it killed.
                let _ = sender.send(answer);
            }
        }
    }

    fn next(&self) -> Option<(Launch, oneshot::Sender<Answer>)> {
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

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
