//! Runner of `executable` and `launched` functions: one process per invocation, body on stdin, output from stdout.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests may"))]

mod cgi;
mod config;
mod ended;
mod environment;
mod feed;
mod grown;
mod headers;
mod invoke;
mod launch;
mod manifest;
mod output;
mod pace;
mod program;
mod running;
mod young;

pub use config::Config;
use launch::Launch;
use plugin_api::{
    Error, FunctionSpec, Host, Invocation, Prepared, Reply, Result, RunnerPlugin, export_plugin,
    tokio,
};
use processes::{Pool, Registry, random_mark};
use program::Program;
use std::sync::Arc;
use std::time::Duration;
use young::Young;

/// The plugin.
#[derive(Debug)]
pub struct Executable {
    pool: Pool<Launch, Young>,
}

/// A prepared function.
#[derive(Debug)]
pub struct Function(Arc<Program>);

impl RunnerPlugin for Executable {
    type Config = Config;
    type Function = Function;
    type Worker = ();

    fn new(config: Config, _host: Host) -> Result<Self> {
        config.check()?;
        let registry = Registry::new(random_mark(), config.keeper).map_err(|error| {
            Error::plugin(format!("cannot map the table of processes: {error}"))
        })?;
        Ok(Self { pool: Pool::new(Arc::new(registry), config.young_threads, young::run) })
    }

    async fn prepare(&self, spec: FunctionSpec) -> Result<Prepared<Function>> {
        let registry = Arc::clone(self.pool.registry());
        // Files are read, and a version manager may be asked: that may take a while.
        let prepared = tokio::task::spawn_blocking(move || Program::prepare(&spec, &registry));
        let (program, warnings) =
            prepared.await.map_err(|error| Error::plugin(error.to_string()))??;
        let warning = (!warnings.is_empty()).then(|| warnings.join("; "));
        let function = Function(Arc::new(program));
        Ok(Prepared { warning, ..Prepared::without_workers(function) })
    }

    async fn invoke(
        &self,
        function: &Function,
        _worker: Option<&()>,
        invocation: Invocation,
    ) -> Result<Reply> {
        invoke::invoke(&self.pool, &function.0, invocation).await
    }

    async fn shutdown(&self, grace: Duration) {
        self.pool.registry().end(grace).await;
    }
}

export_plugin!(runner: Executable, serves: ["executable", "launched"]);
