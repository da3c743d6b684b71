//! Health, readiness and metrics.

use crate::support::{Setup, cat, eventually, shell};
use std::collections::HashMap;

#[test]
fn a_host_that_serves_is_alive_and_ready() {
    let host = Setup::new().function("broken", &crate::support::Folder::raw("{")).start();
    host.get("/healthz").expect_status(200);
    host.get("/readyz").expect_status(200);
}

#[test]
fn every_answer_says_how_long_it_took() {
    let host = Setup::new().function("cat", &cat()).start();
    for (method, path) in [
        ("GET", "/list"),
        ("GET", "/history"),
        ("GET", "/healthz"),
        ("GET", "/metrics"),
        ("GET", "/nowhere"),
        ("POST", "/list"),
        ("POST", "/f/cat"),
        ("GET", "/f/cat"),
        ("POST", "/f/nobody"),
    ] {
        let answer = host.request(method, path).send();
        let timing = answer.header("server-timing");
        assert!(
            timing.is_some_and(|timing| timing.contains("dur=")),
            "{method} {path}: {answer:?}"
        );
    }
}

/// Samples by name with labels.
fn samples(text: &str) -> HashMap<String, f64> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) =
                line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line:?}"));
            (name.to_owned(), value.parse().unwrap_or_else(|_| panic!("no number: {line:?}")))
        })
        .collect()
}

#[test]
fn metrics_are_in_prometheus_text_and_count_what_happened() {
    let host = Setup::new().function("cat", &cat()).function("fails", &shell("exit 1")).start();
    for _ in 0..3 {
        host.post("/f/cat", "x");
    }
    host.post("/f/fails", "x");
    host.post("/f/nobody\u{2603}\"", "x");
    let counted = |text: &str, outcome: &str| {
        let wanted = format!("outcome=\"{outcome}\"");
        let samples = samples(text);
        let counts =
            samples.iter().filter(|(name, _)| name.contains(&wanted) && name.contains("_total"));
        counts.map(|(_, value)| *value).sum::<f64>()
    };
    let answer = eventually("all is counted", || {
        let answer = host.get("/metrics");
        (counted(&answer.text(), "succeeded") >= 3.0 && counted(&answer.text(), "failed") >= 1.0)
            .then_some(answer)
    });
    let content_type = answer.header("content-type").unwrap();
    assert!(content_type.starts_with("text/plain"), "{content_type}");
    let text = answer.text();
    for name in samples(&text).keys() {
        let family = name.split('{').next().unwrap();
        assert!(family.starts_with("shortedfaas_") || family.starts_with("process_"), "{name}");
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| family.strip_suffix(end));
        let typed = |family: &str| text.contains(&format!("# TYPE {family} "));
        assert!(typed(family) || base.is_some_and(typed), "{family} has no TYPE");
    }
    assert!((counted(&text, "succeeded") - 3.0).abs() < 0.1, "{text}");
}

#[test]
fn logs_are_json_where_no_person_reads_them() {
    let host =
        Setup::new().config_with("[log]\nlevel = \"debug\"\n").function("cat", &cat()).start();
    host.post("/f/cat", "x").expect(200, "x");
    let log = host.log();
    assert!(!log.is_empty());
    for line in log.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
    }
}
