//! What a plugin answers when it cannot do what it was asked.

use plugin_abi::{AbiError, error_kind};
use std::fmt;

/// A plugin's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whose fault it is and what the host makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The plugin panicked: 500. Never constructed by authors.
    Panic,
    /// The configuration or the manifest is wrong.
    Config,
    /// The plugin failed: 500 (502 when it was running a function).
    Plugin,
    /// Not now, perhaps later: 503.
    Unavailable,
    /// The deadline passed: 504.
    Timeout,
    /// The call was cancelled.
    Cancelled,
    /// The request is at fault: 400.
    BadRequest,
    /// The function's files were taken away before any of its code ran: the host calls its next generation.
    Gone,
    /// The handler cannot be loaded: the function is `broken` with this message (503).
    Broken,
    /// The worker ended before it began with this call: the host takes another one.
    Unstarted,
}

/// An error with its kind and a message for the log and the history.
///
/// Callers see the message of a `BadRequest`, `Unavailable`, `Gone` or `Broken`, and no other.
#[derive(Debug, Clone)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    path: String,
    retry_after_ms: u32,
}

impl Error {
    /// An error of any kind. Wording: lowercase, names the thing and the value, then the way out.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), path: String::new(), retry_after_ms: 0 }
    }

    /// The plugin failed.
    pub fn plugin(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Plugin, message)
    }

    /// The configuration or the manifest is wrong at `path` (`ttl`, `keys[2].name`; empty: as a whole).
    pub fn config(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), ..Self::new(ErrorKind::Config, message) }
    }

    /// Not now; a caller may try again after `retry_after_ms` milliseconds.
    pub fn unavailable(message: impl Into<String>, retry_after_ms: u32) -> Self {
        Self { retry_after_ms, ..Self::new(ErrorKind::Unavailable, message) }
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What happened.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn into_abi(self) -> AbiError {
        AbiError {
            kind: match self.kind {
                ErrorKind::Panic => error_kind::PANIC,
                ErrorKind::Config => error_kind::CONFIG,
                ErrorKind::Plugin => error_kind::PLUGIN,
                ErrorKind::Unavailable => error_kind::UNAVAILABLE,
                ErrorKind::Timeout => error_kind::TIMEOUT,
                ErrorKind::Cancelled => error_kind::CANCELLED,
                ErrorKind::BadRequest => error_kind::BAD_REQUEST,
                ErrorKind::Gone => error_kind::GONE,
                ErrorKind::Broken => error_kind::BROKEN,
                ErrorKind::Unstarted => error_kind::UNSTARTED,
            },
            retry_after_ms: self.retry_after_ms,
            message: self.message.into(),
            path: self.path.into(),
            extra: plugin_abi::Extra::new(),
        }
    }

    pub(crate) fn from_abi(error: AbiError) -> Self {
        let kind = match error.kind {
            error_kind::PANIC => ErrorKind::Panic,
            error_kind::CONFIG => ErrorKind::Config,
            error_kind::UNAVAILABLE => ErrorKind::Unavailable,
            error_kind::TIMEOUT => ErrorKind::Timeout,
            error_kind::CANCELLED => ErrorKind::Cancelled,
            error_kind::BAD_REQUEST => ErrorKind::BadRequest,
            error_kind::GONE => ErrorKind::Gone,
            error_kind::BROKEN => ErrorKind::Broken,
            error_kind::UNSTARTED => ErrorKind::Unstarted,
            _ => ErrorKind::Plugin,
        };
        Self {
            kind,
            message: error.message.into(),
            path: error.path.into(),
            retry_after_ms: error.retry_after_ms,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            formatter.write_str(&self.message)
        } else {
            write!(formatter, "`{}`: {}", self.path, self.message)
        }
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::plugin(error.to_string())
    }
}

impl From<String> for Error {
    fn from(message: String) -> Self {
        Self::plugin(message)
    }
}

impl From<&str> for Error {
    fn from(message: &str) -> Self {
        Self::plugin(message)
    }
}
