//! A call that waits for a worker: at most so long, and in vain only where nothing can be done about it.

use super::super::queue::End;
use super::lease::Lease;
use super::look::Expiry;
use super::shell::Pool;
use super::source::Source;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

/// How often a call that waits for a start looks whether it still does.
const GOES_ON_FOR: Duration = Duration::from_millis(250);

/// How a call waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// For so long while all workers that may be are busy.
    pub(crate) patience: Duration,
    /// For so long in all, the start of a worker included.
    pub(crate) limit: Duration,
    /// It had a worker, which ended before it had begun: it stands before all others.
    pub(crate) again: bool,
}

/// Why a call got no worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused<E> {
    /// All workers that may be were busy for as long as it may wait.
    AtLimit,
    /// The last workers failed; the next one is started after so long.
    Paused { reason: String, retry_after: Duration },
    /// The start of a worker took too long.
    Late,
    /// No worker could be started.
    Start(E),
}

impl<S: Source> Pool<S> {
    pub(super) async fn wait(
        self: &Arc<Self>,
        terms: Terms,
    ) -> Result<Lease<S>, Refused<S::Error>> {
        let began = Instant::now();
        let (sender, mut answer) = oneshot::channel();
        let end = if terms.again { End::First } else { End::Last };
        let entered = self
            .change(|state, at, effects| state.enqueue((end, terms.patience), sender, at, effects));
        let ticket = entered.map_err(|pause| self.paused(pause))?;
        let waiting = Waiting { pool: self, ticket };
        let (patient, last) = (began + terms.patience, began + terms.limit);
        let mut until = patient.min(last);
        loop {
            if let Ok(answered) = timeout_at(until, &mut answer).await {
                return waiting.received(answered, began);
            }
            let now = Instant::now();
            let expiry = self.change(|state, at, effects| match now < patient {
                true => state.outlook(ticket),
                false => state.expire(ticket, at, effects),
            });
            match expiry {
                Expiry::Answered => return waiting.received(answer.await, began),
                Expiry::AtLimit => return Err(Refused::AtLimit),
                Expiry::Paused(pause) => return Err(self.paused(pause)),
                Expiry::Busy => until = patient,
                Expiry::Started if now < last => until = last.min(now + GOES_ON_FOR),
                Expiry::Started => match self.change(|state, at, _| state.remove(ticket, at)) {
                    Some(_) => return Err(Refused::Late),
                    None => return waiting.received(answer.await, began),
                },
            }
        }
    }

    fn paused(&self, retry_after: Duration) -> Refused<S::Error> {
        let reason = self.lock().state.backoff.reason().to_owned();
        Refused::Paused { reason, retry_after }
    }
}

/// Leaves the queue when the call goes before its turn.
struct Waiting<'a, S: Source> {
    pool: &'a Arc<Pool<S>>,
    ticket: u64,
}

type Answered<S> =
    Result<Result<Lease<S>, Refused<<S as Source>::Error>>, oneshot::error::RecvError>;

impl<S: Source> Waiting<'_, S> {
    /// Of the wait, what a start took is told apart.
    fn received(
        self,
        answered: Answered<S>,
        began: Instant,
    ) -> Result<Lease<S>, Refused<S::Error>> {
        // Nobody drops a waiter without a word but a pool that is dropped, which the call holds.
        let mut lease = answered.unwrap_or(Err(Refused::AtLimit))?;
        lease.start = lease.start.map(|took| took.min(began.elapsed()));
        Ok(lease)
    }
}

impl<S: Source> Drop for Waiting<'_, S> {
    fn drop(&mut self) {
        self.pool.change(|state, at, _| state.remove(self.ticket, at));
    }
}
