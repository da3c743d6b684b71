//! What follows when a worker has been started, or could not be.

use super::super::statistics::WorkerEvent;
use super::backoff::Failure;
use super::state::{Effects, Moment, State};
use std::time::Duration;

/// Why a start failed.
#[derive(Debug, Clone, Copy)]
pub(super) struct StartFailure<'a> {
    pub(super) reason: &'a str,
    /// The next one would fail as well.
    pub(super) is_final: bool,
}

impl<W: Copy, T> State<W, T> {
    /// A worker is there: for who waits, else for who comes.
    pub(super) fn started(
        &mut self,
        worker: W,
        took: Duration,
        at: &Moment<'_>,
        effects: &mut Effects<W, T>,
    ) {
        self.starting -= 1;
        at.gate.statistics.count_worker(WorkerEvent::Started);
        self.pace.started(took, at.now);
        // Whom it was started for has gone; in a cold pool nobody who comes later may have it.
        if self.policy.cold && self.queue.is_empty() {
            effects.stops.push(worker);
            return;
        }
        self.slots.insert(worker, at.lane, at.now);
        self.settle(Some(took), at, effects);
    }

    /// No worker came. Who can be served by others waits on.
    pub(super) fn start_failed(
        &mut self,
        failure: StartFailure<'_>,
        at: &Moment<'_>,
        effects: &mut Effects<W, T>,
    ) {
        self.starting -= 1;
        at.gate.statistics.count_worker(WorkerEvent::StartFailed);
        self.backoff.failed(Failure::Start, failure.reason, at.now);
        if self.policy.cold || self.slots.serving() == 0 {
            let concerned = match failure.is_final {
                true => self.queue.len(),
                // Another start that is under way may do.
                false => usize::from(self.policy.cold || self.starting == 0),
            };
            for _ in 0..concerned {
                effects.failed.extend(self.pop(at));
            }
        }
        self.give_up_if_repeated(effects);
        self.settle(None, at, effects);
    }

    /// A start came to no end at all. The upkeep sees to who waits for it.
    pub(super) fn start_lost(&mut self, at: &Moment<'_>) {
        self.starting -= 1;
        at.gate.statistics.count_worker(WorkerEvent::StartFailed);
        self.backoff.failed(Failure::Start, "the start of a worker was cut off", at.now);
    }
}
