//! Functions of other platforms and calls of them, as a `calls.json` beside them describes them.

use super::{Answer, Folder, Host};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// A file `tests/compat/*/calls.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Calls {
    /// Functions that all do the same, each in another platform's way.
    pub(crate) greetings: Vec<String>,
    /// Calls of each of them.
    pub(crate) greeting: Vec<Call>,
    /// Calls of the others.
    pub(crate) calls: Vec<Call>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    #[serde(default)]
    pub(crate) function: String,
    request: Request,
    expect: Map<String, Value>,
}

#[derive(Deserialize)]
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

impl Calls {
    pub(crate) fn read(from: &Path) -> Self {
        serde_json::from_slice(&std::fs::read(from.join("calls.json")).unwrap()).unwrap()
    }

    /// Names of the functions of `calls`.
    pub(crate) fn functions(&self) -> Vec<String> {
        let mut functions: Vec<String> =
            self.calls.iter().map(|call| call.function.clone()).collect();
        functions.sort();
        functions.dedup();
        functions
    }
}

/// A function's folder with everything below it.
pub(crate) fn read_function(from: &Path) -> Folder {
    let mut folder = Folder::raw(std::fs::read(from.join("run.json")).unwrap());
    let mut waiting = vec![from.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(next).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() && entry.file_name() == "__pycache__" {
                continue;
            }
            if path.is_dir() {
                waiting.push(path);
            } else if path != from.join("run.json") {
                let name = path.strip_prefix(from).unwrap().to_str().unwrap();
                folder = folder.file(name, std::fs::read(&path).unwrap());
            }
        }
    }
    folder
}

/// Calls the function; what is not as expected, in words.
pub(crate) fn complaints(host: &Host, function: &str, call: &Call) -> Vec<String> {
    let Request { method, path, query, headers, body } = &call.request;
    let mark = if query.is_empty() { "" } else { "?" };
    let path = format!("/f/{function}{path}{mark}{query}");
    let request = headers
        .iter()
        .fold(host.request(method, &path), |request, (name, value)| request.header(name, value));
    let every_byte = || (0..=u8::MAX).collect();
    let body = if body == "every byte" { every_byte() } else { body.clone().into_bytes() };
    let answer = request.body(body).send();
    let wrong = call.expect.iter().filter(|(key, value)| !holds(host, &answer, key, value));
    let mut wrong: Vec<String> =
        wrong.map(|(key, value)| format!("{method} {path}: {key} is not {value}")).collect();
    if !wrong.is_empty() {
        wrong.push(format!("    {answer:?}\n    {}", host.history_of(&answer)));
    }
    wrong
}

fn holds(host: &Host, answer: &Answer, key: &str, value: &Value) -> bool {
    let recorded = |key: &str| host.history_of(answer)[key].as_str().unwrap_or_default().to_owned();
    match key {
        "status" => *value == answer.status,
        "body" => *value == answer.text(),
        "json" => serde_json::from_slice::<Value>(&answer.body).is_ok_and(|body| body == *value),
        "every_byte" => answer.body.iter().copied().eq(0..=u8::MAX),
        "headers" => value.as_object().unwrap().iter().all(|(name, value)| {
            let named =
                answer.headers.iter().filter(|(header, _)| header.eq_ignore_ascii_case(name));
            let found: Vec<&str> = named.map(|(_, value)| value.as_str()).collect();
            *value == json!(found) || found.len() == 1 && *value == found[0]
        }),
        "error" => recorded("error").contains(value.as_str().unwrap()),
        "log" => recorded("stderr").contains(value.as_str().unwrap()),
        _ => panic!("no such expectation: {key}"),
    }
}
