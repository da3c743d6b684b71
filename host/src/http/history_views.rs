//! `/history` and `/history/{id}` as JSON.

use crate::app::App;
use crate::history::{Details, Filter, Kept, Record};
use crate::invocation::{InvocationId, Outcome};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How many records a page has when nobody says.
const PAGE: usize = 100;

/// The query of `/history`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    function: Option<String>,
    outcome: Option<String>,
    limit: Option<usize>,
    before: Option<String>,
}

impl Question {
    /// What is asked for, or what in the question cannot be understood.
    pub(super) fn filter(self) -> Result<Filter, String> {
        let outcome = match self.outcome {
            None => None,
            Some(name) => Some(Outcome::parse(&name).ok_or_else(|| {
                let known: Vec<_> = Outcome::ALL.iter().map(|outcome| outcome.name()).collect();
                format!("outcome `{name}` is none of {}", known.join(", "))
            })?),
        };
        let before = match self.before {
            None => None,
            Some(id) => Some(
                InvocationId::parse(&id)
                    .ok_or_else(|| format!("before `{id}` is not an invocation id"))?,
            ),
        };
        Ok(Filter { function: self.function, outcome, before, limit: self.limit.unwrap_or(PAGE) })
    }
}

/// A page of the history.
pub(super) fn page(app: &App, filter: &Filter) -> Value {
    let page = app.history.page(filter);
    json!({
        "invocations": page.records.iter().map(summary).collect::<Vec<_>>(),
        "next": page.next.map(|id| id.to_string()),
    })
}

fn summary(record: &Record) -> Value {
    json!({
        "id": record.id.as_str(),
        "function": &*record.function,
        "started": rfc3339(record.started),
        "duration_ms": millis(record.duration),
        "status": record.status,
        "outcome": record.outcome.name(),
        "exit_code": record.exit_code,
        "start": record.cold.map(|cold| if cold { "cold" } else { "warm" }),
        "trigger": record.trigger.name(),
        "identity": record.identity.as_deref(),
    })
}

/// All that is known of one invocation.
pub(super) fn detail(record: &Record) -> Value {
    let mut value = summary(record);
    value["error"] = if record.error.is_empty() { Value::Null } else { (*record.error).into() };
    value["timings_ms"] = json!({
        "queue": millis(record.queue), "start": millis(record.start), "run": millis(record.run),
    });
    value["resources"] = json!({
        "cpu_ms": millis(record.cpu), "max_rss_bytes": record.max_rss_bytes,
    });
    let pieces = record.details.as_ref().map(Details::pieces);
    for (index, name) in ["input", "output", "stderr"].into_iter().enumerate() {
        put(&mut value, name, pieces.map(|pieces| pieces[index]));
    }
    value
}

/// Text as it is, other bytes in base64; null when the log policy keeps none.
fn put(value: &mut Value, name: &str, piece: Option<Kept<'_>>) {
    value[format!("{name}_truncated")] = piece.is_some_and(|piece| piece.truncated).into();
    let Some(piece) = piece else {
        value[name] = Value::Null;
        return;
    };
    match std::str::from_utf8(text_part(&piece)) {
        Ok(text) => value[name] = text.into(),
        Err(_) => {
            value[name] = base64(piece.bytes).into();
            value[format!("{name}_encoding")] = "base64".into();
        }
    }
}

/// The bytes without a last character that the limit has cut in two.
fn text_part<'a>(piece: &Kept<'a>) -> &'a [u8] {
    match std::str::from_utf8(piece.bytes) {
        Err(error) if piece.truncated && error.error_len().is_none() => {
            &piece.bytes[..error.valid_up_to()]
        }
        _ => piece.bytes,
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Milliseconds with three decimals.
fn millis(duration: Duration) -> f64 {
    let micros = u32::try_from(duration.as_micros()).map_or(duration.as_micros() as f64, f64::from);
    micros / 1000.0
}

/// A moment as RFC 3339 in UTC, to the microsecond.
pub(super) fn rfc3339(moment: SystemTime) -> String {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    humantime::format_rfc3339_micros(UNIX_EPOCH + since).to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn check(bytes: &'static [u8], truncated: bool, expected: Value) {
        let mut value = json!({});
        put(&mut value, "x", Some(Kept { bytes, truncated }));
        assert_eq!(value, expected);
    }

    #[test]
    fn text_is_shown_as_it_is_and_other_bytes_in_base64() {
        check(b"hi", false, json!({"x": "hi", "x_truncated": false}));
        check(
            b"\xff\x00",
            false,
            json!({"x": "/wA=", "x_encoding": "base64", "x_truncated": false}),
        );
        check("é".as_bytes(), false, json!({"x": "é", "x_truncated": false}));
        check(b"a\xc3", true, json!({"x": "a", "x_truncated": true}));
    }

    #[test]
    fn moments_are_rfc_3339() {
        let moment = UNIX_EPOCH + Duration::from_micros(1_700_000_000_123_456);
        assert_eq!(rfc3339(moment), "2023-11-14T22:13:20.123456Z");
    }

    #[test]
    fn odd_questions_are_refused_with_what_is_known() {
        let question = Question { outcome: Some("x".into()), ..Question::default() };
        assert!(question.filter().unwrap_err().contains("timed_out"));
        let question = Question { before: Some("x".into()), ..Question::default() };
        assert!(question.filter().is_err());
    }
}
