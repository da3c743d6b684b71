//! What went wrong on the other side: one error type for every function of the boundary.

use crate::Extra;
use abi_stable::{StableAbi, std_types::RString};

/// An error that crosses the boundary. Its strings are owned; it stays valid after its library is retired.
#[repr(C)]
#[derive(StableAbi, Debug, Clone)]
pub struct AbiError {
    /// One of [`error_kind`]; an unknown number is read as [`error_kind::PLUGIN`].
    pub kind: u32,
    /// How long a caller should wait before it tries again, in milliseconds; 0: nothing to say.
    pub retry_after_ms: u32,
    /// What happened, lowercase, naming the thing, the value and the way out.
    pub message: RString,
    /// For [`error_kind::CONFIG`]: the path of the key (`ttl`, `keys[2].name`); else empty.
    pub path: RString,
    /// Open-ended.
    pub extra: Extra,
}

/// Values of [`AbiError::kind`].
pub mod error_kind {
    /// The plugin panicked. The host answers 500 (auth: the door stays closed) and never shows the text to a caller.
    pub const PANIC: u32 = 1;
    /// The configuration or the manifest is wrong; `path` names the key.
    pub const CONFIG: u32 = 2;
    /// The plugin failed.
    pub const PLUGIN: u32 = 3;
    /// Not now; the same call may succeed later (503).
    pub const UNAVAILABLE: u32 = 4;
    /// The deadline passed (504).
    pub const TIMEOUT: u32 = 5;
    /// The call was cancelled.
    pub const CANCELLED: u32 = 6;
    /// The caller's request is at fault (400).
    pub const BAD_REQUEST: u32 = 7;
    /// The function's files were taken away before any of its code ran: safe to repeat on the next generation.
    pub const GONE: u32 = 8;
    /// The function's handler cannot be loaded: an import that fails, a syntax error, a missing name. The function is
    /// shown as `broken` with the message, which callers read (503).
    pub const BROKEN: u32 = 9;
    /// The worker ended before it began with this call: safe to repeat on another worker.
    pub const UNSTARTED: u32 = 10;
}
