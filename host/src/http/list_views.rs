//! `/list` as JSON.

use crate::app::App;
use crate::functions::{Function, Generation, State};
use crate::plugins::Plugins;
use crate::workers::Counts;
use serde_json::{Value, json};

/// All functions, sorted by name.
pub(super) fn list(app: &App) -> Value {
    let functions: Vec<Value> = app.catalog.all().iter().map(|function| view(function)).collect();
    json!({ "functions": functions })
}

fn view(function: &Function<Plugins>) -> Value {
    let routes = json!([format!("/f/{}", function.name)]);
    let busy = function.gate.running();
    match &*function.state() {
        State::Ready { generation, warning } => {
            let manifest = &generation.manifest;
            let methods: Vec<&str> = manifest.methods.iter().map(http::Method::as_str).collect();
            json!({
                "name": &*function.name, "type": manifest.kind, "language": manifest.language,
                "state": "ready", "reason": null, "warning": warning, "routes": routes, "methods": methods,
                "version": generation.version, "workers": workers(generation, function),
            })
        }
        State::Broken { reason, kind, language } => json!({
            "name": &*function.name, "type": kind, "language": language,
            "state": "broken", "reason": reason, "warning": null, "routes": routes, "methods": [],
            "version": null, "workers": no_workers(busy),
        }),
        State::Building => json!({
            "name": &*function.name, "type": null, "language": null,
            "state": "building", "reason": null, "warning": null, "routes": routes, "methods": [],
            "version": null, "workers": no_workers(busy),
        }),
    }
}

/// Where no workers are kept, each invocation is a worker of its own.
fn workers(generation: &Generation<Plugins>, function: &Function<Plugins>) -> Value {
    match generation.prepared.workers() {
        None => {
            let (busy, max) = (function.gate.running(), function.gate.limit());
            json!({ "idle": 0, "busy": busy, "starting": 0, "max": max })
        }
        Some(Counts { idle, busy, starting }) => {
            let max = generation.manifest.scaling.max;
            json!({ "idle": idle, "busy": busy, "starting": starting, "max": max })
        }
    }
}

fn no_workers(busy: usize) -> Value {
    json!({ "idle": 0, "busy": busy, "starting": 0, "max": 0 })
}
