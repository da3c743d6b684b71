//! A request as plugins see it: accessors over the host's own data, nothing copied.

use crate::Body;
use plugin_abi::abi_stable::std_types::{RSlice, RStr};
use plugin_abi::{HeaderVisitorV1, RequestV1, field, log_stream, number};
use std::ffi::c_void;
use std::time::Duration;

/// What is known of a request or an invocation. Dropped when the plugin is done with it.
pub struct Request {
    raw: RequestV1,
}

impl Request {
    pub(crate) fn new(raw: RequestV1) -> Self {
        Self { raw }
    }

    fn text(&self, field: u32) -> &str {
        let text: RStr<'_> = (self.raw.table.get)(self.raw.context, field);
        text.as_str()
    }

    fn number(&self, number: u32) -> u64 {
        (self.raw.table.number)(self.raw.context, number)
    }

    /// Id of the invocation.
    #[must_use]
    pub fn id(&self) -> &str {
        self.text(field::ID)
    }
    /// Name of the function; empty for a route of the host itself (`/list`).
    #[must_use]
    pub fn function(&self) -> &str {
        self.text(field::FUNCTION)
    }
    /// HTTP method.
    #[must_use]
    pub fn method(&self) -> &str {
        self.text(field::METHOD)
    }
    /// Path as requested, percent-encoded.
    #[must_use]
    pub fn path(&self) -> &str {
        self.text(field::PATH)
    }
    /// What follows the function's name in the path, percent-encoded, or empty.
    #[must_use]
    pub fn path_info(&self) -> &str {
        self.text(field::PATH_INFO)
    }
    /// Path up to and with the function's name (`/f/jq`).
    #[must_use]
    pub fn script_name(&self) -> &str {
        self.text(field::SCRIPT_NAME)
    }
    /// Query without its `?`.
    #[must_use]
    pub fn query_string(&self) -> &str {
        self.text(field::QUERY_STRING)
    }
    /// Who calls; empty when nobody was asked.
    #[must_use]
    pub fn identity(&self) -> &str {
        self.text(field::IDENTITY)
    }
    /// Scheme by which the caller was authenticated; empty when nobody was asked.
    #[must_use]
    pub fn auth_type(&self) -> &str {
        self.text(field::AUTH_TYPE)
    }
    /// Caller's address without port.
    #[must_use]
    pub fn remote_address(&self) -> &str {
        self.text(field::REMOTE_ADDRESS)
    }
    /// Caller's port.
    #[must_use]
    pub fn remote_port(&self) -> u16 {
        u16::try_from(self.number(number::REMOTE_PORT)).unwrap_or_default()
    }
    /// Name under which the host was called, without port.
    #[must_use]
    pub fn server_name(&self) -> &str {
        self.text(field::SERVER_NAME)
    }
    /// The host's port.
    #[must_use]
    pub fn server_port(&self) -> u16 {
        u16::try_from(self.number(number::SERVER_PORT)).unwrap_or_default()
    }
    /// `HTTP/1.1` or what it was.
    #[must_use]
    pub fn protocol(&self) -> &str {
        self.text(field::PROTOCOL)
    }
    /// What started it: `http`, `async`, `schedule`.
    #[must_use]
    pub fn trigger(&self) -> &str {
        self.text(field::TRIGGER)
    }
    /// True when nobody waits for the answer.
    #[must_use]
    pub fn asynchronous(&self) -> bool {
        self.number(number::ASYNCHRONOUS) != 0
    }
    /// When the invocation must have ended, Unix time in milliseconds; 0 while authenticating.
    #[must_use]
    pub fn deadline_unix_ms(&self) -> u64 {
        self.number(number::DEADLINE_UNIX_MS)
    }
    /// Time left until the deadline, by the monotonic clock.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        Duration::from_millis(self.number(number::REMAINING_MS))
    }

    /// First value of the header `name` (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        (self.raw.table.header)(self.raw.context, RStr::from_str(name), 0)
            .into_option()
            .map(|value| value.as_slice())
    }

    /// Calls `visit` with every header, names in lower case, in the order of arrival. Credentials are left out for runners.
    pub fn each_header(&self, mut visit: impl FnMut(&str, &[u8])) {
        extern "C" fn shim<F: FnMut(&str, &[u8])>(
            context: *mut c_void,
            name: RStr<'_>,
            value: RSlice<'_, u8>,
        ) {
            // SAFETY: `context` is the `&mut F` below, used by one thread while `each_header` runs.
            let visit = unsafe { &mut *context.cast::<F>() };
            let (name, value) = (name.as_str(), value.as_slice());
            let call = std::panic::AssertUnwindSafe(|| visit(name, value));
            if let Err(payload) = std::panic::catch_unwind(call) {
                std::mem::forget(payload);
            }
        }
        fn visitor<F: FnMut(&str, &[u8])>(visit: &mut F) -> HeaderVisitorV1 {
            HeaderVisitorV1 { context: std::ptr::from_mut(visit).cast(), visit: shim::<F> }
        }
        (self.raw.table.each_header)(self.raw.context, visitor(&mut visit));
    }

    /// Adds to what the history keeps of the code's standard error. Bounded by the host.
    pub fn log_stderr(&self, bytes: &[u8]) {
        (self.raw.table.log)(self.raw.context, log_stream::STDERR, RSlice::from_slice(bytes));
    }

    /// Adds to what the history keeps of the code's prints. Bounded by the host.
    pub fn log_stdout(&self, bytes: &[u8]) {
        (self.raw.table.log)(self.raw.context, log_stream::STDOUT, RSlice::from_slice(bytes));
    }

    pub(crate) fn scheme(&self) -> &str {
        self.text(field::AUTH_SCHEME)
    }
    pub(crate) fn credentials(&self) -> &str {
        self.text(field::AUTH_CREDENTIALS)
    }
}

impl std::fmt::Debug for Request {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Request")
            .field("id", &self.id())
            .field("function", &self.function())
            .finish_non_exhaustive()
    }
}

/// One call of a function: the request and its body.
#[derive(Debug)]
pub struct Invocation {
    /// What is known of it.
    pub request: Request,
    /// The body; empty, whole, or a stream.
    pub body: Body,
}
