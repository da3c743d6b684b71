//! Takes the keys of one JSON object, checks each, and knows at the end which ones nobody asked for.

use super::problems::{Problems, short, shown};
use crate::values::{format_duration, nearest, parse_duration, parse_size};
use serde_json::{Map, Value};
use std::ops::RangeInclusive;
use std::time::Duration;

/// A longer key is no misspelling, and measuring its distance would cost.
const LONGEST_MISSPELLING: usize = 64;

/// An object that is being read. A key is known by being asked for: no list of keys can go stale.
#[derive(Debug)]
pub(super) struct Fields<'p> {
    prefix: String,
    values: Map<String, Value>,
    asked: Vec<&'static str>,
    pub(super) problems: &'p Problems,
}

impl<'p> Fields<'p> {
    pub(super) fn new(prefix: &str, values: Map<String, Value>, problems: &'p Problems) -> Self {
        Self { prefix: prefix.to_owned(), values, asked: Vec::new(), problems }
    }

    /// The key as a reason names it: `limits.memory`.
    pub(super) fn path(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    pub(super) fn problem(&self, key: &str, text: &str) {
        self.problems.add(&self.path(key), || text);
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// The value, if there is one.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Value> {
        self.asked.push(key);
        let value = self.values.remove(key)?;
        if value.is_null() {
            self.problem(key, "is null: leave the key out instead");
            return None;
        }
        Some(value)
    }

    /// The value as `read` makes it, or a problem that says what it `must be`.
    pub(super) fn typed<T>(
        &mut self,
        key: &'static str,
        must_be: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.take(key)?;
        let typed = read(&value);
        if typed.is_none() {
            self.problem(key, &format!("is {}: it must be {must_be}", shown(&value)));
        }
        typed
    }

    /// A text that a process can be given: not empty, no NUL.
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        self.typed(key, "a text that is not empty", |value| usable_text(value, 1))
    }

    pub(super) fn boolean(&mut self, key: &'static str) -> Option<bool> {
        self.typed(key, "true or false", Value::as_bool)
    }

    pub(super) fn whole(&mut self, key: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        let must_be = format!("a whole number from {} to {}", range.start(), range.end());
        self.typed(key, &must_be, |value| value.as_u64().filter(|number| range.contains(number)))
    }

    pub(super) fn positive(&mut self, key: &'static str, most: f64) -> Option<f64> {
        let must_be = format!("a number above 0, at most {most}");
        self.typed(key, &must_be, |value| {
            value.as_f64().filter(|number| *number > 0.0 && *number <= most)
        })
    }

    /// Texts, each usable; an empty array is one.
    pub(super) fn texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        self.typed(key, "an array of texts that are not empty", |value| {
            value.as_array()?.iter().map(|item| usable_text(item, 1)).collect()
        })
    }

    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        known: &[(&'static str, T)],
    ) -> Option<T> {
        let names = || known.iter().map(|(name, _)| *name);
        let value = self.take(key)?;
        let found = known.iter().find(|(name, _)| value.as_str() == Some(name));
        if found.is_none() {
            let hint = did_you_mean(value.as_str().unwrap_or_default(), names());
            let all = names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            self.problem(key, &format!("is {}: it must be one of {all}{hint}", shown(&value)));
        }
        found.map(|(_, choice)| *choice)
    }

    pub(super) fn duration(
        &mut self,
        key: &'static str,
        range: RangeInclusive<Duration>,
    ) -> Option<Duration> {
        let text = self.typed(key, "a duration such as \"30s\"", |value| usable_text(value, 1))?;
        match parse_duration(&short(&text)) {
            Err(error) => self.problem(key, &error),
            Ok(duration) if range.contains(&duration) => return Some(duration),
            Ok(_) => {
                let (least, most) =
                    (format_duration(*range.start()), format_duration(*range.end()));
                self.problem(key, &format!("is {text:?}: it must be from {least} to {most}"));
            }
        }
        None
    }

    /// Bytes, as a number or as a text with a unit.
    pub(super) fn size(&mut self, key: &'static str, least: u64) -> Option<u64> {
        let value = self.take(key)?;
        let parsed = match &value {
            Value::String(text) => parse_size(&short(text)),
            Value::Number(number) if number.is_u64() => parse_size(&number.to_string()),
            _ => Err(format!("is {}: it must be a size such as \"256MiB\"", shown(&value))),
        };
        match parsed {
            Err(error) => self.problem(key, &error),
            Ok(bytes) if bytes >= least => return Some(bytes),
            Ok(_) => {
                self.problem(key, &format!("is {}: it must be at least {least}", shown(&value)));
            }
        }
        None
    }

    pub(super) fn object(&mut self, key: &'static str) -> Option<Fields<'p>> {
        match self.take(key)? {
            Value::Object(values) => {
                Some(Self::new(&format!("{}.", self.path(key)), values, self.problems))
            }
            other => {
                self.problem(key, &format!("is {}: it must be an object", shown(&other)));
                None
            }
        }
    }

    /// Reports the keys that nobody asked for.
    pub(super) fn finish(self) {
        for key in self.values.keys() {
            self.problems.add(&self.path(key), || {
                format!("unknown key{}", did_you_mean(key, self.asked.iter().copied()))
            });
        }
    }

    /// What is left, for an object whose keys are the user's own.
    pub(super) fn into_values(self) -> Map<String, Value> {
        self.values
    }
}

/// A hint that follows a complaint, or nothing.
pub(super) fn did_you_mean<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let misspelling = (wanted.len() <= LONGEST_MISSPELLING).then_some(wanted);
    match misspelling.and_then(|wanted| nearest(wanted, known)) {
        Some(name) => format!("; did you mean `{name}`?"),
        None => String::new(),
    }
}

/// A text of at least `least` bytes that fits into an argument or a variable of a process: without NUL.
pub(super) fn usable_text(value: &Value, least: usize) -> Option<String> {
    let text = value.as_str()?;
    (text.len() >= least && !text.contains('\0')).then(|| text.to_owned())
}
