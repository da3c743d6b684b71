//! From what a worker answered to the reply of its invocation.

use crate::frame::kind;
use crate::function::Function;
use crate::slot::{Ended, Ending, Head};
use bytes::Bytes;
use plugin_api::{Body, End, Error, Outcome, Reply, Result, serde_json};
use processes::{exit_code, is_header_name, is_header_value, is_the_servers, killed_by, signal};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// So much is kept of what an error says of itself.
const ERROR_LIMIT_BYTES: usize = 64 << 10;

/// Status and headers as the handler wants them.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: Option<u16>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Header {
    code: Option<Value>,
    headers: Option<BTreeMap<String, Value>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Raised {
    r#type: String,
    message: String,
    trace: String,
}

/// What is wrong with an answer.
pub(crate) enum Wrong {
    /// With what the handler set.
    Handler(String),
    /// With the launcher.
    Launcher(String),
}

/// The reply of a call that has ended; its prints are the caller's business.
pub(crate) fn reply(function: &Function, ended: Ended, start: Duration) -> Result<Reply> {
    let Ended { ending, first, cpu, max_rss_bytes, .. } = ended;
    let end = End { cold: first, cpu, max_rss_bytes, ..End::default() };
    let end = End { start: if first { start } else { Duration::ZERO }, ..end };
    let (outcome, error) = match ending {
        Ending::Answered(head, body) => match answer(&head) {
            Ok(Answer { status, headers }) => {
                return Ok(Reply { status, headers, body: Body::from(body), end });
            }
            Err(Wrong::Handler(text)) => (Outcome::Failed, text),
            Err(Wrong::Launcher(text)) => (Outcome::BadProtocol, text),
        },
        ending => return Ok(Reply::ended(end_of(function, ending, end)?)),
    };
    Ok(Reply::ended(End { outcome, error, ..end }))
}

/// The end of a call that was not answered, or whose answer has been passed on.
pub(crate) fn end_of(function: &Function, ending: Ending, end: End) -> Result<End> {
    let mut exited = None;
    let (outcome, error) = match ending {
        Ending::Answered(..) => (Outcome::Succeeded, String::new()),
        Ending::Raised(header) => (Outcome::Failed, raised(&header)),
        Ending::TimedOut => (Outcome::TimedOut, timed_out(function)),
        Ending::TooMuch => {
            let limit = function.output_limit_bytes;
            (Outcome::Failed, format!("output larger than `limits.output`, {limit} bytes"))
        }
        Ending::Nonsense(text) => (Outcome::BadProtocol, format!("the worker {text}")),
        Ending::Silent => {
            (Outcome::BadProtocol, "the worker closed descriptor 4 and went on".to_owned())
        }
        Ending::Stopped => (Outcome::Cancelled, "stopped with its worker".to_owned()),
        Ending::Unstarted => return Err(crate::worker::unstarted()),
        Ending::Died(_, true) => (Outcome::Cancelled, "stopped: the host is ending".to_owned()),
        Ending::Died(exit, false) if exit.out_of_memory => {
            (Outcome::Crashed, "killed: over limits.memory".to_owned())
        }
        Ending::Died(exit, false) => match signal(exit.status) {
            Some(signal) => (Outcome::Crashed, killed_by(signal)),
            None => {
                exited = exit_code(exit.status);
                let code = exited.unwrap_or_default();
                (Outcome::Failed, format!("exited with code {code} instead of answering"))
            }
        },
    };
    Ok(End { outcome, error, exit_code: exited, ..end })
}

/// Reads the header of an answer.
pub(crate) fn answer(head: &Head) -> Result<Answer, Wrong> {
    let mut answer = Answer::default();
    if !head.header.is_empty() {
        let header: Header = object(&head.header)?;
        answer.status = header.code.filter(|code| !code.is_null()).map(status).transpose()?;
        for (name, value) in header.headers.unwrap_or_default() {
            add_header(&mut answer.headers, name, value)?;
        }
    }
    if !answer.headers.iter().any(|(name, _)| name == "content-type") {
        let content_type: &[u8] = match head.kind {
            kind::JSON => b"application/json",
            kind::BYTES => b"application/octet-stream",
            _ => b"text/plain; charset=utf-8",
        };
        answer.headers.push(("content-type".to_owned(), content_type.to_vec()));
    }
    Ok(answer)
}

/// Only of an object: a list would do for serde as well.
fn object(header: &[u8]) -> Result<Header, Wrong> {
    let wrong = |text: &dyn std::fmt::Display| {
        Wrong::Launcher(format!("the worker wrote a header that is no JSON object: {text}"))
    };
    if header.trim_ascii_start().first() != Some(&b'{') {
        return Err(wrong(&String::from_utf8_lossy(&header[..header.len().min(80)])));
    }
    serde_json::from_slice(header).map_err(|error| wrong(&error))
}

fn status(code: Value) -> Result<u16, Wrong> {
    let number = code.as_u64().and_then(|code| u16::try_from(code).ok());
    number.filter(|code| (200..=599).contains(code)).ok_or_else(|| {
        Wrong::Handler(format!("the handler set `code` to {code}: give a number from 200 to 599"))
    })
}

fn add_header(
    headers: &mut Vec<(String, Vec<u8>)>,
    name: String,
    value: Value,
) -> Result<(), Wrong> {
    let name = name.to_ascii_lowercase();
    if !is_header_name(name.as_bytes()) {
        let text = format!("the handler set a response header with a name that is none: `{name}`");
        return Err(Wrong::Handler(text));
    }
    let values = match value {
        Value::Array(values) => values,
        Value::Null => Vec::new(),
        value => vec![value],
    };
    for value in values {
        let value = match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        if !is_header_value(value.as_bytes()) {
            let text = format!(
                "the handler set the response header `{name}` to a value with a control character"
            );
            return Err(Wrong::Handler(text));
        }
        // About the connection: the server's business.
        if !is_the_servers(&name) {
            headers.push((name.clone(), value.into_bytes()));
        }
    }
    Ok(())
}

fn raised(header: &Bytes) -> String {
    let raised: Raised = serde_json::from_slice(header).unwrap_or_default();
    let Raised { r#type, message, trace } = raised;
    let mut text = match (r#type.is_empty(), message.is_empty()) {
        (false, false) => format!("{type}: {message}"),
        (false, true) => r#type,
        (true, false) => message,
        (true, true) => "the handler failed without a word".to_owned(),
    };
    if !trace.is_empty() {
        text.push('\n');
        text.push_str(&trace);
    }
    text.truncate(text.floor_char_boundary(ERROR_LIMIT_BYTES));
    text
}

/// For a call that is over before its worker is, or before it had one.
pub(crate) fn timed_out(function: &Function) -> String {
    format!("timed out; its `timeout` is {} ms", function.timeout_ms)
}

impl From<Wrong> for Error {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Handler(text) | Wrong::Launcher(text) => Self::plugin(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: u8, header: &str, expected: Result<&str, &str>) {
        let head = Head { kind, header: Bytes::copy_from_slice(header.as_bytes()) };
        let found = match answer(&head) {
            Ok(Answer { status, headers }) => {
                let headers = headers
                    .iter()
                    .map(|(name, value)| format!(" {name}={}", String::from_utf8_lossy(value)));
                Ok(format!("{}{}", status.unwrap_or(0), headers.collect::<String>()))
            }
            Err(Wrong::Handler(text) | Wrong::Launcher(text)) => Err(text),
        };
        match expected {
            Ok(expected) => assert_eq!(found.as_deref(), Ok(expected), "{header}"),
            Err(part) => {
                assert!(found.as_ref().is_err_and(|text| text.contains(part)), "{found:?}")
            }
        }
    }

    #[test]
    fn an_answer_without_a_header_has_the_content_type_of_its_frame() {
        check(b'T', "", Ok("0 content-type=text/plain; charset=utf-8"));
        check(b'J', "{}", Ok("0 content-type=application/json"));
        check(b'O', r#"{"code":null}"#, Ok("0 content-type=application/octet-stream"));
    }

    #[test]
    fn code_and_headers_are_taken_as_the_handler_set_them() {
        let header = r#"{"code":404,"headers":{"Content-Type":"a/b","set-cookie":["a","b"],"n":1,"none":null,"Content-Length":"9"},"x":1}"#;
        check(b'T', header, Ok("404 content-type=a/b n=1 set-cookie=a set-cookie=b"));
    }

    #[test]
    fn what_no_answer_can_have_fails_the_call() {
        check(b'T', r#"{"code":600}"#, Err("to 600"));
        check(b'T', r#"{"code":199}"#, Err("200 to 599"));
        check(b'T', r#"{"code":"ok"}"#, Err("\"ok\""));
        check(b'T', r#"{"headers":{"a b":"c"}}"#, Err("a name that is none"));
        check(b'T', r#"{"headers":{"a":"b\r\nc: d"}}"#, Err("control character"));
        check(b'T', "[", Err("no JSON object"));
    }

    #[test]
    fn an_error_is_told_with_its_type_and_trace() {
        let check = |header: &str, expected: &str| {
            assert_eq!(raised(&Bytes::copy_from_slice(header.as_bytes())), expected);
        };
        check(r#"{"type":"ValueError","message":"no","trace":"line 1"}"#, "ValueError: no\nline 1");
        check(r#"{"type":"SystemExit"}"#, "SystemExit");
        check("", "the handler failed without a word");
    }
}
