//! `shortedfaas check`: everything that `serve` would find wrong, without serving.

use super::arguments::Setup;
use super::{Failure, log, serve};
use crate::app::defaults;
use crate::build::Builder;
use crate::functions::{Catalog, State};
use crate::plugins::{Libraries, Plugins};
use std::sync::Arc;

pub(super) fn check(setup: Setup) -> Result<(), Failure> {
    let config = serve::configuration(&serve::arguments(&setup))?;
    log::start(&config.log).map_err(Failure::Usage)?;
    for warning in &config.warnings {
        println!("warning: {warning}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(error.to_string()))?;
    let plugins = Arc::new(Plugins::new(Libraries::new(setup.plugins), Builder::idle()));
    let changed = plugins.apply(&config);
    let mistakes = changed.mistakes;
    let mut broken = Vec::new();
    let defaults = defaults(&config, &plugins);
    let opened =
        Catalog::open(&config.deploy.folder, config.deploy.settle, defaults, Arc::clone(&plugins));
    let catalog = runtime.block_on(opened).map_err(|error| Failure::Usage(error.to_string()))?;
    let functions = catalog.all();
    for function in &functions {
        match &*function.state() {
            State::Broken { reason, .. } => {
                broken.push(format!("function {}: {reason}", function.name))
            }
            State::Ready { warning: Some(warning), .. } => {
                println!("warning: function {}: {warning}", function.name);
            }
            State::Ready { .. } | State::Building => {}
        }
    }
    if !mistakes.is_empty() {
        return Err(Failure::Usage([mistakes, broken].concat().join("\n")));
    }
    if broken.is_empty() {
        println!("{} plugins and {} functions are in order", config.plugins.len(), functions.len());
        return Ok(());
    }
    Err(Failure::Failed(broken.join("\n")))
}
