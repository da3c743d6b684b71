//! A pool as plain data: who gets which worker, who waits, what is started and stopped. No lock, no clock, no runtime.

use super::super::Gate;
use super::super::queue::{End, Queue};
use super::super::statistics::WorkerEvent;
use super::backoff::{Backoff, Failure};
use super::growth::{Load, starts_wanted};
use super::pace::Pace;
use super::policy::Policy;
use super::slots::{Counts, Slots, Turn, Verdict};
use std::time::Duration;
use tokio::time::Instant;

/// What having another thread wake the call's own costs, threads being busy, and some more.
const SHORT_WAIT: Duration = Duration::from_micros(100);

/// A pool; `W` is what workers are called by, `T` what waiters are told through.
#[derive(Debug)]
pub(super) struct State<W, T> {
    pub(super) policy: Policy,
    pub(super) slots: Slots<W>,
    pub(super) queue: Queue<T>,
    pub(super) pace: Pace,
    pub(super) backoff: Backoff,
    pub(super) starting: usize,
    /// A newer generation serves: what has nothing to do is stopped.
    pub(super) retired: bool,
}

/// When and where something happens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) gate: &'a Gate,
    pub(super) lane: u16,
    pub(super) now: Instant,
}

/// A worker for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grant<W> {
    pub(super) turn: Turn,
    pub(super) worker: W,
    /// What its start took, when it was started for this call.
    pub(super) start: Option<Duration>,
}

/// What is to be done once the state is unlocked.
#[derive(Debug)]
pub(super) struct Effects<W, T> {
    pub(super) grants: Vec<(T, Grant<W>)>,
    /// Waiters that are told why the last start failed.
    pub(super) failed: Vec<T>,
    pub(super) stops: Vec<W>,
    pub(super) starts: usize,
    /// Others wait at the gate, and there may be a place.
    pub(super) wakes_gate: bool,
    /// Why the function is broken.
    pub(super) broken: Option<String>,
}

impl<W, T> Default for Effects<W, T> {
    fn default() -> Self {
        Self {
            grants: Vec::new(),
            failed: Vec::new(),
            stops: Vec::new(),
            starts: 0,
            wakes_gate: false,
            broken: None,
        }
    }
}

impl<W: Copy, T> State<W, T> {
    pub(super) fn new(policy: Policy, now: Instant) -> Self {
        Self {
            policy,
            slots: Slots::new(),
            queue: Queue::default(),
            pace: Pace::new(now),
            backoff: Backoff::default(),
            starting: 0,
            retired: false,
        }
    }

    /// A worker that has room, unless somebody waits for one.
    pub(super) fn take(&mut self, at: &Moment<'_>) -> Option<Grant<W>> {
        if !self.queue.is_empty() || !self.slots.has_open() {
            return None;
        }
        if let Some(near) = self.grant_near(at) {
            return Some(near);
        }
        if !at.gate.try_enter() {
            return None;
        }
        self.grant_open(at, None)
    }

    /// A short wait behind the calls of the same thread, where only other threads' workers are free: to be woken by
    /// another thread takes longer.
    fn grant_near(&mut self, at: &Moment<'_>) -> Option<Grant<W>> {
        if self.policy.ahead == 0 || !self.pace.is_quick() || self.slots.has_open_of(at.lane) {
            return None;
        }
        let wait = (self.pace.mean()?, SHORT_WAIT);
        let (turn, worker) = self.slots.follow_own(at.lane, wait, at.now, &self.policy)?;
        Some(Grant { turn, worker, start: None })
    }

    fn grant_open(&mut self, at: &Moment<'_>, start: Option<Duration>) -> Option<Grant<W>> {
        self.pace.progressed(at.now);
        let (turn, worker) = self.slots.take(at.lane, at.now, &self.policy)?;
        Some(Grant { turn, worker, start: start.filter(|_| turn.number == 0) })
    }

    /// For who has found no room: a place behind a quick call, and another worker if that is worth it.
    pub(super) fn take_behind(
        &mut self,
        at: &Moment<'_>,
        effects: &mut Effects<W, T>,
    ) -> Option<Grant<W>> {
        self.pace.missed(at.now);
        if !self.queue.is_empty() {
            return None;
        }
        let grant = self.grant_behind(at)?;
        self.grow(at.now, effects);
        Some(grant)
    }

    fn grant_behind(&mut self, at: &Moment<'_>) -> Option<Grant<W>> {
        if self.policy.ahead == 0 || !self.pace.is_quick() {
            return None;
        }
        let (turn, worker) = self.slots.follow(at.lane, at.now, &self.policy)?;
        Some(Grant { turn, worker, start: None })
    }

    /// Has somebody wait. The answer is a ticket, or that waiting so long would be in vain, and for how long it would be.
    pub(super) fn enqueue(
        &mut self,
        (end, patience): (End, Duration),
        token: T,
        at: &Moment<'_>,
        effects: &mut Effects<W, T>,
    ) -> Result<u64, Duration> {
        if self.is_hopeless()
            && let Some(pause) = self.backoff.pause(at.now)
            && pause > patience
        {
            return Err(pause);
        }
        if self.queue.is_empty() {
            self.pace.progressed(at.now);
        }
        let ticket = self.queue.push(end, token);
        // Counted before it is looked for a place; who leaves looks at it afterwards.
        at.gate.count_waiter();
        self.settle(None, at, effects);
        Ok(ticket)
    }

    /// Somebody no longer waits; none when they have been given a worker or an error already.
    pub(super) fn remove(&mut self, ticket: u64, at: &Moment<'_>) -> Option<T> {
        let token = self.queue.remove(ticket)?;
        at.gate.discount_waiter();
        Some(token)
    }

    pub(super) fn pop(&mut self, at: &Moment<'_>) -> Option<T> {
        let token = self.queue.pop()?;
        at.gate.discount_waiter();
        Some(token)
    }

    /// A call has ended or was dropped.
    pub(super) fn give_back(
        &mut self,
        turn: Turn,
        verdict: &Verdict,
        at: &Moment<'_>,
        effects: &mut Effects<W, T>,
    ) {
        let Some(left) = self.slots.leave(turn, verdict, at.now, &self.policy) else { return };
        self.pace.progressed(at.now);
        match verdict {
            Verdict::Good => {
                self.pace.ended(left.took);
                self.backoff.succeeded();
                if left.stop.is_some() && left.worn && !self.policy.cold {
                    at.gate.statistics.count_worker(WorkerEvent::Recycled);
                }
            }
            Verdict::Died(reason) => self.died(reason, at, effects),
            Verdict::Spoilt | Verdict::Abandoned | Verdict::Unused => {}
        }
        effects.stops.extend(left.stop);
        if !left.goes_on {
            at.gate.release();
        }
        let is_quiet = self.queue.is_empty() && !self.retired && effects.stops.is_empty();
        if !is_quiet {
            self.settle(None, at, effects);
        }
        if self.slots.has_open() && self.queue.is_empty() {
            self.pace.relaxed();
        }
        effects.wakes_gate = !left.goes_on && at.gate.waiting() > self.queue.len();
    }

    fn died(&mut self, reason: &str, at: &Moment<'_>, effects: &mut Effects<W, T>) {
        at.gate.statistics.count_worker(WorkerEvent::Crashed);
        // A cold worker's death is its own call's alone: the next call has another one anyway.
        if !self.policy.cold {
            self.backoff.failed(Failure::Death, reason, at.now);
            self.give_up_if_repeated(effects);
        }
    }

    pub(super) fn give_up_if_repeated(&self, effects: &mut Effects<W, T>) {
        if self.backoff.is_repeated() && self.is_hopeless() {
            effects.broken = Some(self.backoff.story());
        }
    }

    /// Nothing that is there, or on its way, could serve who waits.
    pub(super) fn is_hopeless(&self) -> bool {
        self.starting == 0 && (self.policy.cold || self.slots.serving() == 0)
    }

    /// Serves who can be served, starts what is worth it. `started` is the worker that has just come, and what it took.
    pub(super) fn settle(
        &mut self,
        started: Option<Duration>,
        at: &Moment<'_>,
        effects: &mut Effects<W, T>,
    ) {
        while !self.queue.is_empty() {
            let grant = if self.slots.has_open() && at.gate.try_enter() {
                self.grant_open(at, started)
            } else {
                self.grant_behind(at)
            };
            let Some(grant) = grant else { break };
            let Some(token) = self.pop(at) else { break };
            effects.grants.push((token, grant));
        }
        self.grow(at.now, effects);
        if self.retired && self.queue.is_empty() {
            effects.stops.extend(self.slots.take_idle(Duration::ZERO, 0, at.now));
        }
    }

    /// Orders workers.
    fn grow(&mut self, now: Instant, effects: &mut Effects<W, T>) {
        let starts = if self.backoff.pause(now).is_some() { 0 } else { self.starts_wanted(now) };
        if starts > 0 {
            self.order(starts, now, effects);
        }
    }

    pub(super) fn order(&mut self, starts: usize, now: Instant, effects: &mut Effects<W, T>) {
        self.starting += starts;
        effects.starts += starts;
        self.pace.ordered(now);
    }

    fn starts_wanted(&self, now: Instant) -> usize {
        // Beside a free worker they wait for a place at the gate, and another worker is of no use.
        let waiting = match self.slots.has_open() {
            true => 0,
            false => self.queue.len() + self.slots.behind(&self.policy),
        };
        let least = if self.retired { 0 } else { self.policy.least };
        if waiting == 0 && self.slots.serving() + self.starting >= least {
            return 0;
        }
        let load = Load {
            cold: self.policy.cold,
            capacity: self.policy.capacity as usize,
            least,
            most: self.policy.most,
            waiting,
            serving: self.slots.serving(),
            live: self.slots.live(),
            starting: self.starting,
            doubtful: self.backoff.is_doubtful(),
        };
        starts_wanted(&load, &self.pace, now)
    }

    pub(super) fn counts(&self) -> Counts {
        self.slots.counts(self.starting)
    }
}
