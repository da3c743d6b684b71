//! An answer whose body is still being produced: it keeps its worker, watches its deadline and closes its ledger at the end.

use super::call::GRACE_AFTER_DEADLINE;
use super::ledger::Ledger;
use crate::invocation::{End, Outcome, Request};
use crate::plugins::{ReplyItem, ReplyStream, WorkerLease, verdict};
use bytes::Bytes;
use futures_util::Stream;
use http::StatusCode;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::task::AbortHandle;

/// A streamed body. Dropping it stops the producer and records that the caller went away.
pub(crate) struct AnswerStream {
    producing: Arc<Mutex<Producing>>,
    watchdog: AbortHandle,
}

/// The stream itself. Shared with a watchdog: a caller that reads nothing has nobody poll it.
struct Producing {
    first: Bytes,
    /// Dropped first: it stops the producer before the worker and the function's place are free.
    rest: Option<ReplyStream>,
    lease: Option<WorkerLease>,
    ledger: Option<Ledger>,
    status: StatusCode,
    /// Why the body is cut off, told one poll later: what went before gets out first.
    cut_off: Option<CutOff>,
    reader: Option<Waker>,
}

/// Why a streamed body is cut off; the caller sees a broken connection, the record has the reason.
#[derive(Debug, thiserror::Error)]
#[error("the function ended as {0}")]
pub(crate) struct CutOff(&'static str);

impl AnswerStream {
    pub(crate) fn new(
        ledger: Ledger,
        lease: Option<WorkerLease>,
        status: StatusCode,
        (first, rest): (Bytes, ReplyStream),
        request: &Arc<Request>,
    ) -> Self {
        let left = request.remaining().unwrap_or(Duration::ZERO) + GRACE_AFTER_DEADLINE;
        let producing = Arc::new(Mutex::new(Producing {
            first,
            rest: Some(rest),
            lease,
            ledger: Some(ledger),
            status,
            cut_off: None,
            reader: None,
        }));
        let watched = Arc::downgrade(&producing);
        let watchdog = tokio::spawn(async move {
            tokio::time::sleep(left).await;
            if let Some(producing) = watched.upgrade() {
                lock(&producing).expire();
            }
        });
        Self { producing, watchdog: watchdog.abort_handle() }
    }
}

impl Drop for AnswerStream {
    fn drop(&mut self) {
        self.watchdog.abort();
    }
}

fn lock(producing: &Mutex<Producing>) -> MutexGuard<'_, Producing> {
    producing.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Producing {
    /// The deadline has passed, whether or not anybody reads.
    fn expire(&mut self) {
        if self.ledger.is_some() {
            self.end(&End::of(Outcome::TimedOut, "the deadline passed"));
            self.cut_off = Some(CutOff(Outcome::TimedOut.name()));
            if let Some(reader) = self.reader.take() {
                reader.wake();
            }
        }
    }

    /// Frees what the stream holds, and writes the record.
    fn end(&mut self, end: &End) {
        self.rest = None;
        if let Some(mut lease) = self.lease.take() {
            lease.judge(verdict(end));
        }
        if let Some(ledger) = self.ledger.take() {
            ledger.close_streamed(self.status.as_u16(), end);
        }
    }

    fn close(&mut self, context: &Context<'_>, end: &End) -> Poll<Option<Result<Bytes, CutOff>>> {
        self.end(end);
        match end.outcome {
            Outcome::Succeeded => Poll::Ready(None),
            outcome => {
                self.cut_off = Some(CutOff(outcome.name()));
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    fn send(&mut self, bytes: Bytes) -> Poll<Option<Result<Bytes, CutOff>>> {
        if let Some(ledger) = &mut self.ledger {
            ledger.sent(&bytes);
        }
        Poll::Ready(Some(Ok(bytes)))
    }
}

impl Stream for AnswerStream {
    type Item = Result<Bytes, CutOff>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut producing = lock(&self.producing);
        let this = &mut *producing;
        if let Some(cut_off) = this.cut_off.take() {
            return Poll::Ready(Some(Err(cut_off)));
        }
        if !this.first.is_empty() {
            let first = std::mem::take(&mut this.first);
            return this.send(first);
        }
        let Some(rest) = &mut this.rest else { return Poll::Ready(None) };
        match Pin::new(rest).poll_next(context) {
            Poll::Ready(Some(Ok(ReplyItem::Data(bytes)))) => this.send(bytes),
            Poll::Ready(Some(Ok(ReplyItem::End(end)))) => this.close(context, &end),
            Poll::Ready(Some(Err(fault))) => {
                this.close(context, &End::of(Outcome::Crashed, fault.to_string()))
            }
            Poll::Ready(None) => this.close(context, &End::of(Outcome::Succeeded, "")),
            Poll::Pending => {
                this.reader = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}
