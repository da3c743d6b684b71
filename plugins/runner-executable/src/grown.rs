//! A process that lives longer: waited for, fed and read by whoever polls, without a thread.

use crate::feed::Feed;
use crate::program::Program;
use crate::running::{Ended, Running};
use plugin_api::tokio;
use plugin_api::tokio::time::{Instant, Sleep, sleep_until};
use plugin_api::{Body, Error, Request, Result};
use processes::{Read, Watched, read_some, readable, writable};
use rustix::process::{Signal, pidfd_send_signal};
use std::future::poll_fn;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// One read takes as much as a pipe usually holds.
const READ_BYTES: usize = 64 << 10;
/// A killed process that has not ended by then is stuck in the kernel: nobody waits for it.
const DEATH_PATIENCE: Duration = Duration::from_millis(500);
/// So many events in a row are handled before others of the same thread have their turn.
const EVENTS_AT_ONCE: u32 = 16;

type Pipe = Option<Watched>;

/// Dropping it kills the process and its group. Watches end before what they watch is closed: hence the order.
pub(crate) struct Grown {
    exit: Watched,
    stdout: Pipe,
    stderr: Pipe,
    feed: Feed,
    running: Box<Running>,
    read_bytes: u64,
    deadline: Pin<Box<Sleep>>,
    cause: Cause,
    scratch: Box<[u8]>,
    events: u32,
}

/// Watches until it is dropped.
pub(crate) struct Watchdog(tokio::task::JoinHandle<()>);

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Why a process ended.
#[derive(Debug, Default)]
pub(crate) enum Cause {
    /// Its own doing, or somebody else's kill.
    #[default]
    Itself,
    Deadline,
    OutputLimit,
    /// Its input failed: the caller has gone, or sent too much or too slowly.
    Input(Error),
}

/// What a wait brought.
pub(crate) enum Step {
    /// There is new output.
    Output,
    Ended(Ended, Cause),
    /// Killed, and yet not dead.
    Lost(Cause),
}

enum Event {
    Exited,
    Deadline,
    Output,
    Errors,
    InputFailed(Error),
}

impl Grown {
    /// Within the plugin's runtime. `body` is what comes after the input that the process was started with.
    pub(crate) fn new(
        mut running: Box<Running>,
        body: Option<Body>,
        deadline: std::time::Instant,
    ) -> Result<Self> {
        let unwritten = std::mem::take(&mut running.unwritten);
        Ok(Self {
            exit: readable(running.process.pidfd().try_clone_to_owned()?)?,
            stdout: running.stdout.take().map(readable).transpose()?,
            stderr: running.stderr.take().map(readable).transpose()?,
            feed: Feed::new(running.stdin.take().map(writable).transpose()?, unwritten, body),
            read_bytes: running.output.len() as u64,
            running,
            deadline: Box::pin(sleep_until(Instant::from_std(deadline))),
            cause: Cause::Itself,
            scratch: vec![0; READ_BYTES].into_boxed_slice(),
            events: 0,
        })
    }

    /// Goes on until there is new output or the end. What the program writes to standard error goes to the request's log.
    pub(crate) async fn advance(&mut self, request: &Request) -> Step {
        loop {
            self.log_errors(request);
            if self.read_bytes > self.running.program.output_limit_bytes {
                self.end(Cause::OutputLimit);
            }
            match poll_fn(|context| self.poll_event(context)).await {
                Event::Output => return Step::Output,
                Event::Errors => {}
                Event::InputFailed(error) => self.end(Cause::Input(error)),
                Event::Deadline if self.is_ending() => {
                    return Step::Lost(std::mem::take(&mut self.cause));
                }
                Event::Deadline => self.end(Cause::Deadline),
                Event::Exited => return self.finish(request),
            }
        }
    }

    /// Kills the program at its deadline even when nobody polls: a client that takes no more holds no process for ever.
    /// The rest of the group follows when the stream is polled or dropped.
    pub(crate) fn watchdog(&self) -> Result<Watchdog> {
        let pidfd = self.running.process.pidfd().try_clone_to_owned()?;
        let deadline = self.deadline.deadline();
        Ok(Watchdog(tokio::spawn(async move {
            tokio::time::sleep_until(deadline).await;
            let _ = pidfd_send_signal(&pidfd, Signal::KILL);
        })))
    }

    /// The output that has come since it was last taken.
    pub(crate) fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.running.output)
    }

    /// How much output there has been.
    pub(crate) fn read_bytes(&self) -> u64 {
        self.read_bytes
    }

    pub(crate) fn program(&self) -> &Arc<Program> {
        &self.running.program
    }

    fn log_errors(&mut self, request: &Request) {
        if !self.running.errors.is_empty() {
            request.log_stderr(&self.running.errors);
            self.running.errors.clear();
        }
    }

    fn is_ending(&self) -> bool {
        !matches!(self.cause, Cause::Itself)
    }

    /// Kills the group; the first cause is the one that counts.
    fn end(&mut self, cause: Cause) {
        if self.is_ending() {
            return;
        }
        self.cause = cause;
        self.running.process.kill();
        self.feed.close();
        self.stdout = None;
        self.deadline.as_mut().reset(Instant::now() + DEATH_PATIENCE);
    }

    fn finish(&mut self, request: &Request) -> Step {
        let stdout = self.stdout.as_ref().map(Watched::get_ref);
        let stderr = self.stderr.as_ref().map(Watched::get_ref);
        let taken_bytes = self.read_bytes - self.running.output.len() as u64;
        let ended = self.running.finish_with(stdout, stderr, &mut self.scratch);
        request.log_stderr(&ended.errors);
        self.read_bytes = taken_bytes + ended.output.len() as u64;
        self.running.program.pace.note(ended.lived, self.read_bytes);
        let in_time = self.is_ending() || self.deadline.deadline() > Instant::now();
        let cause = std::mem::take(&mut self.cause);
        // The watchdog was there first.
        let killed = libc::WIFSIGNALED(ended.exit.status);
        Step::Ended(ended, if killed && !in_time { Cause::Deadline } else { cause })
    }

    /// The end comes first: what the pipes hold then is taken all the same.
    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        self.events += 1;
        if self.events.is_multiple_of(EVENTS_AT_ONCE) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let event = self.poll_sources(context);
        if event.is_pending() {
            self.events = 0;
        }
        event
    }

    fn poll_sources(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        if self.exit.poll_read_ready(context).is_ready() {
            return Poll::Ready(Event::Exited);
        }
        if self.deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(Event::Deadline);
        }
        if let Poll::Ready(error) = self.feed.poll(context) {
            return Poll::Ready(Event::InputFailed(error));
        }
        let running = &mut *self.running;
        if let Poll::Ready(count) =
            poll_read(&mut self.stdout, &mut running.output, &mut self.scratch, context)
        {
            self.read_bytes += count as u64;
            return Poll::Ready(Event::Output);
        }
        poll_read(&mut self.stderr, &mut running.errors, &mut self.scratch, context)
            .map(|_| Event::Errors)
    }
}

/// Reads once; a pipe that is closed is pending for ever.
fn poll_read(
    pipe: &mut Pipe,
    into: &mut Vec<u8>,
    scratch: &mut [u8],
    context: &mut Context<'_>,
) -> Poll<usize> {
    while let Some(watched) = pipe {
        let read = match watched.poll_read_ready(context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Err(_)) => Read::Closed,
            Poll::Ready(Ok(mut ready)) => {
                let read = read_some(ready.get_inner().as_fd(), into, scratch);
                if read == Read::Empty {
                    ready.clear_ready();
                }
                read
            }
        };
        match read {
            Read::Bytes(count) => return Poll::Ready(count),
            Read::Empty => {}
            Read::Closed => *pipe = None,
        }
    }
    Poll::Pending
}
