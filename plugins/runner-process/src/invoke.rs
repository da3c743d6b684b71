//! One invocation, from the request to the reply.

use crate::function::Function;
use crate::reply::{Answer, Wrong, answer, end_of, reply, timed_out};
use crate::slot::{Ended, Ending, Event};
use crate::worker::{Ticket, Worker};
use bytes::Bytes;
use futures_util::stream::unfold;
use plugin_api::{Body, Chunk, End, Error, Invocation, Outcome, Reply, Request, Result, tokio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Has a worker do one call.
pub(crate) async fn invoke(
    function: &Arc<Function>,
    worker: &Worker,
    invocation: Invocation,
) -> Result<Reply> {
    let Invocation { request, body } = invocation;
    let remaining = request.remaining();
    let deadline = Instant::now() + remaining;
    let body = if body.is_whole() && !remaining.is_zero() {
        body.first().clone()
    } else {
        match tokio::time::timeout_at(deadline.into(), body.bytes(u64::MAX)).await {
            Ok(body) if !remaining.is_zero() => body?,
            _ => {
                let error = timed_out(function);
                return Ok(Reply::ended(End {
                    outcome: Outcome::TimedOut,
                    error,
                    ..End::default()
                }));
            }
        }
    };
    let mut ticket = Ticket::take(&worker.0, deadline)?;
    ticket.send(&request, &body).await?;
    drop(body);
    let start = worker.0.start.get().copied().unwrap_or_default();
    match ticket.event().await {
        Event::Ended(ended) => {
            pass_prints(&request, &ended);
            let reply = reply(function, ended, start)?;
            if reply.end.outcome == Outcome::BadProtocol {
                worker.0.lock().spoil(&worker.0, Ending::Stopped);
            }
            Ok(reply)
        }
        Event::Begun(head) => {
            let Answer { status, headers } = match answer(&head) {
                Ok(answer) => answer,
                Err(wrong) => return Ok(Reply::ended(wrong_end(wrong))),
            };
            let output =
                Output { function: Arc::clone(function), ticket, request, start, over: false };
            Ok(Reply { status, headers, body: output.into_body(), end: End::default() })
        }
        Event::Piece(_) => Err(Error::plugin("a stream went on before it began")),
    }
}

fn wrong_end(wrong: Wrong) -> End {
    let (outcome, error) = match wrong {
        Wrong::Handler(text) => (Outcome::Failed, text),
        Wrong::Launcher(text) => (Outcome::BadProtocol, text),
    };
    End { outcome, error, ..End::default() }
}

fn pass_prints(request: &Request, ended: &Ended) {
    if !ended.log.is_empty() {
        request.log_stderr(&ended.log);
    }
}

/// The rest of an answer that comes in pieces. Dropping it cancels the call.
struct Output {
    function: Arc<Function>,
    ticket: Ticket,
    request: Request,
    start: Duration,
    over: bool,
}

impl Output {
    fn into_body(self) -> Body {
        Body::from_stream(unfold(self, |mut output| async move {
            let item = output.next().await?;
            Some((item, output))
        }))
    }

    async fn next(&mut self) -> Option<Result<Chunk>> {
        if self.over {
            return None;
        }
        match self.ticket.event().await {
            Event::Begun(_) => Some(Ok(Chunk::Data(Bytes::new()))),
            Event::Piece(piece) => Some(Ok(Chunk::Data(piece))),
            Event::Ended(ended) => {
                self.over = true;
                pass_prints(&self.request, &ended);
                let Ended { ending, first, cpu, max_rss_bytes, .. } = ended;
                let start = if first { self.start } else { Duration::ZERO };
                let end = End { cold: first, start, cpu, max_rss_bytes, ..End::default() };
                Some(end_of(&self.function, ending, end).map(Chunk::End))
            }
        }
    }
}
