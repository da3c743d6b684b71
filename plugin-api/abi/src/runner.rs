//! `runner/1`: how a function is prepared, started, called and stopped.

use crate::{AbiError, BodyV1, CreateV1, Extra, Instance, RequestV1};
use abi_stable::{
    StableAbi,
    std_types::{RResult, RString, RVec},
};
use async_ffi::FfiFuture;
use std::ffi::c_void;

/// Id of this interface.
pub const RUNNER_V1: &str = "runner/1";

/// Function table of a runner plugin.
///
/// Order for one function: `prepare` once per generation; then, where [`PreparedV1::capacity`] is not 0, `start`
/// for each worker; `invoke` any number of times, concurrently; `stop` for each worker; `release` once.
/// No call on a handle after `stop` or `release` of it has been called. `release` comes after every future and stream of
/// the function is gone; `stop` may come while invocations of the worker still run, and their futures keep it alive.
#[repr(C)]
#[derive(StableAbi)]
pub struct RunnerV1 {
    /// `[load]` Makes an instance from its configuration. At most once per generation and configuration.
    pub create: extern "C" fn(CreateV1) -> RResult<Instance, AbiError>,
    /// `[worker]` Validates a function and resolves all that can be resolved once: interpreter, library, module.
    pub prepare:
        extern "C" fn(Instance, FunctionSpecV1) -> FfiFuture<RResult<PreparedV1, AbiError>>,
    /// `[worker]` Starts one worker of a prepared function.
    pub start: extern "C" fn(Instance, prepared: Handle) -> FfiFuture<RResult<Handle, AbiError>>,
    /// `[worker]` One invocation; `worker` is null where capacity is 0. Dropping the future cancels the invocation:
    /// what it started is stopped and reaped without anybody waiting.
    pub invoke: extern "C" fn(
        Instance,
        prepared: Handle,
        worker: Handle,
        InvokeV1,
    ) -> FfiFuture<RResult<ReplyV1, AbiError>>,
    /// `[worker]` Stops a worker, by force after `grace_ms` milliseconds. The handle is given back.
    pub stop: extern "C" fn(Instance, worker: Handle, grace_ms: u64) -> FfiFuture<()>,
    /// `[worker]` The generation has ended, and with it every future and stream of it. The handle is given back.
    pub release: extern "C" fn(Instance, prepared: Handle) -> FfiFuture<()>,
    /// `[worker]` The host ends: nothing may be left running `grace_ms` milliseconds from now.
    pub shutdown: extern "C" fn(Instance, grace_ms: u64) -> FfiFuture<()>,
    /// `[load]` Ends the instance; called once, after every future and stream of it is gone.
    pub destroy: extern "C" fn(Instance),
}

/// An opaque pointer of the plugin's.
#[repr(transparent)]
#[derive(StableAbi, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle(pub *const c_void);

// SAFETY: a handle is only handed back to the plugin, whose functions are documented as callable from any thread.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Handle {
    /// No handle.
    pub const NULL: Self = Self(std::ptr::null());
}

/// A deployed function.
#[repr(C)]
#[derive(StableAbi)]
pub struct FunctionSpecV1 {
    /// Name of the function.
    pub name: RString,
    /// Its `type` (`executable`).
    pub kind: RString,
    /// Its folder, absolute.
    pub folder: RString,
    /// The folder that no file of a function may lie outside of, absolute: `deploy/`.
    pub deploy_folder: RString,
    /// Number of this generation; larger is newer.
    pub generation: u64,
    /// The checked manifest with the host's defaults filled in, as a JSON object (docs/plugins.md names its keys).
    pub manifest_json: RString,
    /// Open-ended.
    pub extra: Extra,
}

/// Answer of [`RunnerV1::prepare`].
#[repr(C)]
#[derive(StableAbi)]
pub struct PreparedV1 {
    /// Handed back in `start`, `invoke` and `release`.
    pub handle: Handle,
    /// How many invocations one worker takes at once; 0: there are no workers, each invocation stands alone.
    pub capacity: u32,
    /// Something the operator should know, shown in `/list`; or empty.
    pub warning: RString,
    /// Open-ended. Known: `ahead`, a number: so many invocations beyond `capacity` may be handed to a worker that is
    /// busy; it does them in order, and those that it has not begun when it ends fail with
    /// [`error_kind::UNSTARTED`](crate::error_kind::UNSTARTED).
    pub extra: Extra,
}

/// Argument of [`RunnerV1::invoke`].
#[repr(C)]
#[derive(StableAbi)]
pub struct InvokeV1 {
    /// The request. Its log takes what the code prints.
    pub request: RequestV1,
    /// The body.
    pub body: BodyV1,
}

/// A header of a reply.
#[repr(C)]
#[derive(StableAbi)]
pub struct HeaderV1 {
    /// Name, any case.
    pub name: RString,
    /// Value.
    pub value: RVec<u8>,
}

/// Answer of [`RunnerV1::invoke`].
#[repr(C)]
#[derive(StableAbi)]
pub struct ReplyV1 {
    /// HTTP status that the function asks for; 0: the host's choice.
    pub status: u32,
    /// Headers that the function sets.
    pub headers: RVec<HeaderV1>,
    /// The output.
    pub body: BodyV1,
    /// What the invocation ended as; where `body.rest` is a stream, its last item says it instead.
    pub end: EndV1,
}

/// What an invocation ended as.
#[repr(C)]
#[derive(StableAbi, Debug, Clone)]
pub struct EndV1 {
    /// One of [`outcome`]; an unknown number is read as [`outcome::BAD_PROTOCOL`].
    pub outcome: u32,
    /// Exit code of the program, or [`NO_EXIT_CODE`].
    pub exit_code: i32,
    /// One of [`start_kind`].
    pub start: u32,
    /// Why it failed, for the history; or empty.
    pub error: RString,
    /// Time the start took, in microseconds.
    pub start_us: u64,
    /// Processor time used, user and system, in microseconds; 0 when unknown.
    pub cpu_us: u64,
    /// Largest resident memory, in bytes; 0 when unknown.
    pub max_rss_bytes: u64,
    /// Open-ended.
    pub extra: Extra,
}

/// [`EndV1::exit_code`] when there is none.
pub const NO_EXIT_CODE: i32 = i32::MIN;

/// Values of [`EndV1::outcome`].
pub mod outcome {
    /// It did its work.
    pub const SUCCEEDED: u32 = 0;
    /// It ran and said that it failed: non-zero exit, raised error, output over the limit, death by signal.
    pub const FAILED: u32 = 1;
    /// Its deadline passed.
    pub const TIMED_OUT: u32 = 2;
    /// Its worker died under it.
    pub const CRASHED: u32 = 3;
    /// It spoke nonsense.
    pub const BAD_PROTOCOL: u32 = 4;
    /// It was cancelled.
    pub const CANCELLED: u32 = 5;
}

/// Values of [`EndV1::start`].
pub mod start_kind {
    /// Nothing was waiting: it was started for this invocation.
    pub const COLD: u32 = 0;
    /// It was there.
    pub const WARM: u32 = 1;
}
