//! A runner that gives the body back: what is left of a request's cost is the host's own.

use plugin_api::{
    FunctionSpec, Host, Invocation, Prepared, Reply, Result, RunnerPlugin, export_plugin, serde,
};

/// More than any body that the host lets through.
const BODY_LIMIT_BYTES: u64 = u64::MAX;

#[derive(serde::Deserialize)]
#[serde(crate = "plugin_api::serde", deny_unknown_fields)]
struct Config {}

struct Noop;

impl RunnerPlugin for Noop {
    type Config = Config;
    type Function = ();
    type Worker = ();

    fn new(_config: Config, _host: Host) -> Result<Self> {
        Ok(Self)
    }

    async fn prepare(&self, _function: FunctionSpec) -> Result<Prepared<()>> {
        Ok(Prepared::without_workers(()))
    }

    async fn invoke(
        &self,
        _function: &(),
        _worker: Option<&()>,
        invocation: Invocation,
    ) -> Result<Reply> {
        Ok(Reply::succeeded(invocation.body.bytes(BODY_LIMIT_BYTES).await?))
    }
}

export_plugin!(runner: Noop, serves: ["native"]);
