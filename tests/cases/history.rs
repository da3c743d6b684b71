//! `/history`: every request leaves a record, whatever became of it.

use crate::support::{Host, Setup, cat, shell, until};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap_or_else(|| panic!("{value}")).keys().map(String::as_str).collect()
}

const ENTRY: [&str; 10] = [
    "id",
    "function",
    "started",
    "duration_ms",
    "status",
    "outcome",
    "exit_code",
    "start",
    "trigger",
    "identity",
];

fn host() -> Host {
    Setup::new().function("cat", &cat()).function("fails", &shell("exit 2")).start()
}

/// The ids of a query of the history, and what comes next.
fn ids(host: &Host, query: &str) -> (Vec<String>, Value) {
    let page = host.get(&format!("/history{query}")).expect_status(200).json();
    let ids = page["invocations"].as_array().unwrap().iter();
    (ids.map(|one| one["id"].as_str().unwrap().to_owned()).collect(), page["next"].clone())
}

#[track_caller]
fn recorded(host: &Host, count: usize) {
    until(&format!("{count} invocations are recorded"), || {
        host.get("/history?limit=1000").json()["invocations"].as_array().unwrap().len() >= count
    });
}

#[test]
fn an_entry_has_exactly_what_is_promised() {
    let host = host();
    let answer = host.post("/f/cat", "x");
    recorded(&host, 1);
    let page = host.get("/history").json();
    assert_eq!(keys(&page), BTreeSet::from(["invocations", "next"]));
    let entry = &page["invocations"][0];
    assert_eq!(keys(entry), BTreeSet::from(ENTRY), "{entry}");
    assert_eq!(entry["id"], answer.id());
    assert_eq!(
        (&entry["function"], &entry["status"], &entry["outcome"], &entry["exit_code"]),
        (&json!("cat"), &json!(200), &json!("succeeded"), &json!(0))
    );
    assert_eq!(
        (&entry["start"], &entry["trigger"], &entry["identity"]),
        (&json!("cold"), &json!("http"), &Value::Null)
    );
    let started = entry["started"].as_str().unwrap();
    assert!(started.ends_with('Z') && started.as_bytes()[10] == b'T', "{started}");
    assert!(entry["duration_ms"].as_f64().is_some_and(|ms| ms > 0.0), "{entry}");
}

#[test]
fn a_detail_has_exactly_what_is_promised() {
    let host = host();
    let answer = host.post("/f/cat", "input");
    let detail = host.history_of(&answer);
    let more = [
        "input",
        "output",
        "stderr",
        "input_truncated",
        "output_truncated",
        "stderr_truncated",
        "error",
        "timings_ms",
        "resources",
    ];
    let promised: BTreeSet<&str> = ENTRY.into_iter().chain(more).collect();
    let found = keys(&detail);
    let missing: Vec<_> = promised.difference(&found).collect();
    assert!(missing.is_empty(), "{missing:?} of {detail}");
    let more: Vec<_> =
        found.difference(&promised).filter(|key| !key.ends_with("_encoding")).collect();
    assert!(more.is_empty(), "{more:?} of {detail}");
    assert_eq!((&detail["input"], &detail["output"]), (&json!("input"), &json!("input")));
    assert_eq!(keys(&detail["timings_ms"]), BTreeSet::from(["queue", "start", "run"]));
    assert_eq!(keys(&detail["resources"]), BTreeSet::from(["cpu_ms", "max_rss_bytes"]));
}

#[test]
fn the_newest_comes_first_and_pages_follow_each_other() {
    let host = host();
    let mut sent: Vec<String> = (0..7).map(|_| host.post("/f/cat", "").id()).collect();
    recorded(&host, 7);
    sent.reverse();
    assert_eq!(ids(&host, "").0, sent);
    let (first, next) = ids(&host, "?limit=3");
    assert_eq!(first, sent[..3]);
    let next = next.as_str().expect("there is more").to_owned();
    let (second, _) = ids(&host, &format!("?limit=3&before={next}"));
    assert_eq!(second, sent[3..6], "`next` is what `before` takes");
    let (after, end) = ids(&host, &format!("?before={}", sent[2]));
    assert_eq!((after.as_slice(), end), (&sent[3..], Value::Null));
}

#[test]
fn a_history_can_be_asked_for_functions_and_outcomes() {
    let host = host();
    host.post("/f/cat", "");
    host.post("/f/fails", "");
    host.post("/f/fails", "");
    host.post("/f/nobody", "");
    host.get("/f/cat");
    recorded(&host, 5);
    for (query, count) in [
        ("?function=cat", 2),
        ("?function=fails", 2),
        ("?function=nobody", 1),
        ("?function=other", 0),
        ("?outcome=failed", 2),
        ("?outcome=rejected", 2),
        ("?outcome=succeeded", 1),
        ("?outcome=timed_out", 0),
        ("?function=cat&outcome=rejected", 1),
    ] {
        assert_eq!(ids(&host, query).0.len(), count, "{query}");
    }
}

#[test]
fn a_question_that_cannot_be_read_is_400() {
    let host = host();
    for query in ["?limit=many", "?limit=-1", "?outcome=good", "?before=yesterday", "?functoin=x"] {
        let detail = host.get(&format!("/history{query}")).expect_problem(400, "caller");
        let name = query.trim_start_matches('?').split('=').next().unwrap();
        assert!(detail.contains(name), "{query}: {detail}");
    }
}

#[test]
fn what_is_kept_is_bounded_and_the_oldest_goes() {
    let host = Setup::new()
        .config_with("[history]\nkeep = 10\nbody = \"16\"\n")
        .function("cat", &cat())
        .start();
    let first = host.post("/f/cat", "a");
    let last = (0..40).map(|_| host.post("/f/cat", "x".repeat(100))).last().unwrap();
    let detail = host.history_of(&last);
    assert_eq!(
        (&detail["input"], &detail["input_truncated"]),
        (&json!("x".repeat(16)), &json!(true))
    );
    assert_eq!(
        (&detail["output"], &detail["output_truncated"]),
        (&json!("x".repeat(16)), &json!(true))
    );
    until("the oldest is gone", || host.get(&format!("/history/{}", first.id())).status == 404);
    let kept = host.invocations_of("cat").len();
    assert!((1..=10).contains(&kept), "{kept} are kept");
}

#[test]
fn a_function_says_how_much_of_it_is_kept() {
    let host = Setup::new()
        .function("none", &cat().with("log", json!("none")))
        .function("meta", &cat().with("log", json!("meta")))
        .start();
    let (none, meta) = (host.post("/f/none", "private"), host.post("/f/meta", "private"));
    for answer in [none, meta] {
        let found = host.get(&format!("/history/{}", answer.id()));
        assert!(!found.text().contains("private"), "{}", found.text());
    }
    until("meta is recorded", || host.invocations_of("meta").len() == 1);
}
