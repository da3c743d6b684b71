//! What an invocation ended as.

use std::time::Duration;

/// The closed list of ends; `Rejected` means that no function code ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    Succeeded,
    Failed,
    TimedOut,
    Crashed,
    BadProtocol,
    Cancelled,
    Rejected,
}

impl Outcome {
    /// All of them, in the order of their numbers.
    pub(crate) const ALL: [Self; 7] = [
        Self::Succeeded,
        Self::Failed,
        Self::TimedOut,
        Self::Crashed,
        Self::BadProtocol,
        Self::Cancelled,
        Self::Rejected,
    ];

    /// The name in `/history` and `/metrics`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Crashed => "crashed",
            Self::BadProtocol => "bad_protocol",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
        }
    }

    /// The outcome of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// The end of an invocation whose code ran, or should have.
#[derive(Debug, Clone)]
pub(crate) struct End {
    pub(crate) outcome: Outcome,
    pub(crate) exit_code: Option<i32>,
    /// Why it failed; for the history, never for the caller.
    pub(crate) error: String,
    pub(crate) cold: bool,
    pub(crate) start: Duration,
    pub(crate) cpu: Duration,
    pub(crate) max_rss_bytes: u64,
}

impl End {
    /// An end of which only outcome and reason are known.
    pub(crate) fn of(outcome: Outcome, error: impl Into<String>) -> Self {
        Self {
            outcome,
            exit_code: None,
            error: error.into(),
            cold: false,
            start: Duration::ZERO,
            cpu: Duration::ZERO,
            max_rss_bytes: 0,
        }
    }
}
