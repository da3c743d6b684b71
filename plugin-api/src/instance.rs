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

    /// The instance behind a handle.
    pub(crate) fn of(handle: Handle) -> Held<Self> {
        let instance: Held<Self> = Held::borrowed(handle);
        match instance.runtime.runs_own() {
            true => Held::counted(handle),
            false => instance,
        }
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

/// What a handle of ours points to, for as long as a future or stream lives.
///
/// The host promises that a future's instance and function outlive it, so that a reference count, which all cores would
/// write at every call, is not needed. An own executor's task may outlive the future that started it: there it is counted.
pub(crate) struct Held<T> {
    pointer: *const T,
    is_counted: bool,
}

// SAFETY: a `Held` gives shared access only, as `&T` or `Arc<T>` does.
unsafe impl<T: Send + Sync> Send for Held<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Held<T> {}

impl<T> Held<T> {
    fn borrowed(handle: Handle) -> Self {
        Self { pointer: handle.0.cast(), is_counted: false }
    }

    /// One more reference to what the handle points to.
    pub(crate) fn counted(handle: Handle) -> Self {
        Self { pointer: Arc::into_raw(clone_arc::<T>(handle)), is_counted: true }
    }

    /// What another handle points to, held as this one is.
    pub(crate) fn like<U>(&self, handle: Handle) -> Held<U> {
        match self.is_counted {
            true => Held::counted(handle),
            false => Held::borrowed(handle),
        }
    }
}

impl<T> Clone for Held<T> {
    fn clone(&self) -> Self {
        self.like(Handle(self.pointer.cast()))
    }
}

impl<T> std::ops::Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the handle came from `Arc::into_raw` of this type; it is kept alive by our own reference where it is
        // counted, else by the boundary's rule that `release` and `destroy` come after every future and stream.
        unsafe { &*self.pointer }
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        if self.is_counted {
            drop(take_arc::<T>(Handle(self.pointer.cast())));
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
