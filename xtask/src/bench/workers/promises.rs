//! What workers are promised to be, against the same language's floor and peers.

use super::super::rounds::Results;
use super::super::table::{Goal, Promise};

/// Where the goals are set: enough in flight to keep two cores busy, few enough that nobody only queues.
pub(super) const GOAL_CONNECTIONS: usize = 16;
/// As the table calls the bare axum echo.
pub(super) const AXUM: &str = "axum echo";
/// What a worker's call may take longer than axum alone, one connection on one core.
const MOST_OVER_AXUM_US: f64 = 15.0;

/// A Python that is started for each call and does nothing.
pub(super) const BARE_PYTHON: &str = "page: python3 -I -c pass";
/// A process that forks for each call, and nothing else.
pub(super) const FORK_PAGE: &str = "page: bare fork server of Python";
/// A cold call through the fork server, in multiples of the bare Python's requests/s and of its median latency.
const LEAST_OF_BARE_PYTHON: f64 = 10.0;
const MOST_OF_ITS_P50: f64 = 0.1;

/// Ours, somebody else, and what ours has to be in multiples of the other's requests/s.
const GOALS: &[(&str, &str, Option<f64>)] = &[
    ("python", "floor: python", Some(1.2)),
    ("python", "granian WSGI, 2 workers", Some(1.0)),
    ("python", "uvicorn, 2 workers", None),
    ("python", "gunicorn, 2 workers", None),
    ("python", "functions-framework Python, 2 workers", Some(8.0)),
    ("python", "functions-framework Python", None),
    ("node", "floor: node", None),
    ("node", "node:http, 2 processes", Some(0.8)),
    ("node", "node:http, 1 process", None),
    ("node", "functions-framework Node", Some(7.0)),
    ("lua", "floor: lua", Some(1.0)),
    ("luajit", "floor: luajit", Some(1.0)),
    ("luajit", "nginx + lua", None),
    ("c", "floor: c", None),
    ("rust", "floor: c", None),
];

/// Ours cold, and somebody else. The goals are against the bare Python.
const COLD: &[(&str, &str)] = &[
    ("python", BARE_PYTHON),
    ("python, no fork server", BARE_PYTHON),
    ("python", FORK_PAGE),
    ("node", "page: node -e 0"),
    ("lua", "page: lua -e ''"),
    ("luajit", "page: luajit -e ''"),
    ("c", "page: static echo without libc"),
    ("rust", "page: static echo without libc"),
];

/// How ours is called.
pub(super) fn ours(language: &str) -> String {
    format!("shortedfaas: {language}")
}

/// All of them whose contenders were measured.
pub(super) fn of_warm(results: &[Results]) -> Vec<Promise> {
    let named = |name: &str| results.iter().find(|result| result.name == name);
    let mut promises = Vec::new();
    for (language, other, least) in GOALS {
        let (Some(one), Some(other)) = (named(&ours(language)), named(other)) else { continue };
        promises.push(Promise {
            what: format!("{} / {} at c = {GOAL_CONNECTIONS}", one.name, other.name),
            figure: one.ratio(other, GOAL_CONNECTIONS, |run| run.per_second),
            goal: least.map(Goal::AtLeast),
        });
        // Steadier than the rate when something else uses the cores; it says nothing about waiting.
        promises.push(Promise {
            what: format!("{} / {}, requests per CPU second", one.name, other.name),
            figure: one.ratio(other, GOAL_CONNECTIONS, |run| 1.0 / run.cpu_us),
            goal: None,
        });
    }
    let Some(axum) = named(AXUM) else { return promises };
    for one in results.iter().filter(|result| result.name != AXUM && !is_peer(&result.name)) {
        promises.push(Promise {
            what: format!("{}: p50 in µs over axum's at c = 1", one.name),
            figure: one.difference(axum, 1, |run| run.p50_us),
            goal: one.name.starts_with("shortedfaas").then_some(Goal::AtMost(MOST_OVER_AXUM_US)),
        });
    }
    promises
}

/// Those of cold starts.
pub(super) fn of_cold(results: &[Results]) -> Vec<Promise> {
    let named = |name: &str| results.iter().find(|result| result.name == name);
    let mut promises = Vec::new();
    for (language, other) in COLD {
        let (Some(one), Some(other)) = (named(&ours(language)), named(other)) else { continue };
        let pair = format!("{} / {}", one.name, other.name);
        let promised = (*language, other.name.as_str()) == ("python", BARE_PYTHON);
        for connections in [1, GOAL_CONNECTIONS] {
            let goal = |goal| (promised && connections == GOAL_CONNECTIONS).then_some(goal);
            promises.push(Promise {
                what: format!("{pair} at c = {connections}"),
                figure: one.ratio(other, connections, |run| run.per_second),
                goal: goal(Goal::AtLeast(LEAST_OF_BARE_PYTHON)),
            });
            promises.push(Promise {
                what: format!("{pair} at c = {connections}, p50"),
                figure: one.ratio(other, connections, |run| run.p50_us),
                goal: goal(Goal::AtMost(MOST_OF_ITS_P50)),
            });
        }
    }
    promises
}

fn is_peer(name: &str) -> bool {
    !name.contains(": ") || name.starts_with("node:")
}
