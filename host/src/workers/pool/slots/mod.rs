//! The live workers: which have room, which are best taken next, and how each of them ends.

mod ending;

use super::policy::Policy;
use std::time::Duration;
use tokio::time::Instant;

pub(crate) use ending::Verdict;

/// A call that has run for longer may run for much longer: nobody is put behind it.
const JUST_BEGUN: Duration = Duration::from_millis(1);
/// Looked through for one that a thread knows, or for one to wait behind; more would cost more than it gains.
const LOOKED_THROUGH: usize = 32;
/// Another thread's worker has to be so many calls shorter to be better than the own.
const OTHER_LANE_COSTS: u32 = 2;

/// How many workers there are, for `/list`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) idle: usize,
    pub(crate) busy: usize,
    pub(crate) starting: usize,
}

/// One call's share of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    slot: u32,
    /// The worker's calls are counted from 0; it does them in this order.
    pub(super) number: u64,
    /// When the worker was handed over.
    pub(super) at: Instant,
}

/// What becomes of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Serving,
    /// Takes no more calls, and is stopped after the last that it has.
    Closing,
    /// Has been stopped; what it still had ends by itself.
    Stopped,
}

#[derive(Debug)]
struct Slot<W> {
    worker: W,
    fate: Fate,
    /// Calls that it has now.
    inside: u32,
    /// Calls that it was ever given.
    given: u64,
    /// The first of them that has not ended.
    head: u64,
    /// When the call that runs now began, or when it had none any more.
    since: Instant,
    /// The thread that used it last.
    lane: u16,
}

/// One that has room.
#[derive(Debug)]
struct Open {
    slot: u32,
    lane: u16,
}

/// The workers. Who refers to one does so by its index, which stays as long as it has calls.
#[derive(Debug)]
pub(super) struct Slots<W> {
    slots: Vec<Option<Slot<W>>>,
    free: Vec<u32>,
    /// Serving workers with room, the one used last at the end.
    open: Vec<Open>,
    serving: usize,
    closing: usize,
}

impl<W: Copy> Slots<W> {
    pub(super) fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), open: Vec::new(), serving: 0, closing: 0 }
    }

    /// Workers that take calls.
    pub(super) fn serving(&self) -> usize {
        self.serving
    }

    /// Workers that have not been stopped.
    pub(super) fn live(&self) -> usize {
        self.serving + self.closing
    }

    pub(super) fn has_open(&self) -> bool {
        !self.open.is_empty()
    }

    pub(super) fn insert(&mut self, worker: W, lane: u16, now: Instant) {
        let fate = Fate::Serving;
        let slot = Some(Slot { worker, fate, inside: 0, given: 0, head: 0, since: now, lane });
        let index = match self.free.pop() {
            Some(index) => {
                self.slots[index as usize] = slot;
                index
            }
            None => {
                self.slots.push(slot);
                u32::try_from(self.slots.len() - 1).expect("fewer workers than addresses")
            }
        };
        self.serving += 1;
        self.open.push(Open { slot: index, lane });
    }

    /// A share of one that has room: best one that this thread used last, else the one that anybody used last.
    pub(super) fn take(&mut self, lane: u16, now: Instant, policy: &Policy) -> Option<(Turn, W)> {
        let last = self.open.len().checked_sub(1)?;
        let near = self.open.iter().rev().take(LOOKED_THROUGH);
        let position = near.map(|open| open.lane).position(|open| open == lane);
        let position = position.map_or(last, |back| last - back);
        let index = self.open[position].slot;
        let (share, has_room) = self.enter(index, now, policy)?;
        if let Some(slot) = &mut self.slots[index as usize] {
            slot.lane = lane;
        }
        if has_room {
            self.open[position].lane = lane;
        } else {
            self.open.remove(position);
        }
        Some(share)
    }

    /// Whether a worker that this thread used last has room.
    pub(super) fn has_open_of(&self, lane: u16) -> bool {
        self.open.iter().rev().take(LOOKED_THROUGH).any(|open| open.lane == lane)
    }

    /// As `follow`, but only one that this thread used last, and where so short a wait is to be expected when a call takes
    /// `mean`. What runs for longer already may run for much longer, and others are free.
    pub(super) fn follow_own(
        &mut self,
        lane: u16,
        (mean, wait): (Duration, Duration),
        now: Instant,
        policy: &Policy,
    ) -> Option<(Turn, W)> {
        let may = |slot: &Slot<W>| {
            slot.lane == lane
                && mean.saturating_mul(slot.inside) < wait
                && now.saturating_duration_since(slot.since) < wait
        };
        self.follow_such(lane, may, now, policy)
    }

    /// A share of one that is busy, to be done after what it does now, if that has just begun.
    pub(super) fn follow(&mut self, lane: u16, now: Instant, policy: &Policy) -> Option<(Turn, W)> {
        self.follow_such(lane, |_| true, now, policy)
    }

    fn follow_such(
        &mut self,
        lane: u16,
        such: impl Fn(&Slot<W>) -> bool,
        now: Instant,
        policy: &Policy,
    ) -> Option<(Turn, W)> {
        let most = policy.capacity.saturating_add(policy.ahead);
        let length = |slot: &Slot<W>| {
            let other = if slot.lane == lane { 0 } else { OTHER_LANE_COSTS };
            (slot.inside + other, other)
        };
        let may = |slot: &Slot<W>| {
            slot.fate == Fate::Serving
                && (policy.capacity..most).contains(&slot.inside)
                && now.saturating_duration_since(slot.since) <= JUST_BEGUN
                && such(slot)
        };
        let indices = 0_u32..;
        let found = self.slots.iter().zip(indices).take(LOOKED_THROUGH);
        let found = found.filter_map(|(slot, index)| Some((slot.as_ref()?, index)));
        let (_, index) =
            found.filter(|(slot, _)| may(slot)).min_by_key(|(slot, _)| length(slot))?;
        self.enter(index, now, policy).map(|(share, _)| share)
    }

    /// The answer's second part: whether it has room for more.
    fn enter(&mut self, index: u32, now: Instant, policy: &Policy) -> Option<((Turn, W), bool)> {
        let slot = self.slots[index as usize].as_mut()?;
        let turn = Turn { slot: index, number: slot.given, at: now };
        slot.inside += 1;
        slot.given += 1;
        if slot.inside <= policy.capacity {
            slot.since = now;
        }
        if policy.recycle_after.is_some_and(|most| slot.given >= most) {
            slot.fate = Fate::Closing;
            self.serving -= 1;
            self.closing += 1;
        }
        let has_room = slot.fate == Fate::Serving && slot.inside < policy.capacity;
        Some(((turn, slot.worker), has_room))
    }

    /// Since when the one has been idle that has been so for longest; none: all are busy.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let serving = self.slots.iter().flatten().filter(|slot| slot.fate == Fate::Serving);
        serving.filter(|slot| slot.inside == 0).map(|slot| slot.since).min()
    }

    /// Calls that wait inside workers.
    pub(super) fn behind(&self, policy: &Policy) -> usize {
        if policy.ahead == 0 {
            return 0;
        }
        let live = self.slots.iter().flatten().take(LOOKED_THROUGH);
        live.map(|slot| slot.inside.saturating_sub(policy.capacity) as usize).sum()
    }

    pub(super) fn counts(&self, starting: usize) -> Counts {
        let busy = self.slots.iter().flatten().filter(|slot| slot.inside > 0).count();
        let idle = self.slots.iter().flatten().count() - busy;
        Counts { idle, busy, starting }
    }
}
