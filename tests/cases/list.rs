//! `/list`: what is deployed and how it does.

use crate::support::{Folder, Setup, cat, shell, until};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn every_function_is_listed_with_all_that_is_promised() {
    let host = Setup::new()
        .function(
            "a",
            &cat().with("language", json!("x86-64")).with("methods", json!(["GET", "POST"])),
        )
        .function("b", &Folder::raw("{"))
        .start();
    let answer = host.get("/list");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let list = answer.json();
    assert_eq!(keys(&list), BTreeSet::from(["functions"]));
    let functions = list["functions"].as_array().unwrap();
    let names: Vec<&str> = functions.iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    let promised = BTreeSet::from([
        "name", "type", "language", "state", "reason", "warning", "routes", "methods", "version",
        "workers",
    ]);
    for function in functions {
        assert_eq!(keys(function), promised, "{function}");
        assert_eq!(keys(&function["workers"]), BTreeSet::from(["idle", "busy", "starting", "max"]));
    }
    let (a, b) = (&functions[0], &functions[1]);
    assert_eq!(
        (&a["type"], &a["language"], &a["state"], &a["reason"], &a["warning"]),
        (&json!("executable"), &json!("x86-64"), &json!("ready"), &Value::Null, &Value::Null)
    );
    assert_eq!(a["methods"], json!(["GET", "POST"]));
    assert!(a["routes"].as_array().unwrap().contains(&json!("/f/a")), "{a}");
    assert!(a["version"].is_string() || a["version"].is_number(), "{a}");
    assert_eq!((&b["state"], b["reason"].is_string()), (&json!("broken"), true));
}

#[test]
fn an_empty_host_lists_nothing() {
    let host = Setup::new().start();
    assert_eq!(host.get("/list").json(), json!({"functions": []}));
}

#[test]
fn running_invocations_are_busy_workers() {
    let script = "echo $$ >> pids; while [ ! -e go ]; do sleep 0.01; done";
    let host = Setup::new().function("f", &shell(script).with("concurrency", json!(5))).start();
    assert_eq!(host.listed("f").unwrap()["workers"]["max"], 5);
    let folder = host.setup().deploy_folder().join("f");
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..2).map(|_| scope.spawn(|| host.post("/f/f", ""))).collect();
        crate::support::processes::pids_in(&folder.join("pids"), 2);
        assert_eq!(host.listed("f").unwrap()["workers"]["busy"], 2);
        std::fs::write(folder.join("go"), "").unwrap();
        for call in calls {
            call.join().unwrap().expect(200, "");
        }
    });
    until("nobody is busy", || host.listed("f").unwrap()["workers"]["busy"] == 0);
}
