//! Workers that are killed while calls queue for them: only the call that ran is lost.

use crate::support::interpreted::{python, speaking};
use crate::support::load::Load;
use crate::support::{Host, until};
use serde_json::json;

/// How often the worker is killed.
const KILLS: usize = 12;

const ECHO: &str = "
import os
def lambda_(input, environment):
    return f'{input} {os.getpid()}'
";

fn pid(host: &Host) -> Option<u32> {
    host.post("/f/f", "ping").text().split_once(' ')?.1.parse().ok()
}

#[test]
fn a_death_costs_no_call_that_had_not_begun() {
    let folder = python(ECHO)
        .with("scaling", json!({"mode": "warm", "max": 1}))
        .with("max_wait", json!("30s"));
    let host = speaking(&["python"]).function("f", &folder).start();
    let load = Load::start(&host, 8, "/f/f", |text| text.starts_with("ping "));
    for _ in 0..KILLS {
        let before = load.succeeded();
        until("calls go by", || load.succeeded() > before + 100);
        if let Some(pid) = pid(&host) {
            crate::support::processes::kill(pid);
        }
    }
    let before = load.succeeded();
    until("calls go by", || load.succeeded() > before + 100);
    let failures = load.stop();
    assert!(failures.len() <= KILLS, "{failures:?}");
    for failure in &failures {
        assert!(failure.starts_with("502 "), "{failure}");
    }
    assert_eq!(host.listed("f").unwrap()["state"], "ready");
}
