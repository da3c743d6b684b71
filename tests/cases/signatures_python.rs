//! Python functions that were written for other platforms, with those platforms' own packages.

use crate::support::fixtures::repository;
use crate::support::interpreted::speaking;
use crate::support::setup::plugin_folder;
use crate::support::{Answer, Folder, Host};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// `tests/compat/python/calls.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Calls {
    /// Functions that all do the same, each in another platform's way.
    greetings: Vec<String>,
    greeting: Vec<Call>,
    /// Calls of the others.
    calls: Vec<Call>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Call {
    #[serde(default)]
    function: String,
    request: Request,
    expect: Map<String, Value>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields, default)]
struct Request {
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
    /// A text, or `every byte`.
    body: String,
}

impl Default for Request {
    fn default() -> Self {
        let (path, query, body) = (String::new(), String::new(), String::new());
        Self { method: "POST".to_owned(), path, query, headers: BTreeMap::new(), body }
    }
}

#[test]
fn one_greeting_in_five_forms_gives_the_same_answers_cold_and_warm() {
    let calls = calls();
    for mode in ["cold", "warm"] {
        let host = host_with(&calls.greetings, mode);
        let complaints_of = |function: &String| -> Vec<String> {
            calls.greeting.iter().flat_map(|call| complaints(&host, function, call)).collect()
        };
        let wrong: Vec<String> = calls.greetings.iter().flat_map(complaints_of).collect();
        assert!(wrong.is_empty(), "{mode}:\n{}", wrong.join("\n"));
    }
}

#[test]
fn functions_of_other_platforms_run_as_they_are() {
    let calls = calls();
    let mut functions: Vec<String> = calls.calls.iter().map(|call| call.function.clone()).collect();
    functions.dedup();
    let host = host_with(&functions, "warm");
    let calls = calls.calls.iter();
    let wrong: Vec<String> =
        calls.flat_map(|call| complaints(&host, &call.function, call)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn compat() -> PathBuf {
    repository().join("tests/compat/python")
}

fn calls() -> Calls {
    serde_json::from_slice(&std::fs::read(compat().join("calls.json")).unwrap()).unwrap()
}

/// The functions, with an interpreter that has the platforms' packages.
fn host_with(functions: &[String], mode: &str) -> Host {
    let mut setup = speaking(&["python"]);
    for name in functions {
        let folder = read(&compat().join("functions").join(name))
            .with("command", json!(INTERPRETER.as_path()))
            .with("scaling", json!({"mode": mode}));
        setup = setup.function(name, &folder);
    }
    setup.start()
}

fn read(from: &Path) -> Folder {
    let mut folder = Folder::raw(std::fs::read(from.join("run.json")).unwrap());
    let mut waiting = vec![from.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(next).unwrap().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            if path.is_dir() && name != "__pycache__" {
                waiting.push(path);
            } else if path.is_file() && name != "run.json" {
                let relative = path.strip_prefix(from).unwrap().to_str().unwrap();
                folder = folder.file(relative, std::fs::read(&path).unwrap());
            }
        }
    }
    folder
}

/// Python of a virtual environment beside the target folder's programs, which has what `requirements.txt` names.
static INTERPRETER: LazyLock<PathBuf> = LazyLock::new(|| {
    let requirements = compat().join("requirements.txt");
    let wanted = std::fs::read(&requirements).unwrap();
    let folder = plugin_folder().parent().unwrap().join("compat-python");
    std::fs::create_dir_all(&folder).unwrap();
    // Other test processes want it too; the lock ends with the file.
    let lock = std::fs::File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let (environment, made_of) = (folder.join("venv"), folder.join("made-of.txt"));
    let python = environment.join("bin/python3");
    if std::fs::read(&made_of).is_ok_and(|made_of| made_of == wanted) && python.exists() {
        return python;
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment));
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
    run(Command::new(&python).args(install).arg(&requirements));
    std::fs::write(&made_of, wanted).unwrap();
    python
});

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{errors}", output.status);
}

fn complaints(host: &Host, function: &str, call: &Call) -> Vec<String> {
    let Request { method, path, query, headers, body } = &call.request;
    let mark = if query.is_empty() { "" } else { "?" };
    let path = format!("/f/{function}{path}{mark}{query}");
    let request = headers
        .iter()
        .fold(host.request(method, &path), |request, (name, value)| request.header(name, value));
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    let body = if body == "every byte" { every_byte } else { body.clone().into_bytes() };
    let answer = request.body(body).send();
    let found = call.expect.iter().filter(|(key, value)| !holds(host, &answer, key, value));
    let found: Vec<String> =
        found.map(|(key, value)| format!("{method} {path}: {key} is not {value}")).collect();
    match found.is_empty() {
        true => found,
        false => {
            [found, vec![format!("    {answer:?}\n    {}", host.history_of(&answer))]].concat()
        }
    }
}

fn holds(host: &Host, answer: &Answer, key: &str, value: &Value) -> bool {
    let recorded = |key: &str| host.history_of(answer)[key].as_str().unwrap_or_default().to_owned();
    match key {
        "status" => *value == answer.status,
        "body" => *value == answer.text(),
        "json" => serde_json::from_slice::<Value>(&answer.body).is_ok_and(|body| body == *value),
        "every_byte" => answer.body.iter().copied().eq(0..=u8::MAX),
        "headers" => value.as_object().unwrap().iter().all(|(name, value)| {
            let found: Vec<&str> = answer
                .headers
                .iter()
                .filter(|(header, _)| header.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.as_str())
                .collect();
            *value == json!(found) || found.len() == 1 && *value == found[0]
        }),
        "error" => recorded("error").contains(value.as_str().unwrap()),
        "log" => recorded("stderr").contains(value.as_str().unwrap()),
        _ => panic!("no such expectation: {key}"),
    }
}
