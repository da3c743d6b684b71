//! One invocation's share of a worker.

use super::shell::Pool;
use super::slots::{Turn, Verdict};
use super::source::Source;
use super::state::Grant;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One invocation's share of a worker; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Lease<S: Source> {
    pool: Arc<Pool<S>>,
    turn: Turn,
    verdict: Verdict,
    pub(crate) worker: S::Worker,
    /// What its start took of the time that the call waited; none where the worker was there.
    pub(crate) start: Option<Duration>,
}

impl<S: Source> Lease<S> {
    pub(super) fn new(pool: &Arc<Pool<S>>, grant: Grant<S::Worker>) -> Self {
        let Grant { turn, worker, start } = grant;
        Self { pool: Arc::clone(pool), turn, verdict: Verdict::Unused, worker, start }
    }

    /// How the call has left the worker. Before it is handed over, that it was left in the middle of it.
    pub(crate) fn judge(&mut self, verdict: Verdict) {
        self.verdict = verdict;
    }

    /// The worker has had no call before this one.
    pub(crate) fn is_first(&self) -> bool {
        self.turn.number == 0
    }

    /// When the worker was handed over.
    pub(crate) fn since(&self) -> Instant {
        self.turn.at.into_std()
    }
}

impl<S: Source> Drop for Lease<S> {
    fn drop(&mut self) {
        self.pool.give_back(self.turn, &self.verdict);
    }
}
