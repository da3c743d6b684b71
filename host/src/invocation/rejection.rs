//! Why a request was refused: before any function code ran, or because what ran did not answer properly.

use http::StatusCode;
use std::time::Duration;

/// Whose fault a refusal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Component {
    Caller,
    Function,
    Host,
}

impl Component {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Function => "function",
            Self::Host => "host",
        }
    }
}

/// The closed list of refusals. Status, fault and headers follow from it in one place each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rejection {
    Malformed(String),
    Unauthorized {
        challenge: String,
    },
    Forbidden,
    NoSuchFunction(String),
    NoSuchRoute(String),
    NoSuchInvocation(String),
    MethodNotAllowed {
        method: String,
        allow: String,
    },
    BodyTimeout(Duration),
    BodyTooLarge {
        limit_bytes: u64,
    },
    UnsupportedMediaType {
        given: String,
        accept: String,
    },
    HeadersTooLarge {
        limit_bytes: usize,
        limit_count: usize,
    },
    AtLimit {
        concurrency: usize,
        waited: Duration,
    },
    Crashed,
    BadProtocol,
    Cancelled,
    Broken(String),
    /// Its last workers failed; the next one is started after a pause.
    Paused {
        reason: String,
        retry_after: Duration,
    },
    /// The function's files went away under the call, and no later generation could take it.
    Gone(String),
    Building,
    TimedOut,
    Saturated {
        limit: usize,
    },
    Draining,
    Unavailable {
        what: String,
        retry_after: Duration,
    },
    AuthUnavailable,
}

impl Rejection {
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized { .. } => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NoSuchFunction(_) | Self::NoSuchRoute(_) | Self::NoSuchInvocation(_) => {
                StatusCode::NOT_FOUND
            }
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTimeout(_) => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::HeadersTooLarge { .. } => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::AtLimit { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Crashed | Self::BadProtocol => StatusCode::BAD_GATEWAY,
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            Self::Broken(_)
            | Self::Paused { .. }
            | Self::Gone(_)
            | Self::Building
            | Self::Cancelled
            | Self::Saturated { .. }
            | Self::Draining
            | Self::Unavailable { .. }
            | Self::AuthUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub(crate) const fn component(&self) -> Component {
        match self {
            Self::Malformed(_)
            | Self::Unauthorized { .. }
            | Self::Forbidden
            | Self::NoSuchFunction(_)
            | Self::NoSuchRoute(_)
            | Self::NoSuchInvocation(_)
            | Self::MethodNotAllowed { .. }
            | Self::BodyTimeout(_)
            | Self::BodyTooLarge { .. }
            | Self::UnsupportedMediaType { .. }
            | Self::HeadersTooLarge { .. } => Component::Caller,
            Self::AtLimit { .. }
            | Self::Crashed
            | Self::BadProtocol
            | Self::TimedOut
            | Self::Broken(_)
            | Self::Paused { .. }
            | Self::Gone(_)
            | Self::Building => Component::Function,
            Self::Saturated { .. }
            | Self::Draining
            | Self::Cancelled
            | Self::Unavailable { .. }
            | Self::AuthUnavailable => Component::Host,
        }
    }

    /// When a caller should try again.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } | Self::Paused { retry_after, .. } => {
                Some(*retry_after)
            }
            Self::Gone(_)
            | Self::AtLimit { .. }
            | Self::Saturated { .. }
            | Self::AuthUnavailable => Some(Duration::from_secs(1)),
            Self::Broken(_) | Self::Building | Self::Draining => Some(Duration::from_secs(5)),
            _ => None,
        }
    }

    /// What happened, for the history.
    pub(crate) fn reason(&self) -> String {
        self.detail()
    }

    /// What happened and the way out, for the caller.
    pub(crate) fn detail(&self) -> String {
        match self {
            Self::Malformed(what) => what.clone(),
            Self::Unauthorized { .. } => {
                "credentials are missing or wrong: see WWW-Authenticate".into()
            }
            Self::Forbidden => "this identity may not call this route".into(),
            Self::NoSuchFunction(name) => {
                format!("no function `{name}`: GET /list shows what is deployed")
            }
            Self::NoSuchRoute(path) => {
                format!("no route `{path}`: functions are called at /f/NAME")
            }
            Self::NoSuchInvocation(id) => {
                format!("no invocation `{id}` in the history, which keeps a bounded number of them")
            }
            Self::MethodNotAllowed { method, allow } => {
                format!("method {method} is not taken here: use {allow}")
            }
            Self::BodyTimeout(limit) => format!("the body was not received within {limit:?}"),
            Self::BodyTooLarge { limit_bytes } => {
                format!(
                    "the body is larger than {limit_bytes} bytes, the limit of this function (`limits.body`)"
                )
            }
            Self::UnsupportedMediaType { given, accept } => {
                format!("Content-Type `{given}` is not taken by this function: send {accept}")
            }
            Self::HeadersTooLarge { limit_bytes, limit_count } => {
                format!("the headers are more than {limit_bytes} bytes or {limit_count} lines")
            }
            Self::AtLimit { concurrency, waited } => {
                format!(
                    "the function has {concurrency} invocations running, its limit, and none ended within {waited:?}"
                )
            }
            Self::Cancelled => "the invocation was cancelled".into(),
            Self::Crashed => "the worker died during the call: /history has the reason".into(),
            Self::BadProtocol => {
                "the function's answer could not be understood: /history has the reason".into()
            }
            // Word for word what `/list` says.
            Self::Gone(reason) | Self::Broken(reason) => reason.clone(),
            Self::Paused { reason, .. } => {
                format!(
                    "the function's last worker failed, the next one is started after a pause: {reason}"
                )
            }
            Self::Building => "the function is being built".into(),
            Self::TimedOut => {
                "the function did not end within its `timeout` and was stopped".into()
            }
            Self::Saturated { limit } => {
                format!("the host is handling {limit} requests, its limit")
            }
            Self::Draining => "the host is shutting down".into(),
            Self::Unavailable { what, .. } => what.clone(),
            Self::AuthUnavailable => "nobody can be authenticated at the moment".into(),
        }
    }
}
