//! What a runner answers: status, headers, body, and what the invocation ended as.

use crate::{Body, body::BoxedStream};
use plugin_abi::{EndV1, Extra, HeaderV1, NO_EXIT_CODE, ReplyV1, StreamV1, outcome, start_kind};
use std::time::Duration;

/// What an invocation ended as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outcome {
    /// It did its work.
    #[default]
    Succeeded,
    /// It ran and said that it failed.
    Failed,
    /// Its deadline passed.
    TimedOut,
    /// Its worker died under it.
    Crashed,
    /// It spoke nonsense.
    BadProtocol,
    /// It was cancelled.
    Cancelled,
}

/// The end of an invocation, for the history.
#[derive(Debug, Clone, Default)]
pub struct End {
    /// What it ended as.
    pub outcome: Outcome,
    /// Exit code of the program.
    pub exit_code: Option<i32>,
    /// Why it failed.
    pub error: String,
    /// True when something was started for it.
    pub cold: bool,
    /// How long the start took.
    pub start: Duration,
    /// Processor time used, user and system.
    pub cpu: Duration,
    /// Largest resident memory; 0 when unknown.
    pub max_rss_bytes: u64,
}

impl End {
    /// It failed, and why.
    pub fn failed(error: impl Into<String>) -> Self {
        Self { outcome: Outcome::Failed, error: error.into(), ..Self::default() }
    }

    pub(crate) fn into_abi(self) -> EndV1 {
        EndV1 {
            outcome: match self.outcome {
                Outcome::Succeeded => outcome::SUCCEEDED,
                Outcome::Failed => outcome::FAILED,
                Outcome::TimedOut => outcome::TIMED_OUT,
                Outcome::Crashed => outcome::CRASHED,
                Outcome::BadProtocol => outcome::BAD_PROTOCOL,
                Outcome::Cancelled => outcome::CANCELLED,
            },
            exit_code: self.exit_code.unwrap_or(NO_EXIT_CODE),
            start: if self.cold { start_kind::COLD } else { start_kind::WARM },
            error: self.error.into(),
            start_us: micros(self.start),
            cpu_us: micros(self.cpu),
            max_rss_bytes: self.max_rss_bytes,
            extra: Extra::new(),
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// A runner's answer to one invocation.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status that the function asks for; none: 200, or what the outcome says.
    pub status: Option<u16>,
    /// Headers that the function sets.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The output.
    pub body: Body,
    /// What it ended as; when the body is a stream its last item says it instead.
    pub end: End,
}

impl Reply {
    /// It succeeded with this output.
    pub fn succeeded(body: impl Into<Body>) -> Self {
        Self { status: None, headers: Vec::new(), body: body.into(), end: End::default() }
    }

    /// It ended like this, without output.
    #[must_use]
    pub fn ended(end: End) -> Self {
        Self { status: None, headers: Vec::new(), body: Body::empty(), end }
    }

    pub(crate) fn into_abi(self, wrap: impl FnOnce(BoxedStream) -> StreamV1) -> ReplyV1 {
        ReplyV1 {
            status: self.status.map_or(0, u32::from),
            headers: self
                .headers
                .into_iter()
                .map(|(name, value)| HeaderV1 { name: name.into(), value: value.into() })
                .collect(),
            body: self.body.into_abi(wrap),
            end: self.end.into_abi(),
        }
    }
}
