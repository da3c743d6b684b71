//! What the host gives a plugin when it creates an instance.

use crate::{Extra, RawInterface};
use abi_stable::{
    StableAbi,
    std_types::{RStr, RString},
};
use std::ffi::c_void;

/// The host as a plugin sees it. Plain data, may be copied; valid for the rest of the process, also after `destroy`.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct HostV1 {
    /// The host's own; handed back in every call.
    pub context: *const c_void,
    /// `[any]` The most detailed level that is wanted now, one of [`level`]. Changes while running.
    pub max_level: extern "C" fn(context: *const c_void) -> u32,
    /// `[any]` One log record: level, target, message, fields as a JSON object, id of the invocation or empty.
    pub log: extern "C" fn(
        context: *const c_void,
        level: u32,
        target: RStr<'_>,
        message: RStr<'_>,
        fields_json: RStr<'_>,
        invocation_id: RStr<'_>,
    ),
    /// `[any]` Asks the host for an optional service by id; null where this host has none of that name.
    pub query: extern "C" fn(context: *const c_void, id: RStr<'_>) -> RawInterface,
}

// SAFETY: `context` is only handed back to the host, whose functions are documented as callable from any thread.
unsafe impl Send for HostV1 {}
// SAFETY: as above.
unsafe impl Sync for HostV1 {}

/// Levels of a log record.
pub mod level {
    /// Nothing is wanted.
    pub const OFF: u32 = 0;
    /// Error.
    pub const ERROR: u32 = 1;
    /// Warning.
    pub const WARN: u32 = 2;
    /// Information.
    pub const INFO: u32 = 3;
    /// Debug.
    pub const DEBUG: u32 = 4;
    /// Trace.
    pub const TRACE: u32 = 5;
}

/// Argument of every `create`.
#[repr(C)]
#[derive(StableAbi)]
pub struct CreateV1 {
    /// The host.
    pub host: HostV1,
    /// Name under which the configuration enables the plugin, without its kind (`executable`).
    pub name: RString,
    /// The plugin's table of the configuration as a JSON object.
    pub config_json: RString,
    /// One of [`executor`].
    pub executor: u32,
    /// Open-ended. Known: `plugins_folder`, `deploy_folder`, `config_folder`.
    pub extra: Extra,
}

/// Which threads poll a plugin's futures.
pub mod executor {
    /// The host's workers, with the plugin's own runtime entered.
    pub const HOST: u32 = 0;
    /// The plugin's own threads: a blocking plugin cannot stall the host.
    pub const OWN: u32 = 1;
}
