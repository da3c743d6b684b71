//! What a plugin said went wrong, on the host's side of the boundary.

use plugin_abi::{AbiError, error_kind};
use std::time::Duration;

/// The closed list of kinds; an unknown number counts as the plugin's failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    Panic,
    Config,
    Plugin,
    Unavailable,
    Timeout,
    Cancelled,
    BadRequest,
    Gone,
    /// The handler cannot be loaded.
    Broken,
    /// The worker ended before it began with the call.
    Unstarted,
}

/// An error of a plugin's.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}{}{message}", if path.is_empty() { "" } else { path }, if path.is_empty() { "" } else { ": " })]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    pub(crate) message: String,
    /// Key of the configuration or the manifest; or empty.
    pub(crate) path: String,
    pub(crate) retry_after: Option<Duration>,
}

impl From<AbiError> for Fault {
    fn from(error: AbiError) -> Self {
        let kind = match error.kind {
            error_kind::PANIC => FaultKind::Panic,
            error_kind::CONFIG => FaultKind::Config,
            error_kind::UNAVAILABLE => FaultKind::Unavailable,
            error_kind::TIMEOUT => FaultKind::Timeout,
            error_kind::CANCELLED => FaultKind::Cancelled,
            error_kind::BAD_REQUEST => FaultKind::BadRequest,
            error_kind::GONE => FaultKind::Gone,
            error_kind::BROKEN => FaultKind::Broken,
            error_kind::UNSTARTED => FaultKind::Unstarted,
            _ => FaultKind::Plugin,
        };
        let wait = u64::from(error.retry_after_ms);
        Self {
            kind,
            message: error.message.into(),
            path: error.path.into(),
            retry_after: (wait > 0).then(|| Duration::from_millis(wait)),
        }
    }
}

/// Something that is wrong with a plugin's library or table as a whole.
impl From<String> for Fault {
    fn from(message: String) -> Self {
        Self::of(FaultKind::Config, &message)
    }
}

impl Fault {
    pub(super) fn of(kind: FaultKind, message: &str) -> Self {
        Self { kind, message: message.to_owned(), path: String::new(), retry_after: None }
    }

    /// A key of the plugin's table is wrong.
    pub(crate) fn config(path: &str, message: &str) -> Self {
        Self { path: path.to_owned(), ..Self::of(FaultKind::Config, message) }
    }

    /// The runner did not answer in time and was not waited for any longer.
    pub(crate) fn late() -> Self {
        Self::of(FaultKind::Timeout, "the runner did not answer after the deadline")
    }

    /// No worker was ready for the call in the time that the function has.
    pub(crate) fn unready(limit: Duration) -> Self {
        Self::of(FaultKind::Timeout, &format!("no worker was ready within {limit:?}"))
    }

    /// The handler cannot be loaded, in the words of the function's state.
    pub(crate) fn broken(reason: &str) -> Self {
        Self::of(FaultKind::Broken, reason)
    }

    /// There is no generation that could take the call.
    pub(crate) fn gone(message: &str) -> Self {
        Self::of(FaultKind::Gone, message)
    }
}
