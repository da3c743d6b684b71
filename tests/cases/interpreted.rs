//! Function code: how its handler is found, what it is given, what becomes of what it prints, where it cannot be loaded.

use crate::support::interpreted::{python, speaking};
use crate::support::{Folder, until};
use serde_json::{Value, json};

/// What a handler is called by: keys of run.json, files, and what it answers.
type Named = (Value, &'static [(&'static str, &'static str)], &'static str);

fn named() -> Vec<Named> {
    [named_in_python(), named_in_node(), named_in_lua()].concat()
}

fn named_in_python() -> Vec<Named> {
    vec![
        // The contract's own example.
        (
            json!({"type": "interpreted", "language": "python", "command": "python3", "arguments": "lambda.py"}),
            &[("lambda.py", "def lambda_(input, environment): return 'lambda_'")],
            "lambda_",
        ),
        (
            json!({"arguments": "lambda.py"}),
            &[("lambda.py", "def handler(input, environment): return 'handler'")],
            "handler",
        ),
        (
            json!({"arguments": ["text.py"], "handler": "lambda"}),
            &[("text.py", "def lambda_(input, environment): return 'a keyword'")],
            "a keyword",
        ),
        (
            json!({"arguments": "lambda.py", "handler": "other"}),
            &[("lambda.py", "def lambda_(i, e): return 'no'\ndef other(i, e): return 'other'")],
            "other",
        ),
        (
            json!({"language": "python", "handler": "words.shout"}),
            &[("words.py", "def shout(input, environment): return 'words.shout'")],
            "words.shout",
        ),
        (
            json!({"arguments": "lambda.py", "handler": "lambda.shout"}),
            &[("lambda.py", "def shout(input, environment): return 'lambda.shout'")],
            "lambda.shout",
        ),
        (
            json!({"arguments": "inner/lambda.py"}),
            &[
                ("inner/lambda.py", "import beside\ndef lambda_(i, e): return beside.text"),
                ("beside.py", "text = 'the folder is where imports are sought'"),
            ],
            "the folder is where imports are sought",
        ),
    ]
}

fn named_in_node() -> Vec<Named> {
    vec![
        (
            json!({"arguments": "lambda.js"}),
            &[("lambda.js", "exports.lambda = (input, environment) => 'CommonJS'")],
            "CommonJS",
        ),
        (
            json!({"arguments": "lambda.mjs"}),
            &[("lambda.mjs", "export async function lambda(input, environment) { return 'ESM' }")],
            "ESM",
        ),
        (
            json!({"arguments": "lambda.js"}),
            &[
                ("lambda.js", "export const lambda = () => 'ESM by package.json'"),
                ("package.json", "{\"type\": \"module\"}"),
            ],
            "ESM by package.json",
        ),
        (
            json!({"language": "node", "handler": "words.shout"}),
            &[("words.js", "exports.shout = () => 'words.shout'")],
            "words.shout",
        ),
    ]
}

fn named_in_lua() -> Vec<Named> {
    vec![
        (
            json!({"language": "lua", "arguments": "lambda.lua"}),
            &[("lambda.lua", "return function(input, environment) return 'a function' end")],
            "a function",
        ),
        (
            json!({"language": "lua", "arguments": "lambda.lua"}),
            &[("lambda.lua", "return {lambda = function() return 'a table' end}")],
            "a table",
        ),
        (
            json!({"language": "lua", "arguments": "lambda.lua"}),
            &[("lambda.lua", "function lambda(input, environment) return 'a global' end")],
            "a global",
        ),
        (
            json!({"language": "lua", "arguments": "lambda.lua", "handler": "other"}),
            &[
                (
                    "lambda.lua",
                    "local beside = require 'beside'\nfunction other() return beside end",
                ),
                ("beside.lua", "return 'required'"),
            ],
            "required",
        ),
    ]
}

fn folder(keys: &Value, files: &[(&str, &str)]) -> Folder {
    let mut manifest = json!({"type": "interpreted"});
    manifest.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
    files.iter().fold(Folder::new(&manifest), |folder, (name, code)| folder.file(name, code))
}

#[test]
fn a_handler_is_found_by_its_file_and_name() {
    let mut setup = speaking(&["python", "node", "lua"]);
    for (index, (keys, files, _)) in named().iter().enumerate() {
        setup = setup.function(&format!("f{index}"), &folder(keys, files));
    }
    let host = setup.start_all();
    let mut wrong = Vec::new();
    for (index, (keys, _, expected)) in named().iter().enumerate() {
        let answer = host.post(&format!("/f/f{index}"), "");
        if (answer.status, answer.text().as_str()) != (200, expected) {
            wrong.push(format!("{keys} answers {answer:?} instead of {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Keys of run.json over `lambda.py`, and what the reason must contain.
const MISTAKES: &[(&str, &[&str])] = &[
    (r#"{"arguments": "lambda.py", "handler": 5}"#, &["handler", "5"]),
    (r#"{"arguments": "lambda.py", "handlr": "x"}"#, &["handlr", "handler"]),
    (r#"{"arguments": "lambda.py", "signature": "asw"}"#, &["signature", "asw", "aws"]),
    (r#"{"arguments": "lambda.py", "input": "byte"}"#, &["input", "byte", "bytes"]),
    (r#"{"arguments": "lambda.py", "scaling": {"mode": "luke"}}"#, &["scaling.mode", "luke"]),
    (r#"{"arguments": "lambda.py", "scaling": {"min": 3, "max": 2}}"#, &["scaling"]),
    (r#"{"arguments": "lambda.py", "scaling": {"maxx": 2}}"#, &["maxx", "max"]),
    (r#"{"arguments": "lambda.py", "scaling": {"idle": "soon"}}"#, &["idle", "soon"]),
    (r#"{"arguments": "lamda.py", "language": "python"}"#, &["lamda.py"]),
    (r#"{"arguments": "lambda.py", "language": "pythn"}"#, &["pythn", "python"]),
    (r#"{"arguments": "lambda.cobol"}"#, &["language"]),
];

#[test]
fn a_mistake_is_shown_with_key_value_and_what_was_meant() {
    let mut setup = speaking(&["python"]);
    for (index, (keys, _)) in MISTAKES.iter().enumerate() {
        let keys: Value = serde_json::from_str(keys).unwrap();
        let files = [("lambda.py", "def lambda_(i, e): return 'x'"), ("lambda.cobol", "")];
        setup = setup.function(&format!("f{index}"), &folder(&keys, &files));
    }
    let host = setup.function("good", &python("def lambda_(i, e): return i")).start_all();
    let mut wrong = Vec::new();
    for (index, (keys, parts)) in MISTAKES.iter().enumerate() {
        let entry = host.listed(&format!("f{index}")).unwrap();
        let reason = entry["reason"].as_str().unwrap_or_default();
        let answer = host.post(&format!("/f/f{index}"), "");
        let same = answer.status == 503 && answer.json()["detail"].as_str() == Some(reason);
        if entry["state"] != "broken" || !parts.iter().all(|part| reason.contains(part)) || !same {
            wrong.push(format!("{keys} is {entry}, answers {answer:?}; expected {parts:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    host.post("/f/good", "still").expect(200, "still");
}

/// What prints before, during and after, on both streams, and a child of it too.
const PRINTS: &str = "
import os, sys
print('at load')
def lambda_(input, environment):
    print('printed', input)
    print('complained', input, file=sys.stderr)
    os.write(1, b'written\\n')
    os.system('echo by a child')
    return 'answered ' + input
";

#[test]
fn what_is_printed_is_in_the_history_of_its_call_and_never_in_an_answer() {
    let host = speaking(&["python"])
        .function("warm", &python(PRINTS).with("scaling", json!({"mode": "warm", "max": 1})))
        .function("cold", &python(PRINTS).with("scaling", json!({"mode": "cold"})))
        .start_all();
    for name in ["warm", "cold"] {
        for input in ["first", "second"] {
            let answer = host.post(&format!("/f/{name}"), input);
            answer.expect(200, &format!("answered {input}"));
            let detail = host.history_of(&answer);
            let log = detail["stderr"].as_str().unwrap();
            for part in [
                &format!("printed {input}"),
                &format!("complained {input}"),
                "written",
                "by a child",
            ] {
                assert!(log.contains(part), "{name}: no {part:?} in {log:?}");
            }
            let other = if input == "first" { "second" } else { "first" };
            assert!(!log.contains(other), "{name}: of another call: {log:?}");
            assert_eq!(detail["output"], format!("answered {input}"), "{name}");
        }
    }
}

/// Code that cannot be loaded, and what the reason must contain.
const UNLOADABLE: &[(&str, &[&str])] = &[
    ("def lambda_(input, environment)\n    return 'x'\n", &["lambda.py", "line 1"]),
    ("import no_such_module\ndef lambda_(i, e): pass", &["no_such_module"]),
    ("1 / 0", &["ZeroDivisionError"]),
    ("import sys\nsys.exit('no licence')", &["exit"]),
    ("x = 1", &["lambda"]),
];

#[test]
fn a_handler_that_cannot_be_loaded_is_broken_until_it_is_mended() {
    let mut setup = speaking(&["python"]).function("good", &python("def lambda_(i, e): return i"));
    for (index, (code, _)) in UNLOADABLE.iter().enumerate() {
        setup = setup.function(&format!("f{index}"), &python(code));
    }
    let host = setup.start_all();
    for (index, (code, parts)) in UNLOADABLE.iter().enumerate() {
        let (name, path) = (format!("f{index}"), format!("/f/f{index}"));
        let detail = host.post(&path, "").expect_problem(503, "function");
        let entry = host.listed_as(&name, "broken");
        let reason = entry["reason"].as_str().unwrap();
        assert!(detail.contains(reason), "{detail:?} is not of {reason:?}");
        for part in *parts {
            assert!(reason.contains(part), "no {part:?} in {reason:?} of {code:?}");
        }
        host.post("/f/good", "serves").expect(200, "serves");
        let file = host.setup().deploy_folder().join(&name).join("lambda.py");
        std::fs::write(file, "def lambda_(i, e): return 'mended'").unwrap();
        until("it is mended", || host.post(&path, "").text() == "mended");
        host.listed_as(&name, "ready");
    }
}

#[test]
fn a_handler_that_could_not_be_loaded_is_tried_again() {
    let setup = speaking(&["python"]);
    let flag = setup.path("flag");
    let code = format!("open({flag:?}).close()\ndef lambda_(i, e): return 'loaded'");
    let host = setup.function("waits", &python(&code)).start_all();
    host.post("/f/waits", "").expect_problem(503, "function");
    std::fs::write(&flag, "").unwrap();
    until("it is loaded", || host.post("/f/waits", "").text() == "loaded");
    host.listed_as("waits", "ready");
}

#[test]
fn a_bad_generation_does_not_replace_one_that_serves() {
    let good = "def lambda_(i, e): return 'good'";
    let host = speaking(&["python"]).function("f", &python(good)).start_all();
    host.post("/f/f", "").expect(200, "good");
    host.deploy("f", &python(good).with("arguments", "nowhere.py".into()));
    until("there is a warning", || {
        host.listed("f").is_some_and(|entry| entry["warning"].is_string())
    });
    let entry = host.listed("f").unwrap();
    assert_eq!(entry["state"], "ready", "{entry}");
    assert!(entry["warning"].as_str().unwrap().contains("nowhere.py"), "{entry}");
    host.post("/f/f", "").expect(200, "good");
}
