//! What becomes of a pool by the mere passing of time.

use super::state::{Effects, Moment, State};
use std::time::Duration;
use tokio::time::Instant;

/// Who waits is looked at no more often.
const LEAST_TICK: Duration = Duration::from_millis(2);
/// Who may have been idle for long is looked at no more often.
const LEAST_PAUSE: Duration = Duration::from_millis(20);

/// What becomes of a call that has waited for some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expiry {
    /// It has been given a worker or an error already.
    Answered,
    /// A worker is being started for it.
    Started,
    /// All workers that may be are busy, and its patience has not ended yet.
    Busy,
    /// All workers that may be are busy.
    AtLimit,
    /// The last workers failed, and the next one is started after so long.
    Paused(Duration),
}

impl<W: Copy, T> State<W, T> {
    /// What a waiting call waits for.
    pub(super) fn outlook(&self, ticket: u64) -> Expiry {
        let coming = self.starting.saturating_mul(self.policy.capacity as usize);
        if !self.queue.contains(ticket) {
            Expiry::Answered
        } else if self.queue.is_among_first(coming, ticket) {
            Expiry::Started
        } else {
            Expiry::Busy
        }
    }

    /// A call has waited for as long as it may: it waits on only for a worker that is being started for it.
    pub(super) fn expire(
        &mut self,
        ticket: u64,
        at: &Moment<'_>,
        effects: &mut Effects<W, T>,
    ) -> Expiry {
        match self.outlook(ticket) {
            Expiry::Busy => {}
            other => return other,
        }
        let pause = self.backoff.pause(at.now);
        let may_start = pause.is_none()
            && !self.slots.has_open()
            && self.slots.live() + self.starting < self.policy.most;
        if may_start {
            self.order(1, at.now, effects);
            return Expiry::Started;
        }
        self.remove(ticket, at);
        match pause {
            Some(pause) if self.is_hopeless() => Expiry::Paused(pause),
            _ => Expiry::AtLimit,
        }
    }

    /// Stops who has been idle for long, replaces who is missing, looks again at who waits.
    pub(super) fn look(&mut self, at: &Moment<'_>, effects: &mut Effects<W, T>) {
        let least = self.policy.least;
        effects.stops.extend(self.slots.take_idle(self.policy.idle, least, at.now));
        self.settle(None, at, effects);
    }

    /// A newer generation serves.
    pub(super) fn retire(&mut self, at: &Moment<'_>, effects: &mut Effects<W, T>) {
        self.retired = true;
        self.settle(None, at, effects);
    }

    /// Stops who has nothing to do, beyond the least.
    pub(super) fn dismiss_idle(&mut self, at: &Moment<'_>, effects: &mut Effects<W, T>) {
        let least = self.policy.least;
        effects.stops.extend(self.slots.take_idle(Duration::ZERO, least, at.now));
    }

    /// When who waits is to be looked at again.
    pub(super) fn tick(&self, now: Instant) -> Option<Instant> {
        let missing = !self.retired && self.slots.serving() + self.starting < self.policy.least;
        if let Some(pause) = self.backoff.pause(now) {
            return (missing || !self.queue.is_empty()).then(|| now + pause);
        }
        let may_grow = self.slots.live() + self.starting < self.policy.most;
        let waits = !self.queue.is_empty() && may_grow;
        waits.then(|| now + (self.pace.patience() / 2).max(LEAST_TICK))
    }

    /// When there is something to do next, if nothing else happens.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        let goes = self.slots.serving() > self.policy.least;
        let idle = goes.then(|| {
            let since = self.slots.idle_since().unwrap_or(now);
            (since + self.policy.idle).max(now + LEAST_PAUSE)
        });
        self.tick(now).into_iter().chain(idle).min()
    }
}
