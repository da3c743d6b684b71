//! Creates an instance of a plugin from its table of the configuration.

use super::fault::Fault;
use super::services::host_for;
use crate::config::{Executor, PluginConfig};
use abi_stable::std_types::{RResult, Tuple2};
use plugin_abi::{AbiError, CreateV1, Extra, Instance, executor};
use std::path::Path;

/// Folders that a plugin may want to know of.
#[derive(Debug, Clone)]
pub(crate) struct Folders {
    pub(crate) config: std::path::PathBuf,
    pub(crate) deploy: std::path::PathBuf,
}

/// Calls `create` with the plugin's settings. Blocks as long as the plugin does.
pub(crate) fn create(
    create: extern "C" fn(CreateV1) -> RResult<Instance, AbiError>,
    config: &PluginConfig,
    folders: &Folders,
) -> Result<Instance, Fault> {
    let settings = serde_json::Value::Object(config.settings.clone()).to_string();
    let mut extra = Extra::new();
    for (key, folder) in [("config_folder", &folders.config), ("deploy_folder", &folders.deploy)] {
        extra.push(Tuple2(key.into(), text(folder).into()));
    }
    let table = config.table();
    let name = table.trim_start_matches('[').trim_end_matches(']');
    let call = CreateV1 {
        host: host_for(name.to_owned()),
        name: config.name.as_str().into(),
        config_json: settings.into(),
        executor: match config.executor {
            Executor::Host => executor::HOST,
            Executor::Own => executor::OWN,
        },
        extra,
    };
    match create(call) {
        RResult::ROk(instance) => Ok(instance),
        RResult::RErr(error) => Err(error.into()),
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Runs what may block away from the worker threads, or at once where there is no runtime.
pub(crate) fn in_background(work: impl FnOnce() + Send + 'static) {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => {
            runtime.spawn_blocking(work);
        }
        Err(_) => work(),
    }
}
