//! What stands behind an instance pointer: the author's plugin, the host, and where its futures run.

use crate::runtime::Runtime;
use crate::{Error, Folders, Host, Result};
use plugin_abi::{CreateV1, Handle, executor};
use std::path::PathBuf;
use std::sync::Arc;

/// An instance; every future and stream of it holds one reference.
pub(crate) struct Instance<P> {
    pub(crate) plugin: P,
    pub(crate) host: Host,
    pub(crate) runtime: Runtime,
}

impl<P: Send + Sync + 'static> Instance<P> {
    /// Builds the plugin from what the host passed. `[load]`
    pub(crate) fn create<C: serde::de::DeserializeOwned>(
        call: CreateV1,
        new: impl FnOnce(C, Host) -> Result<P>,
    ) -> Result<Handle> {
        let extra = |wanted: &str| -> PathBuf {
            let found = call.extra.iter().find(|pair| pair.0 == wanted);
            found.map(|pair| PathBuf::from(pair.1.as_str())).unwrap_or_default()
        };
        let folders = Folders { config: extra("config_folder"), deploy: extra("deploy_folder") };
        crate::logging::install(call.host);
        let host = Host::new(call.host, call.name.to_string(), folders);
        let runtime = Runtime::new(call.executor == executor::OWN)?;
        let config = parse_config(call.config_json.as_str())?;
        let plugin = {
            let _entered = runtime.enter();
            new(config, host.clone())?
        };
        Ok(Handle(Arc::into_raw(Arc::new(Self { plugin, host, runtime })).cast()))
    }

    /// One more reference to the instance behind a handle.
    pub(crate) fn of(handle: Handle) -> Arc<Self> {
        clone_arc(handle)
    }

    /// Gives back the reference that `create` handed out. `[load]`
    pub(crate) fn destroy(handle: Handle) {
        let instance = take_arc::<Self>(handle);
        let drop_it = std::panic::AssertUnwindSafe(move || drop(instance));
        if let Err(payload) = std::panic::catch_unwind(drop_it) {
            std::mem::forget(payload);
        }
    }
}

/// A handle that owns one reference to `value`.
pub(crate) fn into_handle<T>(value: T) -> Handle {
    Handle(Arc::into_raw(Arc::new(value)).cast())
}

/// One more reference to what a handle of [`into_handle`] points to.
pub(crate) fn clone_arc<T>(handle: Handle) -> Arc<T> {
    let pointer = handle.0.cast::<T>();
    // SAFETY: the boundary's rules: the handle came from `Arc::into_raw` of this very type in this library
    // and has not been given back, so the count is at least one.
    unsafe {
        Arc::increment_strong_count(pointer);
        Arc::from_raw(pointer)
    }
}

/// The reference which a handle owns; the handle must not be used again.
pub(crate) fn take_arc<T>(handle: Handle) -> Arc<T> {
    // SAFETY: as in `clone_arc`; the host gives a handle back exactly once.
    unsafe { Arc::from_raw(handle.0.cast::<T>()) }
}

/// Reads a configuration and says which key is wrong, without serde_json's line and column: they speak of a text nobody wrote.
pub(crate) fn parse_config<C: serde::de::DeserializeOwned>(json: &str) -> Result<C> {
    let mut reader = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let message = error.inner().to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(text, _)| text);
        Error::config(if path == "." { String::new() } else { path }, message)
    })
}
