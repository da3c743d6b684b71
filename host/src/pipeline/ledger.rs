//! The promise of a record: opened with the request, closed with its end, and closed as cancelled when it is dropped before.

use super::answer::Timings;
use crate::app::{App, Hot};
use crate::config::LogPolicy;
use crate::functions::Generation;
use crate::history::{Details, Kept, Record};
use crate::invocation::{End, Outcome, Rejection, Request};
use crate::plugins::Plugins;
use crate::workers::Gate;
use bytes::Bytes;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Status in the record when the caller had gone before there was an answer (nginx's custom).
const CALLER_GONE: u16 = 499;

/// One request's entry in the books, and its place among the function's invocations.
pub(crate) struct Ledger {
    app: &'static App,
    request: Arc<Request>,
    seat: Seat,
    policy: LogPolicy,
    body_limit: usize,
    input: Bytes,
    /// The input went to the function as it came.
    input_streamed: bool,
    /// What went out of a streamed output, up to the limit.
    output: Vec<u8>,
    output_truncated: bool,
    /// When the runner was called, the start of a worker included.
    invoked: Option<Instant>,
    cold: bool,
    closed: bool,
}

impl Ledger {
    pub(crate) fn open(app: &'static App, hot: &Hot, request: &Arc<Request>) -> Self {
        Self {
            app,
            request: Arc::clone(request),
            seat: Seat::None,
            policy: hot.history_log,
            body_limit: hot.history_bytes,
            input: Bytes::new(),
            input_streamed: false,
            output: Vec::new(),
            output_truncated: false,
            invoked: None,
            cold: true,
            closed: false,
        }
    }

    /// The function is there but cannot be called: only its counters count.
    pub(crate) fn turned_away(&mut self, gate: Arc<Gate>) {
        self.seat = Seat::Outside(gate);
    }

    /// From here on the function is known: its own policy holds, its own counters count.
    pub(crate) fn routed(&mut self, generation: Arc<Generation<Plugins>>) {
        self.policy = generation.manifest.log;
        self.seat = Seat::Routed(generation);
    }

    /// Waits for a place among the function's invocations; false when there was none in time.
    pub(crate) async fn take_seat(&mut self, patience: Duration) -> bool {
        let Seat::Routed(generation) = &self.seat else { return true };
        if !generation.gate.enter(patience).await {
            return false;
        }
        self.seat = Seat::Taken(Arc::clone(generation));
        true
    }

    /// A newer generation takes the call. The place stays the same where it goes on being one of its own: with workers it
    /// comes with the worker, and a function that was removed and came back has another gate.
    pub(crate) fn move_to(&mut self, generation: Arc<Generation<Plugins>>) {
        let keeps = !generation.prepared.has_workers();
        match &mut self.seat {
            Seat::Taken(before) if keeps && Arc::ptr_eq(&before.gate, &generation.gate) => {
                *before = generation;
            }
            seat => *seat = Seat::Routed(generation),
        }
    }

    pub(crate) fn received(&mut self, input: &Bytes) {
        if self.policy == LogPolicy::Full {
            self.input = input.clone();
        }
    }

    /// The input goes to the function as it comes and is not kept.
    pub(crate) fn streams_input(&mut self) {
        self.input_streamed = true;
    }

    /// The runner is called, or its worker was started, since then.
    pub(crate) fn invoked(&mut self, since: Instant, cold: bool) {
        self.invoked = Some(since);
        self.cold = cold;
    }

    /// A piece of a streamed output went out.
    pub(crate) fn sent(&mut self, bytes: &[u8]) {
        if self.policy == LogPolicy::Full {
            let room = self.body_limit.saturating_sub(self.output.len());
            self.output_truncated |= bytes.len() > room;
            self.output.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }

    /// Where the time went so far.
    pub(crate) fn timings(&self, now: Instant, start: Duration) -> Timings {
        let received = self.request.received;
        let Some(invoked) = self.invoked else {
            return Timings {
                queue: now.saturating_duration_since(received),
                ..Timings::default()
            };
        };
        Timings {
            queue: invoked.saturating_duration_since(received),
            start,
            run: now.saturating_duration_since(invoked).saturating_sub(start),
        }
    }

    /// Ends it as refused: no code ran.
    pub(crate) fn refuse(self, rejection: &Rejection) -> Timings {
        let end = End::of(Outcome::Rejected, rejection.reason());
        self.finish(rejection.status().as_u16(), &end, &Bytes::new())
    }

    /// Ends it with a whole output.
    pub(crate) fn close(self, status: u16, end: &End, output: &Bytes) -> Timings {
        self.finish(status, end, output)
    }

    /// Ends it with the output that went out piece by piece.
    pub(crate) fn close_streamed(mut self, status: u16, end: &End) -> Timings {
        let output = std::mem::take(&mut self.output).into();
        self.finish(status, end, &output)
    }

    fn finish(mut self, status: u16, end: &End, output: &Bytes) -> Timings {
        self.closed = true;
        self.write(status, end, output)
    }

    fn write(&mut self, status: u16, end: &End, output: &Bytes) -> Timings {
        let now = Instant::now();
        let timings = self.timings(now, end.start);
        let request = &self.request;
        let duration = now.saturating_duration_since(request.received);
        match &self.seat {
            Seat::None => self.app.unrouted.count(end.outcome, duration),
            Seat::Outside(gate) => gate.statistics.count(end.outcome, duration),
            Seat::Routed(generation) | Seat::Taken(generation) => {
                generation.gate.statistics.count(end.outcome, duration);
            }
        }
        tracing::debug!(
            id = %request.id, function = &*request.function, status, outcome = end.outcome.name(), ?duration,
            error = end.error, "invocation"
        );
        let says_why = self.policy != LogPolicy::None;
        let ran = end.outcome != Outcome::Rejected && self.invoked.is_some();
        let details = (self.policy == LogPolicy::Full).then(|| {
            let stderr = request.take_prints();
            let stderr = Kept { bytes: &stderr.bytes, truncated: stderr.truncated };
            Details::new(
                (&self.input, self.input_streamed),
                (output, self.output_truncated),
                stderr,
                self.body_limit,
            )
        });
        self.app.history.push(Record {
            id: request.id,
            function: request.function.clone(),
            started: request.started,
            duration,
            status,
            outcome: end.outcome,
            exit_code: end.exit_code,
            cold: ran.then_some(end.cold),
            trigger: request.trigger,
            identity: request.identity().filter(|_| says_why).map(|identity| identity.name.clone()),
            error: if says_why { end.error.as_str().into() } else { Box::default() },
            details,
            queue: timings.queue,
            start: timings.start,
            run: timings.run,
            cpu: end.cpu,
            max_rss_bytes: end.max_rss_bytes,
        });
        timings
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        if self.closed {
            return;
        }
        let mut end = End::of(Outcome::Cancelled, "the caller went away before the answer");
        end.cold = self.cold;
        let output = std::mem::take(&mut self.output).into();
        self.write(CALLER_GONE, &end, &output);
    }
}

/// A request's place at its function's gate.
enum Seat {
    None,
    Outside(Arc<Gate>),
    /// Has none of its own, or not yet.
    Routed(Arc<Generation<Plugins>>),
    /// Given back when it is dropped.
    Taken(Arc<Generation<Plugins>>),
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Self::Taken(generation) = self {
            generation.gate.leave();
        }
    }
}
