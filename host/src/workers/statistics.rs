//! Counters of one function, kept across its generations.

use crate::invocation::Outcome;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How often each outcome came, and how long it took in all.
#[derive(Debug, Default)]
pub(crate) struct Statistics {
    outcomes: [AtomicU64; Outcome::ALL.len()],
    microseconds: AtomicU64,
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
}
