//! How a pool behaves.

use std::time::Duration;

/// How a pool behaves, whatever the mode is called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    /// Each invocation gets a worker of its own, started for it and stopped after it.
    pub(crate) cold: bool,
    /// Invocations that one worker takes at once.
    pub(crate) capacity: u32,
    /// Invocations beyond that which may be handed to a busy worker.
    pub(crate) ahead: u32,
    /// Workers that are there always.
    pub(crate) least: usize,
    /// Most workers.
    pub(crate) most: usize,
    /// How long a worker beyond the least is kept without work.
    pub(crate) idle: Duration,
    /// A worker is replaced after so many invocations.
    pub(crate) recycle_after: Option<u64>,
    /// How long a start may take.
    pub(crate) start_limit: Duration,
}

impl Policy {
    /// Without contradictions.
    pub(super) fn checked(mut self) -> Self {
        self.capacity = self.capacity.max(1);
        if self.cold {
            (self.capacity, self.ahead, self.least) = (1, 0, 0);
            self.recycle_after = Some(1);
        }
        self.most = self.most.max(self.least).max(1);
        self
    }

    /// Invocations that all workers together take at once.
    pub(super) fn places(&self) -> usize {
        self.most.saturating_mul(self.capacity as usize)
    }
}
