//! `"response": "stream"`: the output as it comes.

use crate::ended::{end_of, end_of_lost};
use crate::grown::{Grown, Step, Watchdog};
use bytes::Bytes;
use futures_util::stream::unfold;
use plugin_api::{Body, Chunk, Outcome, Reply, Request, Result};

/// The rest of an output. Dropping it kills the program.
struct Output {
    /// None when the program has ended.
    grown: Option<Grown>,
    _watchdog: Watchdog,
    request: Request,
    /// Waits until what was printed before it has been taken.
    next: Option<Chunk>,
}

/// Waits for the first output or the end: a program that fails without output is a failure, not an empty 200.
pub(crate) async fn reply(grown: Grown, request: Request) -> Result<Reply> {
    let watchdog = grown.watchdog()?;
    let mut output = Output { grown: Some(grown), _watchdog: watchdog, request, next: None };
    let first = match output.advance().await? {
        Some(Chunk::End(end)) => return Ok(Reply::ended(end)),
        first => first,
    };
    output.next = match (first, output.next.take()) {
        (Some(first), None) => Some(first),
        // Printed and ended: whole as it is.
        (Some(Chunk::Data(bytes)), Some(Chunk::End(end))) => {
            return Ok(Reply { end, ..Reply::succeeded(bytes) });
        }
        (_, next) => next,
    };
    let stream = unfold(output, |mut output| async move {
        let item = output.advance().await.transpose()?;
        Some((item, output))
    });
    Ok(Reply::succeeded(Body::from_stream(stream)))
}

impl Output {
    /// The next piece; the last is the end of the invocation.
    async fn advance(&mut self) -> Result<Option<Chunk>> {
        if let Some(next) = self.next.take() {
            return Ok(Some(next));
        }
        let Some(grown) = &mut self.grown else { return Ok(None) };
        let end = match grown.advance(&self.request).await {
            Step::Output => return Ok(Some(Chunk::Data(grown.take_output().into()))),
            Step::Lost(cause) => end_of_lost(grown.program(), cause),
            Step::Ended(mut ended, cause) => {
                let last = Bytes::from(std::mem::take(&mut ended.output));
                let end = end_of(grown.program(), &ended, cause, grown.read_bytes());
                if !last.is_empty()
                    && end.as_ref().is_ok_and(|end| end.outcome == Outcome::Succeeded)
                {
                    self.grown = None;
                    self.next = Some(Chunk::End(end?));
                    return Ok(Some(Chunk::Data(last)));
                }
                end
            }
        };
        self.grown = None;
        Ok(Some(Chunk::End(end?)))
    }
}
