//! A worker: a process that a launcher or a stub serves, and all that refer to it.

use crate::frame;
use crate::function::Function;
use crate::request::write_header;
use crate::slot::{Ending, Event, Slot};
use crate::state::{Phase, State};
use bytes::Bytes;
use futures_util::task::AtomicWaker;
use plugin_api::{Error, ErrorKind, Request, Result};
use processes::{Exit, Watched};
use std::cell::RefCell;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// Deadlines that lie so close together are looked at together.
const DEADLINE_SLACK: Duration = Duration::from_millis(10);

thread_local! {
    static FRAME: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A live worker. Dropping it kills it.
#[derive(Debug)]
pub struct Worker(pub(crate) Arc<Link>);

/// What a worker, its calls and its attendant share.
pub(crate) struct Link {
    pub(crate) function: Arc<Function>,
    /// Everything that the worker prints.
    pub(crate) prints: Watched,
    state: Mutex<State>,
    /// Woken when there is something for it to do.
    pub(crate) attendant: AtomicWaker,
    /// Whoever waits for the worker's end: its start, or its stop.
    pub(crate) observer: AtomicWaker,
    /// How long its start took.
    pub(crate) start: OnceLock<Duration>,
    /// How it ended.
    pub(crate) exit: OnceLock<Exit>,
}

/// A call's place in the queue of a worker. Dropping it before its end cancels the call.
pub(crate) struct Ticket {
    link: Arc<Link>,
    number: u64,
    done: bool,
}

impl Link {
    pub(crate) fn new(function: Arc<Function>, prints: Watched, state: State) -> Arc<Self> {
        Arc::new(Self {
            function,
            prints,
            state: Mutex::new(state),
            attendant: AtomicWaker::new(),
            observer: AtomicWaker::new(),
            start: OnceLock::new(),
            exit: OnceLock::new(),
        })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for its end.
    pub(crate) async fn ended(&self) {
        poll_fn(|context| {
            self.observer.register(context.waker());
            if self.lock().phase == Phase::Gone { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// It takes no more calls, and exits when it has finished what it has been given.
    pub(crate) fn ask_to_end(&self) {
        {
            let mut state = self.lock();
            state.phase = state.phase.max_ending();
            let shutdown = frame::with_header(frame::kind::SHUTDOWN, b"");
            let _ = state.inlet.send(&shutdown, &Bytes::new());
            state.inlet.finish();
        }
        self.attendant.wake();
    }

    /// Asks it to end; by force after `grace`.
    pub(crate) async fn stop(&self, grace: Duration) {
        self.ask_to_end();
        if plugin_api::tokio::time::timeout(grace, self.ended()).await.is_err() {
            self.lock().spoil(self, Ending::Stopped);
            // Killed: it ends at once, unless it is stuck in the kernel.
            let _ = plugin_api::tokio::time::timeout(DEATH_PATIENCE, self.ended()).await;
        }
    }
}

/// A killed process that has not ended by then is waited for by nobody.
const DEATH_PATIENCE: Duration = Duration::from_millis(500);

impl Ticket {
    /// Takes the last place in the worker's queue.
    pub(crate) fn take(link: &Arc<Link>, deadline: Instant) -> Result<Self> {
        let mut state = link.lock();
        if state.phase != Phase::Live {
            return Err(unstarted());
        }
        let number = state.next_number;
        state.next_number += 1;
        let mut slot = Slot::new(number, deadline, link.function.streams);
        slot.first = number == 0;
        if state.armed.is_none_or(|armed| deadline + DEADLINE_SLACK < armed) {
            state.armed = Some(deadline);
            link.attendant.wake();
        }
        state.queue.push_back(slot);
        drop(state);
        Ok(Self { link: Arc::clone(link), number, done: false })
    }

    /// Waits for the call's turn and writes its frame.
    pub(crate) async fn send(&self, request: &Request, body: &Bytes) -> Result<()> {
        poll_fn(|context| self.poll_send(request, body, context)).await
    }

    /// What comes of it next.
    pub(crate) async fn event(&mut self) -> Event {
        let event =
            poll_fn(|context| self.link.lock().poll_event(&self.link, self.number, context));
        let event = event.await;
        self.done = matches!(event, Event::Ended(_));
        event
    }

    fn poll_send(
        &self,
        request: &Request,
        body: &Bytes,
        context: &mut Context<'_>,
    ) -> Poll<Result<()>> {
        let link = &*self.link;
        let mut state = link.lock();
        if state.may_send(link, self.number) {
            let is_idle = state.queue.len() == 1;
            if let Err(error) = state.outlet.watch(&link.function.shared.host, is_idle) {
                state.spoil(link, Ending::Stopped);
                return Poll::Ready(Err(error.into()));
            }
            if is_idle {
                state.listen(link, self.number, context);
            }
        } else if let Some(slot) = state.slot(self.number).filter(|slot| slot.ended.is_none()) {
            slot.waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        // It may have ended meanwhile, without a word of it having been written.
        if state.phase == Phase::Gone || !state.may_send(link, self.number) {
            return Poll::Ready(Ok(()));
        }
        FRAME.with_borrow_mut(|head| {
            frame::begin(head);
            write_header(request, head);
            let fits = frame::complete(head, frame::kind::INVOKE, body.len());
            if fits.is_none() {
                let text = "the body is larger than 4 GiB, which no frame takes";
                return Poll::Ready(Err(Error::new(ErrorKind::BadRequest, text)));
            }
            state.send(link, self.number, head, body);
            Poll::Ready(Ok(()))
        })
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.done {
            self.link.lock().cancel(&self.link, self.number);
        }
    }
}

/// The host takes another worker.
pub(crate) fn unstarted() -> Error {
    Error::new(ErrorKind::Unstarted, "the worker ended before it began with this call")
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.lock().spoil(&self.0, Ending::Stopped);
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Link")
            .field("function", &self.function.name)
            .finish_non_exhaustive()
    }
}
