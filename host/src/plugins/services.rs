//! What the host offers a plugin: its log, and services by id.

use abi_stable::std_types::RStr;
use plugin_abi::{HostV1, REACTOR_V1, RawInterface, level};
use std::ffi::c_void;
use tracing::Level;
use tracing::level_filters::LevelFilter;

/// Behind `HostV1::context`. Never freed: a plugin's threads may outlive its instance.
struct Services {
    /// `runners.executable`.
    plugin: String,
}

/// A host for one plugin, valid for the rest of the process.
pub(crate) fn host_for(plugin: String) -> HostV1 {
    let services: &'static Services = Box::leak(Box::new(Services { plugin }));
    HostV1 { context: std::ptr::from_ref(services).cast(), max_level, log, query }
}

extern "C" fn max_level(_: *const c_void) -> u32 {
    match LevelFilter::current().into_level() {
        None => level::OFF,
        Some(Level::ERROR) => level::ERROR,
        Some(Level::WARN) => level::WARN,
        Some(Level::INFO) => level::INFO,
        Some(Level::DEBUG) => level::DEBUG,
        Some(Level::TRACE) => level::TRACE,
    }
}

/// `tracing` wants its callsites static: one a level.
extern "C" fn log(
    context: *const c_void,
    level: u32,
    target: RStr<'_>,
    message: RStr<'_>,
    fields: RStr<'_>,
    invocation: RStr<'_>,
) {
    // SAFETY: `context` is the leaked `Services` that `host_for` put there.
    let plugin = unsafe { &(*context.cast::<Services>()).plugin };
    let (at, message, fields, invocation) =
        (target.as_str(), message.as_str(), fields.as_str(), invocation.as_str());
    match level {
        level::ERROR => {
            tracing::error!(target: "plugin", plugin, at, fields, invocation, "{message}")
        }
        level::WARN => {
            tracing::warn!(target: "plugin", plugin, at, fields, invocation, "{message}")
        }
        level::INFO => {
            tracing::info!(target: "plugin", plugin, at, fields, invocation, "{message}")
        }
        level::DEBUG => {
            tracing::debug!(target: "plugin", plugin, at, fields, invocation, "{message}")
        }
        _ => tracing::trace!(target: "plugin", plugin, at, fields, invocation, "{message}"),
    }
}

extern "C" fn query(_: *const c_void, id: RStr<'_>) -> RawInterface {
    match id.as_str() {
        REACTOR_V1 => super::reactor::interface(),
        _ => RawInterface::none(),
    }
}
