//! Compares an answer, its history and `/list` with what a case expects.

use super::filled;
use super::play::Played;
use crate::support::{Answer, Host};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

/// What is not as expected, each with what was there.
pub(super) fn complaints(
    host: &Host,
    function: &str,
    played: &Played,
    expect: &Map<String, Value>,
) -> Vec<String> {
    let checker = Checker { host, function, played, expect };
    let mut found: Vec<String> = expect
        .iter()
        .filter_map(|(key, value)| {
            let was = checker.check(key, value).err()?;
            Some(format!("{key}: expected {}, was {}", short(&value.to_string()), short(&was)))
        })
        .collect();
    if !found.is_empty() {
        found.push(format!("answer {:?}; history {}", played.answer, checker.record()));
    }
    found
}

struct Checker<'a> {
    host: &'a Host,
    function: &'a str,
    played: &'a Played,
    expect: &'a Map<String, Value>,
}

/// What was there instead.
type Checked = Result<(), String>;

impl Checker<'_> {
    fn answer(&self) -> &Answer {
        &self.played.answer
    }

    fn check(&self, key: &str, value: &Value) -> Checked {
        let body = &self.answer().body;
        match key {
            "status" => one_of(value, &self.answer().status.into()),
            "outcome" | "start" => one_of(value, &self.record()[key]),
            "body" => holds(body == text(value).as_bytes(), || self.answer().text()),
            "base64" => {
                holds(*body == BASE64_STANDARD.decode(text(value)).unwrap(), || format!("{body:?}"))
            }
            "size" => one_of(value, &body.len().into()),
            "fill" => {
                let size = self.expect["size"].as_u64().unwrap();
                let expected = filled(usize::try_from(size).unwrap(), text(value));
                holds(*body == expected, || format!("{:?}", &body[..body.len().min(64)]))
            }
            "json" | "number_between" | "contains_json" | "json_types" => self.json(key, value),
            "headers" => self.headers(value),
            "lacks_headers" => {
                let found = texts(value).find(|name| self.answer().header(name).is_some());
                found.map_or(Ok(()), |name| Err(name.to_owned()))
            }
            "log_contains" => contains_all(&self.recorded("stderr"), value),
            "log_lacks" => {
                let log = self.recorded("stderr");
                holds(!texts(value).any(|part| log.contains(part)), || log.clone())
            }
            "error_contains" => contains_all(&self.recorded("error"), value),
            "broken" => self.broken(value),
            "within_ms" => {
                let took = self.played.took.as_millis();
                holds(took <= u128::from(value.as_u64().unwrap()), || took.to_string())
            }
            _ => Err("no such expectation".to_owned()),
        }
    }

    /// The entry of the history, or null where the answer names none.
    fn record(&self) -> Value {
        match self.answer().header("x-invocation-id") {
            Some(_) => self.host.history_of(self.answer()),
            None => Value::Null,
        }
    }

    fn recorded(&self, key: &str) -> String {
        self.record()[key].as_str().unwrap_or_default().to_owned()
    }

    fn json(&self, key: &str, value: &Value) -> Checked {
        let Ok(body) = serde_json::from_slice::<Value>(&self.answer().body) else {
            return Err(self.answer().text());
        };
        let good = match key {
            "json" => body == *value,
            "number_between" => body.as_f64().is_some_and(|number| {
                number >= value[0].as_f64().unwrap() && number <= value[1].as_f64().unwrap()
            }),
            "contains_json" => self.contains(&body, value),
            _ => value.as_object().unwrap().iter().all(|(key, kind)| match text(kind) {
                "number" => body[key].is_number(),
                _ => body[key].is_string(),
            }),
        };
        holds(good, || body.to_string())
    }

    /// The value has at least what is expected; an empty map is an empty map.
    fn contains(&self, value: &Value, expected: &Value) -> bool {
        match expected {
            Value::Object(expected) if !expected.is_empty() => {
                expected.iter().all(|(key, expected)| {
                    value.get(key).is_some_and(|it| self.contains(it, expected))
                })
            }
            Value::String(expected) => {
                let id = self.answer().header("x-invocation-id").unwrap_or_default();
                *value == expected.replace("{function}", self.function).replace("{id}", id)
            }
            expected => value == expected,
        }
    }

    fn headers(&self, value: &Value) -> Checked {
        for (name, expected) in value.as_object().unwrap() {
            let headers = self.answer().headers.iter();
            let found: Vec<&str> = headers
                .filter(|(header, _)| header.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.as_str())
                .collect();
            let expected: Vec<&str> = texts(expected).collect();
            holds(found == expected, || format!("{name}: {found:?}"))?;
        }
        Ok(())
    }

    fn broken(&self, value: &Value) -> Checked {
        let listed = self.host.listed(self.function).unwrap_or_default();
        let reason = listed["reason"].as_str().unwrap_or_default();
        holds(listed["state"] == "broken", || listed.to_string())?;
        contains_all(reason, value)
    }
}

fn holds(good: bool, was: impl FnOnce() -> String) -> Checked {
    if good { Ok(()) } else { Err(was()) }
}

fn one_of(expected: &Value, was: &Value) -> Checked {
    let good = match expected {
        Value::Array(several) => several.contains(was),
        one => one == was,
    };
    holds(good, || was.to_string())
}

fn contains_all(whole: &str, parts: &Value) -> Checked {
    holds(texts(parts).all(|part| whole.contains(part)), || whole.to_owned())
}

/// A text, or the texts of a list.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let several = value.as_array().map(Vec::as_slice).unwrap_or(std::slice::from_ref(value));
    several.iter().map(text)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text but {value}"))
}

fn short(text: &str) -> String {
    text.chars().take(600).collect()
}
