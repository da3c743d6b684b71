//! What a request is answered with, before it is HTTP.

use super::stream::AnswerStream;
use crate::invocation::Rejection;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use std::time::Duration;

/// An answer to an invocation.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// Headers that the function set, already checked.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: AnswerBody,
    pub(crate) timings: Timings,
}

/// The body of an answer.
pub(crate) enum AnswerBody {
    /// None at all: a failure, whose reason is in the history.
    Empty,
    /// The function's output.
    Whole(Bytes),
    /// The function's output as it comes.
    Stream(Box<AnswerStream>),
    /// Why the host refused, as a problem document.
    Problem(Rejection),
}

/// Where the time went.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Timings {
    /// From the request's head to the runner: authentication, receiving the body, waiting for a permit.
    pub(crate) queue: Duration,
    /// Starting a process or worker.
    pub(crate) start: Duration,
    /// The function itself.
    pub(crate) run: Duration,
}

impl Answer {
    /// A refusal.
    pub(crate) fn refused(rejection: Rejection, timings: Timings) -> Self {
        Self {
            status: rejection.status(),
            headers: Vec::new(),
            body: AnswerBody::Problem(rejection),
            timings,
        }
    }

    /// A failure of the function: 500 and not a byte more.
    pub(crate) fn failed(timings: Timings) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            headers: Vec::new(),
            body: AnswerBody::Empty,
            timings,
        }
    }
}
