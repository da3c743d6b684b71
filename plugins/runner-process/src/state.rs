//! What is known of a worker and its calls, under one lock.

use crate::frame::Frame;
use crate::inlet::Inlet;
use crate::life::Life;
use crate::outlet::Outlet;
use crate::slot::{Ended, Ending, Slot};
use crate::usage::Usage;
use crate::worker::Link;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A worker that has closed its end of a pipe is about to exit; it is given so long for that.
const EXIT_PATIENCE: Duration = Duration::from_millis(250);

/// How a worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Live,
    /// It takes no more calls.
    Ending,
    /// It has been reaped.
    Gone,
}

/// The first frame of a worker, which says whether it can be called.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Hello {
    Awaited,
    Said(Frame),
    /// It was no frame.
    Nonsense(String),
    /// It can.
    Done,
}

/// A worker and its calls.
pub(crate) struct State {
    pub(crate) phase: Phase,
    pub(crate) hello: Hello,
    /// None when it has ended.
    pub(crate) life: Option<Life>,
    pub(crate) inlet: Inlet,
    pub(crate) outlet: Outlet,
    /// The first is the one that the worker is at.
    pub(super) queue: VecDeque<Slot>,
    pub(super) finished: Vec<Slot>,
    pub(super) next_number: u64,
    /// Whose future is being polled: it need not be woken.
    pub(super) polled: Option<u64>,
    /// What was printed while no call ran.
    pub(crate) early_log: Vec<u8>,
    /// When it is killed unless it has exited by then.
    pub(super) kill_at: Option<Instant>,
    /// When the attendant looks at the deadlines again.
    pub(super) armed: Option<Instant>,
    /// What was printed before the frames that are being delivered has been taken.
    pub(super) has_prints: bool,
    pub(super) usage: Usage,
}

impl State {
    pub(crate) fn new(life: Life, inlet: Inlet, outlet: Outlet) -> Self {
        Self {
            phase: Phase::Live,
            hello: Hello::Awaited,
            life: Some(life),
            inlet,
            outlet,
            queue: VecDeque::new(),
            finished: Vec::new(),
            next_number: 0,
            polled: None,
            early_log: Vec::new(),
            kill_at: None,
            armed: None,
            has_prints: false,
            usage: Usage::default(),
        }
    }

    pub(super) fn slot(&mut self, number: u64) -> Option<&mut Slot> {
        let queued = self.queue.iter_mut().find(|slot| slot.number == number);
        queued.or_else(|| self.finished.iter_mut().find(|slot| slot.number == number))
    }

    /// The first call has ended so.
    pub(super) fn conclude(&mut self, link: &Link, ending: Ending) {
        // What these calls have printed came before the last of their answers.
        if !std::mem::replace(&mut self.has_prints, true) {
            self.take_prints(link);
        }
        let Some(slot) = self.queue.pop_front() else { return };
        link.function.note_printed(slot.printed);
        self.finish(slot, ending);
        // Those behind it may have waited for their turn.
        if let Some(next) = self.queue.front_mut().filter(|next| next.begin.is_none()) {
            next.wake();
        }
    }

    /// Tells the call's future, if somebody still has it.
    pub(super) fn finish(&mut self, mut slot: Slot, ending: Ending) {
        if slot.abandoned {
            return;
        }
        let has_run = !matches!(ending, Ending::Unstarted);
        let (cpu, max_rss_bytes) = match (&self.life, &ending) {
            (_, Ending::Died(exit, _)) => self.usage.until(exit),
            (Some(life), _) if has_run => self.usage.since_last(life),
            _ => Default::default(),
        };
        let log = std::mem::take(&mut slot.log);
        slot.ended = Some(Ended { ending, log, first: slot.first, cpu, max_rss_bytes });
        if self.polled != Some(slot.number) {
            slot.wake();
        }
        self.finished.push(slot);
    }

    /// The worker cannot be used any more: the call that it was at has ended so, the others have not begun.
    pub(super) fn spoil(&mut self, link: &Link, ending: Ending) {
        self.phase = self.phase.max_ending();
        self.outlet.closed = true;
        if let (Hello::Awaited, Ending::Nonsense(text)) = (&self.hello, &ending) {
            self.hello = Hello::Nonsense(text.clone());
        }
        if self.queue.front().is_some_and(|slot| slot.begin.is_some()) {
            self.conclude(link, ending);
        }
        self.give_back();
        if let Some(life) = &self.life {
            life.kill();
        }
    }

    /// All that are in the queue are somebody else's.
    pub(super) fn give_back(&mut self) {
        while let Some(slot) = self.queue.pop_front() {
            self.finish(slot, Ending::Unstarted);
        }
    }

    /// The worker has closed its end of a pipe: it exits now, or does not.
    pub(super) fn closed(&mut self, link: &Link) {
        self.outlet.closed = true;
        self.phase = self.phase.max_ending();
        if self.life.is_some() && self.kill_at.is_none() {
            self.kill_at = Some(Instant::now() + EXIT_PATIENCE);
            link.attendant.wake();
        }
    }
}

impl Phase {
    pub(crate) fn max_ending(self) -> Self {
        if self == Self::Live { Self::Ending } else { self }
    }
}
