//! `/metrics` in Prometheus' text format.

use super::connection::Connections;
use super::worker_metrics;
use crate::app::App;
use crate::functions::State;
use crate::invocation::Outcome;
use crate::plugins::loaded_count;
use crate::workers::Statistics;
use std::fmt::Write;

/// All metrics.
pub(super) fn text(app: &App, connections: &Connections) -> String {
    let mut text = String::with_capacity(4096);
    host(&mut text, app, connections);
    plugins(&mut text, app);
    functions(&mut text, app);
    worker_metrics::write(&mut text, &app.catalog.all());
    text
}

pub(super) fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn host(text: &mut String, app: &App, connections: &Connections) {
    let (records, bytes) = app.history.size();
    let uptime = app.started.elapsed().as_secs();
    let gauges = [
        ("shortedfaas_uptime_seconds", "Seconds since the start.", uptime),
        (
            "shortedfaas_requests_in_flight",
            "Requests being handled.",
            connections.in_flight() as u64,
        ),
        ("shortedfaas_connections", "Open connections.", connections.count() as u64),
        ("shortedfaas_history_records", "Invocations in the history.", records as u64),
        ("shortedfaas_history_bytes", "Memory of the history.", bytes),
        (
            "shortedfaas_plugin_libraries_loaded",
            "Plugin libraries mapped since the start; a replaced one stays mapped.",
            loaded_count() as u64,
        ),
    ];
    for (name, help, value) in gauges {
        head(text, name, "gauge", help);
        let _ = writeln!(text, "{name} {value}");
    }
    head(text, "shortedfaas_build_info", "gauge", "Version of the host.");
    let _ = writeln!(text, "shortedfaas_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"));
}

fn plugins(text: &mut String, app: &App) {
    head(text, "shortedfaas_plugin_info", "gauge", "Plugins that are on.");
    for entry in app.plugins.active().entries() {
        let table = entry.config.table();
        let (plugin, version) = (table.trim_matches(['[', ']']), label(&entry.metadata.version));
        let _ = writeln!(
            text,
            "shortedfaas_plugin_info{{plugin=\"{plugin}\",version=\"{version}\"}} 1"
        );
    }
}

fn functions(text: &mut String, app: &App) {
    let functions = app.catalog.all();
    let states = functions.iter().fold([0_usize; 3], |mut states, function| {
        states[match &*function.state() {
            State::Ready { .. } => 0,
            State::Broken { .. } => 1,
            State::Building => 2,
        }] += 1;
        states
    });
    head(text, "shortedfaas_functions", "gauge", "Deployed functions by state.");
    for (state, count) in ["ready", "broken", "building"].into_iter().zip(states) {
        let _ = writeln!(text, "shortedfaas_functions{{state=\"{state}\"}} {count}");
    }
    // Functions that were never called have no series: ten thousand idle ones would be ten thousand lines.
    let called = functions.iter().map(|function| (&*function.name, &function.gate.statistics));
    let called: Vec<(&str, &Statistics)> = called
        .chain([("", &app.unrouted)])
        .filter(|(_, statistics)| statistics.total() > 0)
        .collect();
    head(text, "shortedfaas_invocations_total", "counter", "Invocations by function and outcome.");
    for (name, statistics) in &called {
        for outcome in Outcome::ALL.into_iter().filter(|outcome| statistics.of(*outcome) > 0) {
            let (name, count) = (label(name), statistics.of(outcome));
            let outcome = outcome.name();
            let _ = writeln!(
                text,
                "shortedfaas_invocations_total{{function=\"{name}\",outcome=\"{outcome}\"}} {count}"
            );
        }
    }
    let name = "shortedfaas_invocation_duration_seconds";
    head(text, name, "summary", "Time of invocations, from the request's head to the end.");
    for (function, statistics) in &called {
        let (function, count) = (label(function), statistics.total());
        let sum = statistics.duration().as_secs_f64();
        let _ = writeln!(text, "{name}_sum{{function=\"{function}\"}} {sum}");
        let _ = writeln!(text, "{name}_count{{function=\"{function}\"}} {count}");
    }
    head(text, "shortedfaas_running", "gauge", "Invocations running now.");
    for function in functions.iter().filter(|function| function.gate.running() > 0) {
        let (name, running) = (label(&function.name), function.gate.running());
        let _ = writeln!(text, "shortedfaas_running{{function=\"{name}\"}} {running}");
    }
    head(text, "shortedfaas_waiting", "gauge", "Invocations waiting for a permit now.");
    for function in functions.iter().filter(|function| function.gate.waiting() > 0) {
        let (name, waiting) = (label(&function.name), function.gate.waiting());
        let _ = writeln!(text, "shortedfaas_waiting{{function=\"{name}\"}} {waiting}");
    }
}

/// A label's value, escaped as the format asks.
pub(super) fn label(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
