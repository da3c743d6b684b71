//! Counters of one function, kept across its generations.

use crate::invocation::Outcome;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How often each outcome came, how long it took in all, and what became of the workers.
#[derive(Debug, Default)]
pub(crate) struct Statistics {
    outcomes: [AtomicU64; Outcome::ALL.len()],
    microseconds: AtomicU64,
    workers: [AtomicU64; WorkerEvent::ALL.len()],
}

/// What happens to workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WorkerEvent {
    Started,
    StartFailed,
    /// It was replaced after its number of invocations.
    Recycled,
    /// It died, or broke the protocol.
    Crashed,
}

impl WorkerEvent {
    /// All of them, in the order of their numbers.
    pub(crate) const ALL: [Self; 4] =
        [Self::Started, Self::StartFailed, Self::Recycled, Self::Crashed];
}

impl Statistics {
    /// One invocation more.
    pub(crate) fn count(&self, outcome: Outcome, duration: Duration) {
        self.outcomes[outcome as usize].fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.fetch_add(micros, Ordering::Relaxed);
    }

    /// How often an outcome came.
    pub(crate) fn of(&self, outcome: Outcome) -> u64 {
        self.outcomes[outcome as usize].load(Ordering::Relaxed)
    }

    /// How many invocations there were.
    pub(crate) fn total(&self) -> u64 {
        Outcome::ALL.into_iter().map(|outcome| self.of(outcome)).sum()
    }

    /// Time of all invocations together.
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_micros(self.microseconds.load(Ordering::Relaxed))
    }

    pub(super) fn count_worker(&self, event: WorkerEvent) {
        self.workers[event as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How often that happened to a worker.
    pub(crate) fn of_workers(&self, event: WorkerEvent) -> u64 {
        self.workers[event as usize].load(Ordering::Relaxed)
    }
}
