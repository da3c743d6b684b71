//! Runner of `embedded` functions: Lua 5.4 inside the host, a state a worker, nothing to install.
//!
//! A state can do what the code in it asks for, no more: there is no `os.execute`, no C module, no file outside the
//! function's folder, and time, memory and output are bounded. It is not a process all the same: a fault in the
//! interpreter itself would be one of the host.

mod environment;
mod files;
mod function;
mod interrupt;
mod output;
mod sandbox;
mod worker;

use function::Function;
use plugin_api::{
    Error, FunctionSpec, Host, Invocation, Prepared, Reply, Result, RunnerPlugin, export_plugin,
};
use worker::Worker;

/// The plugin's table: no keys.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {}

/// The plugin.
#[derive(Debug)]
pub struct Embedded;

impl RunnerPlugin for Embedded {
    type Config = Config;
    type Function = Function;
    type Worker = Worker;

    fn new(_config: Config, _host: Host) -> Result<Self> {
        Ok(Self)
    }

    async fn prepare(&self, spec: FunctionSpec) -> Result<Prepared<Function>> {
        let function = Function::prepare(&spec)?;
        // One call at a time runs in a state.
        Ok(Prepared { capacity: 1, ..Prepared::without_workers(function) })
    }

    async fn start(&self, function: &Function) -> Result<Worker> {
        Worker::start(function).await
    }

    async fn invoke(
        &self,
        function: &Function,
        worker: Option<&Worker>,
        invocation: Invocation,
    ) -> Result<Reply> {
        let worker = worker.ok_or_else(|| Error::plugin("called without a worker"))?;
        worker.invoke(function, invocation).await
    }
}

export_plugin!(runner: Embedded, serves: ["embedded"]);
