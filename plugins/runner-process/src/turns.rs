//! Whose turn it is in a worker's queue: when a call's frame may be written, and what becomes of calls that are given up,
//! are late, or lose their worker.

use crate::slot::{Ending, Slot};
use crate::state::{Phase, State};
use crate::worker::Link;
use bytes::Bytes;
use processes::Exit;
use std::time::Instant;

/// Number of no call.
const NOBODY: u64 = u64::MAX;
/// Reads that empty the largest pipe, whoever else goes on writing to it.
const LAST_READS: usize = 64;

impl State {
    /// The first may be sent, and the next ones as far as the function takes calls ahead.
    pub(crate) fn may_send(&self, link: &Link, number: u64) -> bool {
        let Some(index) = self.queue.iter().position(|slot| slot.number == number) else {
            return false;
        };
        let before = self.queue.iter().take(index);
        index == 0
            || (index <= link.function.ahead()
                && before.into_iter().all(|slot| slot.begin.is_some()))
    }

    /// Writes a call's frame, of which `head` is all but the body.
    pub(crate) fn send(&mut self, link: &Link, number: u64, head: &[u8], body: &Bytes) {
        let sent = self.inlet.send(head, body);
        let early_log =
            if self.queue.len() == 1 { std::mem::take(&mut self.early_log) } else { Vec::new() };
        match (sent, self.slot(number)) {
            (Ok(begin), Some(slot)) => {
                slot.begin = Some(begin);
                slot.log = early_log;
                if self.inlet.has_unwritten() {
                    link.attendant.wake();
                }
            }
            // It is ending, of its own or because it was asked to; what it is at may still be answered.
            _ => {
                self.phase = self.phase.max_ending();
                self.remove(number, Ending::Unstarted);
            }
        }
    }

    /// Nobody waits for the answer any more. A worker that is at it is killed, as it cannot be told to stop.
    pub(crate) fn cancel(&mut self, link: &Link, number: u64) {
        self.finished.retain(|slot| slot.number != number);
        let Some(index) = self.queue.iter().position(|slot| slot.number == number) else { return };
        if self.queue[index].begin.is_none() {
            self.queue.remove(index);
            if let Some(next) = self.queue.get_mut(index) {
                next.wake();
            }
        } else if index == 0 {
            self.queue[0].abandoned = true;
            self.spoil(link, Ending::Stopped);
        } else {
            self.abandon(index);
        }
    }

    /// The worker does it all the same, and its answer is thrown away: its place in the queue is kept by nobody's slot.
    fn abandon(&mut self, index: usize) -> Slot {
        let Slot { number, deadline, begin, .. } = self.queue[index];
        let mut place = Slot::new(NOBODY, deadline, false);
        place.begin = begin;
        place.abandoned = true;
        let slot = std::mem::replace(&mut self.queue[index], place);
        if self.outlet.registered == Some(number) {
            self.outlet.registered = None;
            let waits = |slot: &&mut Slot| !slot.abandoned && slot.begin.is_some();
            if let Some(other) = self.queue.iter_mut().find(waits) {
                other.wake();
            }
        }
        slot
    }

    fn remove(&mut self, number: u64, ending: Ending) {
        let index = self.queue.iter().position(|slot| slot.number == number);
        if let Some(slot) = index.and_then(|index| self.queue.remove(index)) {
            self.finish(slot, ending);
        }
    }

    /// When something has to be looked at again. What is armed already stays so, even when nothing is late then: it costs
    /// less than to arm anew for every call.
    pub(crate) fn arm(&mut self) -> Option<Instant> {
        let counts = |(index, slot): &(usize, &Slot)| *index == 0 || !slot.abandoned;
        let deadlines = self.queue.iter().enumerate().filter(counts);
        let next = deadlines.map(|(_, slot)| slot.deadline).chain(self.kill_at).min();
        let armed = self.armed.filter(|armed| *armed > Instant::now());
        self.armed = armed.filter(|armed| next.is_none_or(|next| *armed <= next)).or(next);
        self.armed
    }

    /// Ends what is late.
    pub(crate) fn expire(&mut self, link: &Link, now: Instant) {
        if self.kill_at.is_some_and(|kill_at| kill_at <= now) {
            self.kill_at = None;
            return self.spoil(link, Ending::Silent);
        }
        let is_late = |slot: &Slot| slot.deadline <= now;
        if self.queue.front().is_some_and(|front| front.begin.is_some() && is_late(front)) {
            return self.spoil(link, Ending::TimedOut);
        }
        let late = |slot: &Slot| is_late(slot) && !slot.abandoned;
        while let Some(index) = self.queue.iter().position(late) {
            if self.queue[index].begin.is_none() {
                let number = self.queue[index].number;
                self.remove(number, Ending::TimedOut);
            } else {
                let slot = self.abandon(index);
                self.finish(slot, Ending::TimedOut);
            }
        }
    }

    /// The worker has ended: the last that it wrote is taken, then nothing more.
    pub(crate) fn exited(&mut self, link: &Link) {
        self.phase = self.phase.max_ending();
        self.kill_at = None;
        if let Some(life) = &self.life {
            life.kill_leftovers();
        }
        for _ in 0..LAST_READS {
            self.read(link);
            if self.outlet.closed || !self.outlet.unread {
                break;
            }
        }
        self.take_prints(link);
    }

    /// It has been reaped.
    pub(crate) fn gone(&mut self, link: &Link, exit: Exit, by_host: bool) {
        self.phase = Phase::Gone;
        self.outlet.closed = true;
        let begun = self.queue.front().and_then(|front| front.begin);
        if begun.is_some_and(|begin| self.inlet.was_read(begin)) {
            self.conclude(link, Ending::Died(exit, by_host));
        }
        self.give_back();
    }
}
