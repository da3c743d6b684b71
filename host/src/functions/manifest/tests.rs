//! What a `run.json` becomes, and what is said of a bad one.

use super::*;
use serde_json::{Value, json};
use std::path::Path;

/// Parses without a folder and compares one pointer of what the runner gets.
#[track_caller]
fn check(text: &str, pointer: &str, expected: Value) {
    let manifest = parse(text, &Defaults::for_tests()).expect(text);
    let told: Value = serde_json::from_str(&manifest.runner_json(None)).expect("JSON");
    assert_eq!(told.pointer(pointer), Some(&expected), "{pointer} of {text}");
}

/// Every text must be in the reason.
#[track_caller]
fn refused(text: &str, expected: &[&str]) {
    let reason = parse(text, &Defaults::for_tests()).expect_err(text).reason;
    for part in expected {
        assert!(reason.contains(part), "{reason}\ndoes not contain {part}\nfor {text}");
    }
}

fn parse(text: &str, defaults: &Defaults) -> Result<Manifest, Refusal> {
    Manifest::parse(text.as_bytes(), Path::new("/nowhere"), defaults)
}

/// An executable with one more key.
fn with(key: &str) -> String {
    format!(r#"{{"type":"executable","command":"jq",{key}}}"#)
}

#[test]
fn the_contracts_examples_are_read() {
    let text =
        r#"{ "type": "executable",  "language": "x86-64", "command": "jq", "arguments": "." }"#;
    check(text, "/language", json!("x86-64"));
    check(text, "/command", json!("jq"));
    check(text, "/arguments", json!(["."]));
    let text = r#"{ "type": "interpreted", "language": "python", "command": "python3", "arguments": "lambda.py" }"#;
    check(text, "/arguments", json!(["lambda.py"]));
    check(text, "/scaling/mode", json!("warm"));
    check(text, "/scaling/idle_ms", json!(300_000));
}

#[test]
fn defaults_are_filled_in() {
    let manifest = parse(&with(r#""log":"meta""#), &Defaults::for_tests()).expect("good");
    assert_eq!((manifest.concurrency, manifest.allow_header.as_str()), (64, "POST"));
    assert_eq!((manifest.response, manifest.log), (Response::Buffered, LogPolicy::Meta));
    let told: Value = serde_json::from_str(&manifest.runner_json(None)).expect("JSON");
    let expected = json!({
        "type": "executable", "language": "", "command": "jq", "arguments": [], "environment": {},
        "timeout_ms": 60_000, "concurrency": 64, "response": "buffered", "input": "text",
        "handler": null, "signature": "shortedfaas", "event": "json",
        "limits": {
            "memory_bytes": null, "cpu": null, "processes": null, "open_files": 1024,
            "output_bytes": 16 << 20, "body_bytes": 6 << 20,
        },
        "allow": null, "isolation": "none", "placement": null, "thread_safe": true,
        "scaling": { "mode": "cold", "min": 0, "max": 64, "idle_ms": 300_000, "recycle_after": null },
        "image": null, "group": null, "build": "manual", "completion": null,
    });
    assert_eq!(told, expected);
}

#[test]
fn values_arrive_as_they_were_meant() {
    check(&with(r#""timeout":"1.5s""#), "/timeout_ms", json!(1500));
    check(
        &with(r#""limits":{"memory":"256MiB","cpu":0.5,"body":1024}"#),
        "/limits/memory_bytes",
        json!(256 << 20),
    );
    check(
        &with(r#""limits":{"memory":"256MiB","cpu":0.5,"body":1024}"#),
        "/limits/body_bytes",
        json!(1024),
    );
    check(
        &with(r#""arguments":"-r '.a | .b' \"x y\" z\\ z $HOME *""#),
        "/arguments",
        json!(["-r", ".a | .b", "x y", "z z", "$HOME", "*"]),
    );
    check(&with(r#""arguments":["", "a b"]"#), "/arguments", json!(["", "a b"]));
    check(&with(r#""arguments":"""#), "/arguments", json!([]));
    check(
        &with(r#""environment":{"A":"", "_b":"c"}"#),
        "/environment",
        json!({"A": "", "_b": "c"}),
    );
    check(
        &with(r#""allow":{"read":["/a"]}"#),
        "/allow",
        json!({"read": ["/a"], "write": [], "net": false, "exec": false}),
    );
    check(&with(r#""scaling":{"max":3}"#), "/concurrency", json!(3));
    check(&with(r#""scaling":{"max":3},"concurrency":7"#), "/concurrency", json!(7));
    check(
        r#"{"type":"interpreted","arguments":"x.mjs","scaling":{"mode":"hot","min":500}}"#,
        "/scaling/max",
        json!(500),
    );
    let manifest = parse(&with(r#""methods":["get","POST","GET"]"#), &Defaults::for_tests());
    assert_eq!(manifest.expect("good").allow_header, "GET, POST");
}

#[test]
fn type_and_language_are_told_by_endings_where_only_one_fits() {
    check(r#"{"command":"x.so"}"#, "/type", json!("native"));
    check(r#"{"command":"x.wasm"}"#, "/type", json!("wasm"));
    check(r#"{"type":"interpreted","arguments":"-u lambda.py"}"#, "/language", json!("python"));
    check(
        r#"{"type":"launched","command":"/usr/bin/python3.11","arguments":"x"}"#,
        "/language",
        json!("python"),
    );
    check(
        r#"{"type":"launched","command":"deno","arguments":"run x.TS"}"#,
        "/language",
        json!("node"),
    );
    refused(r#"{"command":"x"}"#, &["`type`: missing", "`executable`"]);
    refused(r#"{"type":"interpreted"}"#, &["`language`: missing"]);
    refused(r#"{"type":"executable"}"#, &["`command`: missing"]);
}

#[test]
fn a_folders_only_library_is_the_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let parse =
        |text: &str| Manifest::parse(text.as_bytes(), folder.path(), &Defaults::for_tests());
    let reason = |text: &str| parse(text).expect_err(text).reason;
    assert!(reason(r#"{"type":"native"}"#).contains("holds no .so file"));
    std::fs::write(folder.path().join("a.so"), "").expect("written");
    let manifest = parse("{}").expect("good");
    assert_eq!(
        (manifest.kind.as_str(), manifest.for_runner.command.as_deref()),
        ("native", Some("a.so"))
    );
    std::fs::write(folder.path().join("b.so"), "").expect("written");
    assert!(reason(r#"{"type":"native"}"#).contains("such as `a.so` or `b.so`"));
    assert!(reason("{}").contains("`type`: missing"));
}

#[test]
fn a_launched_program_gets_its_languages_command() {
    let text = r#"{"type":"launched","language":"ruby","arguments":"x.rb"}"#;
    refused(
        text,
        &[
            "`command`: no interpreter for language `ruby`: add it here, or [languages.ruby] command = \"ruby\" to shortedfaas.toml",
        ],
    );
    let mut defaults = Defaults::for_tests();
    defaults.languages = vec!["ruby".into()];
    let manifest = parse(text, &defaults).expect("good");
    assert!(manifest.needs_plan());
    let completed = manifest.with_command("/opt/ruby".into(), vec!["-w".into()]);
    assert!(!completed.needs_plan());
    assert_eq!(completed.for_runner.command.as_deref(), Some("/opt/ruby"));
    assert_eq!(completed.for_runner.arguments, ["-w", "x.rb"]);
}

#[test]
fn a_type_needs_a_runner_that_is_on() {
    let mut defaults = Defaults::for_tests();
    defaults.types = vec!["executable".into(), "wizard".into()];
    let refusal = parse(r#"{"type":"compiled","language":"c"}"#, &defaults).expect_err("off");
    assert_eq!(
        refusal.reason,
        "no runner for type `compiled` is enabled: add [runners.process] to shortedfaas.toml"
    );
    assert_eq!(
        (refusal.kind.as_deref(), refusal.language.as_deref()),
        (Some("compiled"), Some("c"))
    );
    assert!(refusal.not_enabled);
    // Another author's runner may serve a type of its own, with any of the keys.
    let manifest = parse(r#"{"type":"wizard","handler":"x","image":"y"}"#, &defaults);
    assert_eq!(manifest.expect("good").kind, "wizard");
}

#[test]
fn everything_wrong_is_reported_at_once() {
    let text = r#"{"type":"executible","tiemout":"5s","timeout":30,"limits":{"memroy":1},"methods":"GET"}"#;
    refused(
        text,
        &[
            "`type`: is \"executible\": it must be one of `executable`",
            "did you mean `executable`?",
            "`tiemout`: unknown key; did you mean `timeout`?",
            "`timeout`: is 30: it must be a duration such as \"30s\"",
            "`limits.memroy`: unknown key; did you mean `memory`?",
            "`methods`: is \"GET\": it must be an array",
        ],
    );
    refused(
        r#"{"type":"executable","command":"a","command":"b","x":1}"#,
        &["`command`: given more than once", "`x`: unknown key"],
    );
}

#[test]
fn wrong_values_are_named_with_the_way_out() {
    let cases = [
        (r#""timeout":"0s""#, "`timeout`: is \"0s\": it must be from 1ms to 1d"),
        (r#""timeout":"25h""#, "it must be from 1ms to 1d"),
        (r#""timeout":"soon""#, "`timeout`: `soon` is not a duration"),
        (r#""timeout":null"#, "`timeout`: is null: leave the key out"),
        (r#""concurrency":0"#, "`concurrency`: is 0: it must be a whole number from 1 to 100000"),
        (r#""concurrency":1.5"#, "`concurrency`: is 1.5"),
        (
            r#""scaling":{"min":3,"max":2}"#,
            "`scaling.min`: is 3, more than `scaling.max`, which is 2",
        ),
        (r#""scaling":{"mode":"warm"}"#, "`scaling.mode`: is \"warm\": this type keeps no workers"),
        (r#""scaling":[]"#, "`scaling`: is an array of 0: it must be an object"),
        (r#""limits":{"cpu":-1}"#, "`limits.cpu`: is -1: it must be a number above 0"),
        (r#""limits":{"memory":"256 apples"}"#, "`limits.memory`: `256 apples` is not a size"),
        (r#""limits":{"memory":10}"#, "`limits.memory`: is 10: it must be at least 65536"),
        (r#""methods":[]"#, "`methods`: is empty"),
        (r#""methods":["a b"]"#, "`methods`: \"a b\" is no HTTP method"),
        (r#""response":"streem""#, "did you mean `stream`?"),
        (r#""log":"Full""#, "did you mean `full`?"),
        (r#""arguments":"a 'b""#, "`arguments`: is \"a 'b\": a quote"),
        (
            r#""arguments":{"a":1}"#,
            "`arguments`: is an object of 1: it must be a text, or an array",
        ),
        (r#""arguments":["a",1]"#, "`arguments`: holds 1"),
        (
            r#""isolation":"process""#,
            "`isolation`: means nothing for type `executable`, only for `native`",
        ),
        (r#""handler":"x""#, "`handler`: means nothing for type `executable`"),
        (r#""async":{"retries":-1}"#, "`async.retries`: is -1"),
        (r#""schedule":[{"cron":"* *"}]"#, "`schedule.0.cron`: is \"* *\""),
        (r#""schedule":[{}, 5]"#, "`schedule.1`: is 5"),
        (r#""completion":"tokens""#, "did you mean `token`?"),
        (r#""allow":{"net":"yes"}"#, "`allow.net`: is \"yes\": it must be true or false"),
    ];
    for (key, expected) in cases {
        refused(&with(key), &[expected]);
    }
    refused(
        r#"{"type":"native","command":"x.so","allow":{}}"#,
        &["`allow`: cannot bind code inside the host"],
    );
    refused(
        r#"{"type":"native","command":"x.so","response":"cgi"}"#,
        &["`response`: is \"cgi\", which only programs"],
    );
    refused(
        r#"{"type":"interpreted","language":"python","event":"http"}"#,
        &["`event`: only means something with `signature`"],
    );
}

#[test]
fn no_bytes_make_the_reader_panic() {
    let seed = with(
        r#""limits":{"memory":"1MiB"},"environment":{"A":{"from":"B"}},"arguments":"a 'b c'","accept":["a/b"],"schedule":[{"cron":"* * * * *"}]"#,
    );
    let mut state = 42_u32;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state as usize % below
    };
    for _ in 0..20_000 {
        let mut bytes = seed.clone().into_bytes();
        for _ in 0..=random(4) {
            let at = random(bytes.len());
            match random(3) {
                0 => bytes[at] = u8::try_from(random(256)).expect("below 256"),
                1 => drop(bytes.splice(at..at, seed.bytes().skip(at).take(8))),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let _ = Manifest::parse(&bytes, Path::new("/nowhere"), &Defaults::for_tests());
    }
}
