//! Collects everything that is wrong with a file, so that its author mends it in one go.

use serde_json::Value;
use std::cell::RefCell;
use std::fmt::Display;

/// More than these help nobody, and a hostile file could hold a hundred thousand.
const MOST_SHOWN: usize = 20;
/// Characters of a value that are shown: enough to find it.
const VALUE_CHARACTERS: usize = 64;

/// What was found so far. Collecting through a shared reference lets a nested object report beside its parent.
#[derive(Debug, Default)]
pub(super) struct Problems {
    shown: RefCell<Vec<String>>,
    more: RefCell<usize>,
}

impl Problems {
    /// Notes a problem of the key at `path`; the text is only made when it will be shown.
    pub(super) fn add<T: Display>(&self, path: &str, text: impl FnOnce() -> T) {
        let mut shown = self.shown.borrow_mut();
        if shown.len() < MOST_SHOWN {
            shown.push(format!("`{}`: {}", short(path), text()));
        } else {
            *self.more.borrow_mut() += 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.shown.borrow().is_empty()
    }

    /// One line with all of them.
    pub(super) fn reason(&self) -> String {
        let shown = self.shown.borrow().join("; ");
        match *self.more.borrow() {
            0 => format!("run.json: {shown}"),
            more => format!("run.json: {shown}; and {more} more problems"),
        }
    }
}

/// A value as it may appear in a reason: JSON, on one line, bounded.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{:?}", cut(text)),
        Value::Array(items) => format!("an array of {}", items.len()),
        Value::Object(members) => format!("an object of {}", members.len()),
        other => other.to_string(),
    }
}

/// A text as it may appear in a reason: bounded, control characters escaped.
pub(super) fn short(text: &str) -> String {
    let start = cut(text);
    if start.contains(char::is_control) { start.escape_debug().to_string() } else { start }
}

fn cut(text: &str) -> String {
    let mut characters = text.chars();
    let mut start: String = characters.by_ref().take(VALUE_CHARACTERS).collect();
    if characters.next().is_some() {
        start.push('…');
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_reason_is_bounded_however_much_is_wrong() {
        let problems = Problems::default();
        for number in 0..10_000 {
            problems.add(&format!("key{number}"), || "unknown");
        }
        let reason = problems.reason();
        assert!(reason.ends_with("; and 9980 more problems"), "{reason}");
        assert!(reason.len() < 1000, "{reason}");
    }

    #[test]
    fn a_value_is_shown_on_one_line_and_cut() {
        let check = |value: Value, expected: &str| assert_eq!(shown(&value), expected);
        check(json!("a"), "\"a\"");
        check(json!(30), "30");
        check(json!([1, 2]), "an array of 2");
        check(json!({}), "an object of 0");
        check(json!("a\nb"), "\"a\\nb\"");
        assert_eq!(short("a\nb"), "a\\nb");
        assert_eq!(short(&"x".repeat(100)).chars().count(), VALUE_CHARACTERS + 1);
    }
}
