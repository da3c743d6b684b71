//! Runner of `interpreted` and `compiled` functions: worker processes that answer one call after the other.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests may"))]

mod attendant;
mod config;
mod frame;
mod function;
mod inlet;
mod invoke;
mod life;
mod load;
mod manifest;
mod needs;
mod outlet;
mod pump;
mod reply;
mod request;
mod shared;
mod slot;
mod spawn;
mod start;
mod state;
mod template;
mod turns;
mod usage;
mod worker;

pub use config::Config;
pub use function::Function;
use plugin_api::{
    Error, FunctionSpec, Host, Invocation, Prepared, Reply, Result, RunnerPlugin, export_plugin,
    tokio,
};
use processes::{Pool, Registry, random_mark};
use shared::Shared;
use std::sync::Arc;
use std::time::Duration;
pub use worker::Worker;

/// Most threads that start processes: each waits for a new process to execute its program, some tenths of a millisecond.
const STARTING_THREADS: usize = 4;

/// The plugin.
pub struct ProcessRunner {
    shared: Arc<Shared>,
}

impl RunnerPlugin for ProcessRunner {
    type Config = Config;
    type Function = Arc<Function>;
    type Worker = Worker;

    fn new(config: Config, host: Host) -> Result<Self> {
        config.check()?;
        let registry = Registry::new(random_mark(), config.keeper).map_err(|error| {
            Error::plugin(format!("cannot map the table of processes: {error}"))
        })?;
        let pool = Pool::new(Arc::new(registry), STARTING_THREADS, spawn::spawn);
        Ok(Self { shared: Arc::new(Shared::new(host, config, pool)) })
    }

    async fn prepare(&self, spec: FunctionSpec) -> Result<Prepared<Arc<Function>>> {
        let shared = Arc::clone(&self.shared);
        let prepared = tokio::task::spawn_blocking(move || Function::prepare(shared, &spec));
        let (function, warnings) =
            prepared.await.map_err(|error| Error::plugin(error.to_string()))??;
        let warning = (!warnings.is_empty()).then(|| warnings.join("; "));
        let ahead = function.most_ahead();
        Ok(Prepared { function: Arc::new(function), capacity: 1, ahead, warning })
    }

    async fn start(&self, function: &Arc<Function>) -> Result<Worker> {
        start::start(function).await
    }

    async fn invoke(
        &self,
        function: &Arc<Function>,
        worker: Option<&Worker>,
        invocation: Invocation,
    ) -> Result<Reply> {
        let worker = worker.ok_or_else(|| Error::plugin("no worker was named for the call"))?;
        invoke::invoke(function, worker, invocation).await
    }

    async fn stop(&self, worker: &Worker, grace: Duration) {
        worker.0.stop(grace).await;
    }

    async fn shutdown(&self, grace: Duration) {
        self.shared.end(grace).await;
    }
}

impl std::fmt::Debug for ProcessRunner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ProcessRunner").finish_non_exhaustive()
    }
}

export_plugin!(runner: ProcessRunner, serves: ["interpreted", "compiled"]);
