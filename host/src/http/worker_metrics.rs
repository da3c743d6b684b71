//! What `/metrics` says of workers. Functions that have none, and never had any, have no series.

use super::metrics::{head, label};
use crate::functions::{Function, State};
use crate::plugins::Plugins;
use crate::workers::{Counts, WorkerEvent};
use std::fmt::Write;
use std::sync::Arc;

/// How workers are counted, by what happens to them.
const COUNTERS: [(WorkerEvent, &str, &str); WorkerEvent::ALL.len()] = [
    (WorkerEvent::Started, "shortedfaas_worker_starts_total", "Workers started."),
    (
        WorkerEvent::StartFailed,
        "shortedfaas_worker_start_failures_total",
        "Workers that could not be started.",
    ),
    (
        WorkerEvent::Recycled,
        "shortedfaas_worker_recycles_total",
        "Workers replaced after their number of invocations.",
    ),
    (
        WorkerEvent::Crashed,
        "shortedfaas_worker_crashes_total",
        "Workers that died or broke the protocol.",
    ),
];

pub(super) fn write(text: &mut String, functions: &[Arc<Function<Plugins>>]) {
    let name = "shortedfaas_workers";
    head(text, name, "gauge", "Workers of the serving versions, by function and state.");
    for function in functions {
        let counts = function.read_state(|state| match state {
            State::Ready { generation, .. } => generation.prepared.workers(),
            State::Broken { .. } | State::Building => None,
        });
        let Some(Counts { idle, busy, starting }) = counts else { continue };
        if idle + busy + starting == 0 && !had_any(function) {
            continue;
        }
        let function = label(&function.name);
        for (state, count) in [("idle", idle), ("busy", busy), ("starting", starting)] {
            let _ = writeln!(text, "{name}{{function=\"{function}\",state=\"{state}\"}} {count}");
        }
    }
    for (event, name, help) in COUNTERS {
        head(text, name, "counter", help);
        for function in functions.iter().filter(|function| had_any(function)) {
            let count = function.gate.statistics.of_workers(event);
            let function = label(&function.name);
            let _ = writeln!(text, "{name}{{function=\"{function}\"}} {count}");
        }
    }
}

fn had_any(function: &Function<Plugins>) -> bool {
    let of_workers = |event| function.gate.statistics.of_workers(event);
    WorkerEvent::ALL.into_iter().any(|event| of_workers(event) > 0)
}
