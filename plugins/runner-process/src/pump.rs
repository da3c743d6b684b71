//! What comes from a worker: frames are read by whoever waits for one and given to whom they belong, prints go with them.

use crate::frame::{Frame, Malformed, kind};
use crate::outlet::{Brought, with_scratch};
use crate::slot::{Ending, Event, Slot, keep_printed};
use crate::state::{Hello, Phase, State};
use crate::worker::Link;
use processes::{PIPE_BYTES, Read, read_some};
use std::task::{Context, Poll};

/// So much is read at once before others of the same thread have their turn.
const READ_AT_ONCE: usize = 32;
/// So much of what is printed is taken at once: all that a pipe may hold, twice.
const PRINTS_AT_ONCE: usize = 32;

impl State {
    /// What there is to tell the call, if anything; reads what has come.
    pub(super) fn poll_event(
        &mut self,
        link: &Link,
        number: u64,
        context: &mut Context<'_>,
    ) -> Poll<Event> {
        if let Some(event) = self.take_event(number) {
            return Poll::Ready(event);
        }
        if let Some(slot) = self.slot(number) {
            match &mut slot.waker {
                Some(waker) => waker.clone_from(context.waker()),
                none => *none = Some(context.waker().clone()),
            }
        }
        self.polled = Some(number);
        self.pump(link, number, context);
        self.polled = None;
        self.take_event(number).map_or(Poll::Pending, Poll::Ready)
    }

    fn take_event(&mut self, number: u64) -> Option<Event> {
        let event = self.slot(number)?.next_event()?;
        if matches!(event, Event::Ended(_)) {
            self.finished.retain(|slot| slot.number != number);
        }
        Some(event)
    }

    /// Reads until there is nothing, for whomever it is; then the first call that waits is the one to be woken.
    fn pump(&mut self, link: &Link, number: u64, context: &mut Context<'_>) {
        loop {
            let waits = |slot: &&Slot| !slot.abandoned && slot.begin.is_some();
            let Some(driver) = self.queue.iter().find(waits) else { return };
            if self.outlet.closed || self.queue.front().is_some_and(Slot::is_full) {
                return;
            }
            let is_own = driver.number == number;
            let readable = match &driver.waker {
                Some(waker) if !is_own => {
                    self.outlet.poll_readable(&mut Context::from_waker(waker))
                }
                _ => self.outlet.poll_readable(context),
            };
            if readable.is_pending() {
                self.outlet.registered = Some(driver.number);
                return;
            }
            self.read(link);
            if self.outlet.unread {
                // It goes on in a turn of its own.
                let driver = self.queue.iter().find(waits);
                match driver.and_then(|driver| driver.waker.as_ref()) {
                    Some(waker) => waker.wake_by_ref(),
                    None => context.waker().wake_by_ref(),
                }
                return;
            }
        }
    }

    /// Of a worker that has nothing to do: whatever it writes then is nonsense, or its end.
    pub(super) fn listen(&mut self, link: &Link, number: u64, context: &mut Context<'_>) {
        while !self.outlet.closed && self.outlet.poll_readable(context).is_ready() {
            self.read(link);
        }
        self.outlet.registered = Some(number);
    }

    /// Takes what has come, as much as is taken at once.
    pub(super) fn read(&mut self, link: &Link) {
        self.outlet.registered = None;
        self.outlet.unread = false;
        let limit = link.function.output_limit_bytes;
        for _ in 0..READ_AT_ONCE {
            // Mostly it is one: no memory is asked for.
            let (mut first, mut others) = (None, Vec::new());
            let brought = self.outlet.read(limit, &mut |frame| match first {
                None => first = Some(frame),
                Some(_) => others.push(frame),
            });
            self.has_prints = false;
            self.usage.expect(1 + u32::try_from(others.len()).unwrap_or(0));
            for frame in first.into_iter().chain(others) {
                self.deliver(link, frame);
            }
            self.has_prints = false;
            match brought {
                _ if self.outlet.closed => return,
                Ok(Brought::More) if self.queue.front().is_some_and(Slot::is_full) => break,
                Ok(Brought::More) => {}
                Ok(Brought::All) => return,
                Ok(Brought::End) => return self.closed(link),
                Err(Malformed::Body) => return self.spoil(link, Ending::TooMuch),
                Err(malformed) => {
                    return self.spoil(link, Ending::Nonsense(malformed.to_string()));
                }
            }
        }
        self.outlet.unread = true;
    }

    fn deliver(&mut self, link: &Link, frame: Frame) {
        if self.hello == Hello::Awaited {
            self.hello = Hello::Said(frame);
            return;
        }
        if self.phase != Phase::Live && self.queue.is_empty() {
            return;
        }
        let front = self.queue.front_mut().filter(|slot| slot.begin.is_some());
        let Some(front) = front else {
            let text = "wrote an answer that nobody had asked for to descriptor 4".to_owned();
            return self.spoil(link, Ending::Nonsense(text));
        };
        if front.abandoned && frame.kind == kind::CHUNK {
            return;
        }
        match front.take(frame, link.function.output_limit_bytes) {
            None => {
                let is_polled = self.polled == Some(front.number);
                if !is_polled && front.has_event() {
                    front.wake();
                }
            }
            Some(ending @ (Ending::Answered(..) | Ending::Raised(_))) => {
                self.conclude(link, ending);
            }
            Some(ending) => self.spoil(link, ending),
        }
    }

    /// Takes what has been printed; it belongs to the call that the worker is at.
    pub(crate) fn take_prints(&mut self, link: &Link) -> Printed {
        let front = self.queue.front_mut().filter(|slot| slot.begin.is_some());
        let mut nobodys = false;
        let (log, has_printed) = match front {
            Some(slot) => (&mut slot.log, &mut slot.printed),
            None => (&mut self.early_log, &mut nobodys),
        };
        with_scratch(|scratch| {
            for _ in 0..PRINTS_AT_ONCE {
                let mut printed = Vec::new();
                let read = read_some(link.prints.get_ref(), &mut printed, scratch);
                *has_printed |= !printed.is_empty();
                keep_printed(log, &printed);
                match read {
                    Read::Bytes(count) if count == PIPE_BYTES => {}
                    Read::Bytes(_) | Read::Empty => return Printed::All,
                    Read::Closed => return Printed::End,
                }
            }
            Printed::More
        })
    }
}

/// Whether there is more of what has been printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Printed {
    More,
    All,
    /// Nobody can print any more.
    End,
}
