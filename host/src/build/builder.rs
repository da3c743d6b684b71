//! Builds in the background: one of a function at a time, and not more at once than leaves room for those that serve.

use super::Build;
use super::guarded::{Stop, build};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Instant;
use tokio::sync::{Semaphore, watch};

/// Builds functions.
#[derive(Debug)]
pub(crate) struct Builder {
    is_idle: bool,
    /// The newest build of each function that has had one.
    latest: Mutex<HashMap<String, Latest>>,
    last_number: AtomicU64,
    permits: Arc<Semaphore>,
}

/// What has come of asking for a build.
pub(crate) enum Asked {
    /// It is under way until the future ends; it stops when nobody holds such a future any more.
    Building {
        ended: BoxFuture<'static, ()>,
        /// The same failed before.
        again: bool,
    },
    /// It has failed. Who asks again starts it again.
    Failed(String),
}

#[derive(Debug)]
struct Latest {
    /// Which build it is: one that was stopped may end after the next has begun.
    number: u64,
    output: PathBuf,
    state: LatestState,
    again: bool,
}

#[derive(Debug)]
enum LatestState {
    Running(Weak<Job>),
    Failed(String),
    /// The failure has been told.
    Told,
}

/// A build that somebody waits for.
#[derive(Debug)]
struct Job {
    stop: Arc<Stop>,
    ended: watch::Receiver<bool>,
}

impl Drop for Job {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

impl Builder {
    /// Only says that it would build.
    pub(crate) fn idle() -> Self {
        Self { is_idle: true, ..Self::new() }
    }

    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let permits = Arc::new(Semaphore::new((cores / 2).max(1)));
        Self { is_idle: false, latest: Mutex::default(), last_number: AtomicU64::new(0), permits }
    }

    /// Has the function built; a build of other sources is stopped. To be called on a tokio runtime.
    pub(crate) fn ask(self: &Arc<Self>, function: &str, build: &Build) -> Asked {
        if self.is_idle {
            return Asked::Building { ended: std::future::pending().boxed(), again: false };
        }
        let mut all = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let mut again = false;
        if let Some(latest) = all.get_mut(function) {
            let same = latest.output == build.output;
            match &latest.state {
                LatestState::Running(job) => match job.upgrade() {
                    Some(job) if same => return job.asked(latest.again),
                    Some(other) => other.stop.stop(),
                    None => {}
                },
                LatestState::Failed(reason) if same => {
                    let reason = reason.clone();
                    latest.state = LatestState::Told;
                    return Asked::Failed(reason);
                }
                LatestState::Failed(_) => {}
                LatestState::Told => again = same,
            }
        }
        let number = self.last_number.fetch_add(1, Ordering::Relaxed);
        let job = self.start(function, number, build);
        let state = LatestState::Running(Arc::downgrade(&job));
        let latest = Latest { number, output: build.output.clone(), state, again };
        all.insert(function.to_owned(), latest);
        job.asked(again)
    }

    fn start(self: &Arc<Self>, function: &str, number: u64, order: &Build) -> Arc<Job> {
        let (sender, ended) = watch::channel(false);
        let job = Arc::new(Job { stop: Arc::default(), ended });
        let (stop, order) = (Arc::clone(&job.stop), order.clone());
        let (builder, function) = (Arc::clone(self), function.to_owned());
        tokio::spawn(async move {
            // Never closed.
            let permit = Arc::clone(&builder.permits).acquire_owned().await;
            let started = Instant::now();
            let built = tokio::task::spawn_blocking(move || build(&order, &stop, false)).await;
            drop(permit);
            let built = built.unwrap_or_else(|error| Err(format!("the build broke off: {error}")));
            if built.is_ok() {
                let seconds = started.elapsed().as_secs_f32();
                tracing::info!(function, seconds, "function built");
            }
            builder.note(&function, number, built);
            let _ = sender.send(true);
        });
        job
    }

    /// A build has ended, which may not be the newest one.
    fn note(&self, function: &str, number: u64, built: Result<(), String>) {
        let mut all = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(latest) = all.get_mut(function).filter(|latest| latest.number == number) else {
            return;
        };
        match built {
            Ok(()) => drop(all.remove(function)),
            Err(reason) => latest.state = LatestState::Failed(reason),
        }
    }
}

impl Job {
    fn asked(self: Arc<Self>, again: bool) -> Asked {
        let ended = async move {
            let mut ended = self.ended.clone();
            // An error: whoever built has gone, and that is an end too.
            let _ = ended.wait_for(|ended| *ended).await;
        };
        Asked::Building { ended: ended.boxed(), again }
    }
}
