//! Manifests that are wrong: the function is broken with a reason, and nothing else is.

use crate::support::{Folder, Setup, cat, shell};

/// A manifest, and what its reason must contain.
const MANIFESTS: &[(&str, &[&str])] = &[
    (r#"{"type":"executable","command":"cat","comand":"x"}"#, &["comand", "command"]),
    (r#"{"type":"executable","command":"cat","Timeout":"1s"}"#, &["Timeout", "timeout"]),
    (
        r#"{"type":"executable","command":"cat","limits":{"memori":"1MiB"}}"#,
        &["limits", "memori", "memory"],
    ),
    (r#"{"type":"executabel","command":"cat"}"#, &["type", "executabel", "executable"]),
    (r#"{"type":"executable","command":7}"#, &["command", "7"]),
    (r#"{"type":"executable","command":["cat"]}"#, &["command"]),
    (r#"{"type":"executable","command":""}"#, &["command"]),
    (r#"{"type":"executable"}"#, &["command"]),
    (r#"{"command":"cat"}"#, &["type"]),
    (r#"{"type":"executable","command":"cat","timeout":"soon"}"#, &["timeout", "soon", "30s"]),
    (r#"{"type":"executable","command":"cat","timeout":30}"#, &["timeout", "30"]),
    (r#"{"type":"executable","command":"cat","timeout":"0s"}"#, &["timeout", "0s"]),
    (r#"{"type":"executable","command":"cat","timeout":"-1s"}"#, &["timeout", "-1s"]),
    (r#"{"type":"executable","command":"cat","concurrency":0}"#, &["concurrency", "0"]),
    (r#"{"type":"executable","command":"cat","concurrency":"many"}"#, &["concurrency", "many"]),
    (
        r#"{"type":"executable","command":"cat","limits":{"output":"a lot"}}"#,
        &["limits.output", "a lot"],
    ),
    (r#"{"type":"executable","command":"cat","limits":[]}"#, &["limits"]),
    (r#"{"type":"executable","command":"cat","methods":"POST"}"#, &["methods"]),
    (r#"{"type":"executable","command":"cat","methods":[]}"#, &["methods"]),
    (r#"{"type":"executable","command":"cat","methods":["PO ST"]}"#, &["methods", "PO ST"]),
    (
        r#"{"type":"executable","command":"cat","response":"buffer"}"#,
        &["response", "buffer", "buffered"],
    ),
    (r#"{"type":"executable","command":"cat","log":"some"}"#, &["log", "some"]),
    (
        r#"{"type":"executable","command":"cat","arguments":"unbalanced 'quote"}"#,
        &["arguments", "quote"],
    ),
    (r#"{"type":"executable","command":"cat","arguments":[1]}"#, &["arguments", "1"]),
    (r#"{"type":"executable","command":"cat","environment":{"A B":"x"}}"#, &["environment", "A B"]),
    (
        r#"{"type":"executable","command":"cat","environment":{"A":1}}"#,
        &["environment.A", "secret"],
    ),
    (
        r#"{"type":"executable","command":"cat","environment":{"SHORTEDFAAS_X":"1"}}"#,
        &["SHORTEDFAAS_X"],
    ),
    (
        r#"{"type":"executable","command":"cat","environment":{"A":{"from":"NOT_THERE_AT_ALL"}}}"#,
        &["NOT_THERE_AT_ALL"],
    ),
    (
        r#"{"type":"executable","command":"cat","environment":{"A":{"secret":"nowhere"}}}"#,
        &["nowhere"],
    ),
    (r#"{"type":"executable","command":"cat","environment":{"A":{"secret":"../x"}}}"#, &["../x"]),
    (r#"{"type":"executable","command":"cat","isolation":"process"}"#, &["isolation"]),
    (r#"{"type":"executable","command":"cat","command":"dog"}"#, &["command"]),
    (r#"{"type":"executable","command":"cat","accept":["text"]}"#, &["accept", "text"]),
    (
        r#"{"type":"executable","command":"no-such-program-anywhere"}"#,
        &["no-such-program-anywhere"],
    ),
    (r#"{"type":"executable","command":"plain-file"}"#, &["plain-file", "chmod"]),
    (
        r#"{"type":"executable","command":"no-interpreter"}"#,
        &["no-interpreter", "/no/such/interpreter"],
    ),
    (r#"{"type":"executable","command":"."}"#, &["command"]),
    (r#"{"type":"launched","language":"klingon","arguments":"x"}"#, &["klingon"]),
    (r#"{"type":"wasm","command":"plain-file"}"#, &["wasm", "runners"]),
    (r#"{"type":"executable","command":"cat""#, &["run.json"]),
    (r#"{"type":"executable","command":"cat"} x"#, &["run.json"]),
    ("", &["run.json"]),
    ("null", &["run.json"]),
    ("[]", &["run.json"]),
    ("\u{feff}{}", &[]),
];

fn folder(manifest: &[u8]) -> Folder {
    Folder::raw(manifest)
        .file("plain-file", "#!/bin/sh\necho never\n")
        .program("no-interpreter", "#!/no/such/interpreter\n")
}

/// What cannot be written as a text of this file.
fn bytes() -> Vec<(Vec<u8>, &'static [&'static str])> {
    let good = |padding: usize| {
        format!(r#"{{"type":"executable","command":"cat"{}}}"#, " ".repeat(padding)).into_bytes()
    };
    let mut deep = br#"{"type":"executable","command":"cat","environment":"#.to_vec();
    deep.extend(b"[".repeat(100_000));
    let mut invalid = good(0);
    invalid.push(0xff);
    let invalid_in_value = b"{\"type\":\"executable\",\"command\":\"c\xe9t\"}".to_vec();
    vec![
        (good(10_000_000), &["run.json", "1 MiB"]),
        (deep, &["run.json"]),
        (invalid, &["run.json"]),
        (invalid_in_value, &["UTF-8"]),
        (vec![0; 1_000], &["run.json"]),
    ]
}

#[test]
fn every_bad_manifest_is_broken_with_its_reason_and_the_rest_serves() {
    let mut cases: Vec<(Vec<u8>, &[&str])> =
        MANIFESTS.iter().map(|(text, parts)| (text.as_bytes().to_vec(), *parts)).collect();
    cases.extend(bytes());
    let mut setup = Setup::new().function("cat", &cat());
    for (index, (manifest, _)) in cases.iter().enumerate() {
        setup = setup.function(&format!("bad-{index}"), &folder(manifest));
    }
    let host = setup.start();
    let mut wrong = Vec::new();
    for (index, (manifest, parts)) in cases.iter().enumerate() {
        let shown = String::from_utf8_lossy(&manifest[..manifest.len().min(120)]).into_owned();
        let listed = host.listed(&format!("bad-{index}")).unwrap_or_default();
        let reason = listed["reason"].as_str().unwrap_or_default();
        if listed["state"] != "broken" || !parts.iter().all(|part| reason.contains(part)) {
            wrong.push(format!("{shown}\n  expected {parts:?}, listed {listed}"));
            continue;
        }
        let detail = host.post(&format!("/f/bad-{index}"), "").expect_problem(503, "function");
        assert!(detail.contains(reason), "{shown}: {detail} / {reason}");
        assert!(reason.len() < 2_000, "{shown}: {} bytes of reason", reason.len());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    host.post("/f/cat", "on").expect(200, "on");
}

#[test]
fn all_mistakes_of_a_manifest_are_named_at_once() {
    let manifest =
        r#"{"type":"executable","command":"cat","timout":"1s","concurrency":-1,"response":"x"}"#;
    let host = Setup::new().function("f", &Folder::raw(manifest)).start();
    let listed = host.listed("f").unwrap();
    let reason = listed["reason"].as_str().unwrap();
    for part in ["timout", "timeout", "concurrency", "-1", "response"] {
        assert!(reason.contains(part), "{part}: {reason}");
    }
}

#[test]
fn a_broken_function_says_when_to_come_back() {
    let host = Setup::new().function("f", &Folder::raw("{}")).start();
    let answer = host.post("/f/f", "");
    answer.expect_problem(503, "function");
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
    let detail = host.history_of(&answer);
    assert_eq!(detail["outcome"], "rejected", "{detail}");
}

#[test]
fn every_key_that_an_executable_may_have_is_taken() {
    let manifest = r#"{
        "type": "executable", "language": "x86-64", "command": "cat", "arguments": [],
        "methods": ["POST", "GET"], "accept": ["text/*", "application/json"],
        "environment": {"A": "b"}, "timeout": "1.5s", "concurrency": 7, "max_wait": "200ms",
        "limits": {"open_files": 100, "output": "1MiB", "body": "2MB"},
        "response": "buffered", "log": "meta", "async": {"retries": 1, "backoff": "2s", "max_age": "1h"},
        "scaling": {"mode": "cold"}
    }"#;
    let host = Setup::new().function("f", &Folder::raw(manifest)).start();
    let listed = host.listed("f").unwrap();
    assert_eq!(
        (listed["state"].as_str(), listed["reason"].as_str()),
        (Some("ready"), None),
        "{listed}"
    );
    host.request("POST", "/f/f").header("Content-Type", "text/x").body("x").send().expect(200, "x");
}

#[test]
fn a_function_that_is_too_slow_for_one_manifest_is_fine_in_the_next() {
    let host = Setup::new()
        .function("f", &shell("sleep 0.2; echo ran").with("timeout", "10ms".into()))
        .start();
    host.post("/f/f", "").expect_problem(504, "function");
    host.deploy("f", &shell("sleep 0.2; echo ran"));
    host.answers("/f/f", 200);
}
