//! `reactor/1`, a service of the host: a descriptor's readiness wakes the very thread that polls the call which waits for it.

use crate::Handle;
use abi_stable::StableAbi;
use async_ffi::FfiContext;

/// Id of this service, for [`HostV1::query`](crate::HostV1::query).
pub const REACTOR_V1: &str = "reactor/1";

/// The service. All functions are `[any]` unless they say otherwise.
#[repr(C)]
#[derive(StableAbi)]
pub struct ReactorV1 {
    /// `[worker]` Begins to watch a descriptor for being readable; null when the calling thread polls no calls, or on
    /// failure. The descriptor stays the caller's, must not block, and must not be closed before `close`.
    pub watch: extern "C" fn(descriptor: i32) -> Handle,
    /// One of [`readiness`]. Ready is said once: the caller then reads until a read has found nothing, or less than there
    /// was room for, before it asks again. When it is not ready, the context's waker is woken as soon as it may be; of
    /// several callers only the last one is.
    pub poll: extern "C" fn(watch: Handle, context: &mut FfiContext<'_>) -> u32,
    /// Ends the watch; the handle is given back.
    pub close: extern "C" fn(watch: Handle),
}

/// Answers of [`ReactorV1::poll`].
pub mod readiness {
    /// Not yet.
    pub const PENDING: u32 = 0;
    /// It may be read, or has come to its end.
    pub const READY: u32 = 1;
    /// The host can no longer tell.
    pub const FAILED: u32 = 2;
}
