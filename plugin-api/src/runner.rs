//! Runner plugins: how a function is prepared, started, called and stopped.

use crate::{Error, Host, Invocation, Reply, Result};
use std::path::PathBuf;
use std::time::Duration;

/// Runs functions of the types that it serves.
///
/// The host decides *when* (admission, pools, deadlines, records); a runner knows only *how*.
///
/// # Lifecycle
/// [`RunnerPlugin::new`] once per generation and configuration. [`RunnerPlugin::prepare`] once per generation of a
/// function. Where [`Prepared::capacity`] is not 0: [`RunnerPlugin::start`] for each worker that the host wants,
/// [`RunnerPlugin::stop`] when it no longer does. [`RunnerPlugin::invoke`] any number of times, concurrently.
/// A prepared function is dropped when its generation has ended and its last invocation is over;
/// [`RunnerPlugin::shutdown`] when the host ends; then the plugin is dropped.
///
/// # Threads
/// `new` and dropping may block. Everything else is polled on the host's workers (with the plugin's own tokio runtime
/// entered when built with feature `rt`) and must not block longer than a millisecond, unless the operator set
/// `executor = "own"`: then it is polled on threads of the plugin's own.
///
/// # Cancellation
/// Dropping the future of `invoke` cancels the invocation (the client has gone, the host ends): what it started must be
/// stopped and reaped by its own guards, without anybody waiting.
///
/// # Deadlines
/// The runner ends an invocation at its deadline ([`crate::Request::remaining`]) and answers [`crate::Outcome::TimedOut`], so that
/// the record has what was printed and used; the host drops the future a second later if it has not.
pub trait RunnerPlugin: Sized + Send + Sync + 'static {
    /// The plugin's table in shortedfaas.toml; put `#[serde(deny_unknown_fields)]` on it.
    type Config: serde::de::DeserializeOwned;
    /// What `prepare` makes of a function.
    type Function: Send + Sync + 'static;
    /// One live worker; `()` where there are none.
    type Worker: Send + Sync + 'static;

    /// Makes the plugin from its configuration. `[load]`
    ///
    /// # Errors
    /// A configuration that cannot work.
    fn new(config: Self::Config, host: Host) -> Result<Self>;

    /// Validates a function and resolves what can be resolved once. `[worker]`
    ///
    /// # Errors
    /// The function is `broken` with this message, or its earlier generation serves on with it as a warning.
    fn prepare(
        &self,
        function: FunctionSpec,
    ) -> impl Future<Output = Result<Prepared<Self::Function>>> + Send;

    /// Starts one worker. `[worker]`
    ///
    /// # Errors
    /// The worker cannot be started; the invocation that wanted it fails with 502, and the host backs off.
    fn start(
        &self,
        _function: &Self::Function,
    ) -> impl Future<Output = Result<Self::Worker>> + Send {
        async { Err(Error::plugin("this runner has no workers")) }
    }

    /// One invocation; `worker` is none where capacity is 0. `[worker]`
    ///
    /// # Errors
    /// Only what is not the function's doing; what the function did wrong is a [`Reply`] with its outcome.
    fn invoke(
        &self,
        function: &Self::Function,
        worker: Option<&Self::Worker>,
        invocation: Invocation,
    ) -> impl Future<Output = Result<Reply>> + Send;

    /// Stops a worker, by force after `grace`. `[worker]`
    fn stop(&self, _worker: &Self::Worker, _grace: Duration) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// The host ends: nothing may be left running when `grace` has passed. `[worker]`
    fn shutdown(&self, _grace: Duration) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// A deployed function as a runner sees it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FunctionSpec {
    /// Its name.
    pub name: String,
    /// Its `type` (`executable`).
    pub kind: String,
    /// Its folder, absolute.
    pub folder: PathBuf,
    /// The folder that no file of it may lie outside of, absolute: `deploy/`.
    pub deploy_folder: PathBuf,
    /// Number of this generation; larger is newer.
    pub generation: u64,
    /// The checked manifest with the host's defaults filled in; docs/plugins.md names its keys.
    pub manifest: serde_json::Value,
}

impl FunctionSpec {
    /// Reads the manifest into a type of the runner's own, which names just the keys that it needs.
    ///
    /// # Errors
    /// A key has another type than wanted; the error names it.
    pub fn manifest<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        serde_path_to_error::deserialize(&self.manifest)
            .map_err(|error| Error::config(error.path().to_string(), error.inner().to_string()))
    }
}

/// A prepared function.
#[derive(Debug)]
pub struct Prepared<F> {
    /// What later calls are given.
    pub function: F,
    /// How many invocations one worker takes at once; 0: there are no workers, each invocation stands alone.
    pub capacity: u32,
    /// So many invocations beyond `capacity` may be handed to a busy worker, which does them in order; those that it
    /// has not begun when it ends must answer [`ErrorKind::Unstarted`](crate::ErrorKind::Unstarted).
    pub ahead: u32,
    /// Something the operator should know, shown in `/list`.
    pub warning: Option<String>,
}

impl<F> Prepared<F> {
    /// A function without workers: each invocation stands alone.
    pub fn without_workers(function: F) -> Self {
        Self { function, capacity: 0, ahead: 0, warning: None }
    }
}
