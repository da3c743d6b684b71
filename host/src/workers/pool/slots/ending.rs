//! How calls leave their workers, and how workers end.

use super::super::policy::Policy;
use super::{Fate, Open, Slots, Turn};
use std::time::Duration;
use tokio::time::Instant;

/// How a call left its worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It takes the next one.
    Good,
    /// The call went before it was handed to the worker.
    Unused,
    /// It must not be used again, and that is nobody's fault: a deadline, an exit that was asked for.
    Spoilt,
    /// It died or broke the protocol, and why.
    Died(String),
    /// The call was dropped before its end.
    Abandoned,
}

/// What follows from a call's end.
#[derive(Debug)]
pub(in super::super) struct Left<W> {
    /// How long it ran.
    pub(in super::super) took: Duration,
    /// The worker goes on with another call, in the same place at the gate.
    pub(in super::super) goes_on: bool,
    /// It has had its number of invocations.
    pub(in super::super) worn: bool,
    /// To be stopped.
    pub(in super::super) stop: Option<W>,
}

impl<W: Copy> Slots<W> {
    /// A call has ended.
    pub(in super::super) fn leave(
        &mut self,
        turn: Turn,
        verdict: &Verdict,
        now: Instant,
        policy: &Policy,
    ) -> Option<Left<W>> {
        let slot = self.slots[turn.slot as usize].as_mut()?;
        let ran = turn.number <= slot.head;
        // Where several run at once, each has begun when it was handed over.
        let began = if policy.capacity == 1 { slot.since } else { turn.at };
        let took = now.saturating_duration_since(began);
        slot.inside -= 1;
        slot.head = slot.head.max(turn.number + 1);
        if ran {
            slot.since = now;
        }
        let goes_on = slot.inside >= policy.capacity;
        let worn = policy.recycle_after.is_some_and(|most| slot.given >= most);
        let opens = slot.inside + 1 == policy.capacity;
        let fate = match verdict {
            Verdict::Good | Verdict::Unused => Fate::Serving,
            Verdict::Spoilt | Verdict::Died(_) => Fate::Stopped,
            // Its own call runs in it still; one that has not begun with it can finish what was there before.
            Verdict::Abandoned if policy.capacity == 1 && ran => Fate::Stopped,
            Verdict::Abandoned => Fate::Closing,
        };
        let stop = self.turn_to(turn.slot, fate);
        let slot = self.slots[turn.slot as usize].as_ref()?;
        if slot.fate == Fate::Serving && opens {
            self.open.push(Open { slot: turn.slot, lane: slot.lane });
        }
        let last = self.free_when_done(turn.slot);
        let stop = stop.or(last);
        Some(Left { took, goes_on, worn, stop })
    }

    /// Changes a fate for the worse; the answer: whom to stop now.
    fn turn_to(&mut self, index: u32, fate: Fate) -> Option<W> {
        let slot = self.slots[index as usize].as_mut()?;
        match (slot.fate, fate) {
            (Fate::Serving, Fate::Closing | Fate::Stopped) => {
                self.serving -= 1;
                self.open.retain(|open| open.slot != index);
            }
            (Fate::Closing, Fate::Stopped) => self.closing -= 1,
            _ => return None,
        }
        slot.fate = fate;
        if fate == Fate::Closing {
            self.closing += 1;
            return None;
        }
        Some(slot.worker)
    }

    /// Forgets one that takes no more and has nothing left; the answer: whom to stop now.
    fn free_when_done(&mut self, index: u32) -> Option<W> {
        let slot = self.slots[index as usize].as_ref()?;
        if slot.inside > 0 || slot.fate == Fate::Serving {
            return None;
        }
        let stop = (slot.fate == Fate::Closing).then_some(slot.worker);
        self.closing -= usize::from(stop.is_some());
        self.slots[index as usize] = None;
        self.free.push(index);
        stop
    }

    /// Takes out those that have had nothing to do for so long, the longest first, but for the least number.
    pub(in super::super) fn take_idle(
        &mut self,
        idle: Duration,
        least: usize,
        now: Instant,
    ) -> Vec<W> {
        let indices = 0_u32..;
        let found = self.slots.iter().zip(indices);
        let mut found: Vec<(Instant, u32)> = found
            .filter_map(|(slot, index)| Some((slot.as_ref()?, index)))
            .filter(|(slot, _)| slot.fate == Fate::Serving && slot.inside == 0)
            .filter(|(slot, _)| now.saturating_duration_since(slot.since) >= idle)
            .map(|(slot, index)| (slot.since, index))
            .collect();
        found.sort_unstable();
        found.truncate(self.serving.saturating_sub(least));
        let stop = |(_, index): (Instant, u32)| {
            let worker = self.turn_to(index, Fate::Stopped);
            self.free_when_done(index);
            worker
        };
        found.into_iter().filter_map(stop).collect()
    }

    /// All that have not been stopped.
    pub(in super::super) fn drain(&mut self) -> impl Iterator<Item = W> {
        let slots = std::mem::take(&mut self.slots).into_iter().flatten();
        slots.filter(|slot| slot.fate != Fate::Stopped).map(|slot| slot.worker)
    }
}
