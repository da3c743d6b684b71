//! A request as a plugin sees it: an owned handle with accessors, so that nothing is copied that nobody asks for.

use abi_stable::{
    StableAbi,
    std_types::{ROption, RSlice, RStr},
};
use std::ffi::c_void;

/// One request or invocation, owned by whoever holds it; [`RequestTableV1::drop`] gives it back.
#[repr(C)]
#[derive(StableAbi)]
pub struct RequestV1 {
    /// The host's own; first argument of every accessor.
    pub context: *const c_void,
    /// The accessors.
    pub table: &'static RequestTableV1,
}

// SAFETY: every accessor may be called from any thread; the host's data behind `context` is immutable or locked.
unsafe impl Send for RequestV1 {}
// SAFETY: as above.
unsafe impl Sync for RequestV1 {}

impl Drop for RequestV1 {
    fn drop(&mut self) {
        (self.table.drop)(self.context);
    }
}

/// Accessors of a [`RequestV1`]; all `[any]`. What they return is valid until the request is dropped.
#[repr(C)]
#[derive(StableAbi)]
pub struct RequestTableV1 {
    /// A text by number ([`field`](crate::field)); empty when there is none or the number is unknown.
    pub get: extern "C" fn(context: *const c_void, field: u32) -> RStr<'static>,
    /// A number by number ([`number`](crate::number)); 0 when there is none or the number is unknown.
    pub number: extern "C" fn(context: *const c_void, number: u32) -> u64,
    /// The `nth` value (from 0) of the header `name`, in lower case.
    pub header: extern "C" fn(
        context: *const c_void,
        name: RStr<'_>,
        nth: u32,
    ) -> ROption<RSlice<'static, u8>>,
    /// Calls `visit` for every header in the order of arrival; names are in lower case.
    pub each_header: extern "C" fn(context: *const c_void, visitor: HeaderVisitorV1),
    /// Adds to the invocation's own log ([`log_stream`](crate::log_stream)); bounded by the host. Ignored while authenticating.
    pub log: extern "C" fn(context: *const c_void, stream: u32, bytes: RSlice<'_, u8>),
    /// Gives the request back; called exactly once.
    pub drop: extern "C" fn(context: *const c_void),
}

/// Who is called for each header.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct HeaderVisitorV1 {
    /// The visitor's own; first argument of `visit`.
    pub context: *mut c_void,
    /// Called once per header value, on the calling thread, before `each_header` returns.
    pub visit: extern "C" fn(context: *mut c_void, name: RStr<'_>, value: RSlice<'_, u8>),
}

/// Texts of a request.
pub mod field {
    /// Id of the invocation.
    pub const ID: u32 = 1;
    /// Name of the function, empty for a route of the host itself.
    pub const FUNCTION: u32 = 2;
    /// HTTP method.
    pub const METHOD: u32 = 3;
    /// Path as requested, percent-encoded.
    pub const PATH: u32 = 4;
    /// What follows the function's name in the path, percent-encoded, or empty.
    pub const PATH_INFO: u32 = 5;
    /// Query without its `?`.
    pub const QUERY_STRING: u32 = 6;
    /// Who calls; empty when nobody was asked.
    pub const IDENTITY: u32 = 7;
    /// Caller's address without port.
    pub const REMOTE_ADDRESS: u32 = 8;
    /// Name or address under which the host was called, without port.
    pub const SERVER_NAME: u32 = 9;
    /// `HTTP/1.1` or what it was.
    pub const PROTOCOL: u32 = 10;
    /// What started it: `http`, `async`, `schedule`.
    pub const TRIGGER: u32 = 11;
    /// For auth plugins: the scheme of the Authorization header as it came, or empty.
    pub const AUTH_SCHEME: u32 = 12;
    /// For auth plugins: what follows the scheme. Empty for runners: credentials are never passed to functions.
    pub const AUTH_CREDENTIALS: u32 = 13;
    /// Path up to and with the function's name (`/f/jq`).
    pub const SCRIPT_NAME: u32 = 14;
    /// Scheme by which the caller was authenticated; empty when nobody was asked.
    pub const AUTH_TYPE: u32 = 15;
}

/// Numbers of a request.
pub mod number {
    /// When the invocation must have ended, Unix time in milliseconds.
    pub const DEADLINE_UNIX_MS: u32 = 1;
    /// 1 when nobody waits for the answer.
    pub const ASYNCHRONOUS: u32 = 2;
    /// Caller's port.
    pub const REMOTE_PORT: u32 = 3;
    /// The host's port.
    pub const SERVER_PORT: u32 = 4;
    /// Milliseconds left until the deadline, by the monotonic clock.
    pub const REMAINING_MS: u32 = 5;
}

/// Where a piece of the invocation's log came from.
pub mod log_stream {
    /// What the code printed (never part of the response).
    pub const STDOUT: u32 = 1;
    /// Its standard error.
    pub const STDERR: u32 = 2;
}
