//! From a runner's answer to an answer and a record.

use super::answer::{Answer, AnswerBody, Timings};
use super::call::Failure;
use super::ledger::Ledger;
use super::stream::AnswerStream;
use crate::invocation::{End, Outcome, Rejection, Request};
use crate::plugins::{Fault, FaultKind, Reply, ReplyBody};
use bytes::Bytes;
use http::StatusCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Makes an answer and a record of what came back.
pub(super) fn conclude(
    request: &Arc<Request>,
    ledger: Ledger,
    reply: Result<Reply, Failure>,
) -> Answer {
    match reply {
        Err(Failure::Refused(rejection)) => {
            let timings = ledger.refuse(&rejection);
            Answer::refused(rejection, timings)
        }
        Err(Failure::Fault(fault)) => fail(request, ledger, fault),
        Ok(reply) => match reply.body {
            ReplyBody::Whole(output) => {
                whole(ledger, reply.status, reply.headers, output, reply.end)
            }
            ReplyBody::Stream { first, rest } => {
                let status = succeeded_status(reply.status);
                let timings = ledger.timings(Instant::now(), reply.end.start);
                let stream = AnswerStream::new(ledger, reply.lease, status, (first, rest), request);
                Answer {
                    status,
                    headers: reply.headers,
                    body: AnswerBody::Stream(Box::new(stream)),
                    timings,
                }
            }
        },
    }
}

type Headers = Vec<(http::HeaderName, http::HeaderValue)>;

fn whole(ledger: Ledger, status: Option<u16>, headers: Headers, output: Bytes, end: End) -> Answer {
    let refusal = match end.outcome {
        Outcome::Succeeded => {
            let status = succeeded_status(status);
            let timings = ledger.close(status.as_u16(), &end, &output);
            return Answer { status, headers, body: AnswerBody::Whole(output), timings };
        }
        Outcome::Failed => {
            let timings = ledger.close(500, &end, &output);
            return Answer::failed(timings);
        }
        Outcome::TimedOut => Rejection::TimedOut,
        Outcome::Crashed => Rejection::Crashed,
        Outcome::BadProtocol => Rejection::BadProtocol,
        Outcome::Cancelled | Outcome::Rejected => Rejection::Cancelled,
    };
    let timings = ledger.close(refusal.status().as_u16(), &end, &output);
    Answer::refused(refusal, timings)
}

/// What the function asks for where it may: runners turn what is outside of 200 to 599 into a failure themselves.
fn succeeded_status(status: Option<u16>) -> StatusCode {
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    status.filter(|status| (200..=599).contains(&status.as_u16())).unwrap_or(StatusCode::OK)
}

/// The runner itself could not do it.
fn fail(request: &Request, ledger: Ledger, fault: Fault) -> Answer {
    let message = fault.to_string();
    let retry_after = fault.retry_after.unwrap_or(Duration::from_secs(1));
    let refused = |ledger: Ledger, rejection: Rejection| {
        let timings = ledger.refuse(&rejection);
        Answer::refused(rejection, timings)
    };
    let ended = |ledger: Ledger, outcome: Outcome, rejection: Rejection| {
        let end = End::of(outcome, message.clone());
        let timings = ledger.close(rejection.status().as_u16(), &end, &Bytes::new());
        Answer::refused(rejection, timings)
    };
    if let Some(rejection) = request.body_fault.get() {
        return ended(ledger, Outcome::Cancelled, rejection.clone());
    }
    match fault.kind {
        FaultKind::Panic | FaultKind::Config => {
            let end = End::of(Outcome::Failed, message);
            let timings: Timings = ledger.close(500, &end, &Bytes::new());
            Answer::failed(timings)
        }
        FaultKind::Broken => refused(ledger, Rejection::Broken(fault.message)),
        FaultKind::Plugin | FaultKind::Unstarted => {
            ended(ledger, Outcome::Crashed, Rejection::Crashed)
        }
        FaultKind::Timeout => ended(ledger, Outcome::TimedOut, Rejection::TimedOut),
        FaultKind::Cancelled => ended(ledger, Outcome::Cancelled, Rejection::Cancelled),
        FaultKind::BadRequest => refused(ledger, Rejection::Malformed(fault.message)),
        FaultKind::Gone => refused(ledger, Rejection::Gone(fault.message)),
        FaultKind::Unavailable => {
            refused(ledger, Rejection::Unavailable { what: fault.message, retry_after })
        }
    }
}
