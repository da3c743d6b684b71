//! The one map from what an invocation ended as to HTTP.

use super::body::ResponseBody;
use super::connection::Open;
use crate::invocation::{InvocationId, Rejection};
use crate::pipeline::{Answer, AnswerBody, Timings};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use std::time::Duration;

const INVOCATION_ID: HeaderName = HeaderName::from_static("x-invocation-id");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Headers that belong to the connection or to the host: a function cannot set them.
static OURS: [HeaderName; 10] = [
    INVOCATION_ID,
    SERVER_TIMING,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::TRAILER,
    header::TE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// An answer as a response.
pub(super) fn respond(answer: Answer, id: &InvocationId, open: Open) -> Response<ResponseBody> {
    let Answer { status, headers, body, timings } = answer;
    let mut response = match body {
        AnswerBody::Empty => Response::new(ResponseBody::Whole(Bytes::new())),
        AnswerBody::Whole(_) if has_no_body(status) => {
            Response::new(ResponseBody::Whole(Bytes::new()))
        }
        AnswerBody::Whole(bytes) => Response::new(ResponseBody::Whole(bytes)),
        AnswerBody::Stream(stream) => Response::new(ResponseBody::Stream(stream, open)),
        AnswerBody::Problem(rejection) => problem(&rejection, Some(id)),
    };
    *response.status_mut() = status;
    for (name, value) in headers {
        if !OURS.contains(&name) {
            response.headers_mut().append(name, value);
        }
    }
    mark(response.headers_mut(), id, timings);
    response
}

/// The headers that every answer to an invocation carries.
fn mark(headers: &mut HeaderMap, id: &InvocationId, timings: Timings) {
    if let Ok(value) = HeaderValue::from_bytes(id.as_bytes()) {
        headers.insert(INVOCATION_ID, value);
    }
    if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(server_timing(timings))) {
        headers.insert(SERVER_TIMING, value);
    }
}

/// How long an answer that is no invocation's took.
pub(super) fn time_whole(headers: &mut HeaderMap, duration: Duration) {
    let mut text = b"total;dur=".to_vec();
    push_millis(&mut text, duration);
    headers.extend(
        HeaderValue::from_maybe_shared(Bytes::from(text)).ok().map(|value| (SERVER_TIMING, value)),
    );
}

fn has_no_body(status: StatusCode) -> bool {
    status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED
        || status == StatusCode::RESET_CONTENT
}

/// A refusal as a problem document (RFC 9457) with the headers that its status asks for.
pub(super) fn problem(rejection: &Rejection, id: Option<&InvocationId>) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::Whole(document(rejection, id).into()));
    *response.status_mut() = rejection.status();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, PROBLEM);
    let text = |text: &str| HeaderValue::from_str(text).ok();
    match rejection {
        Rejection::Unauthorized { challenge } => {
            headers.extend(text(challenge).map(|value| (header::WWW_AUTHENTICATE, value)));
        }
        Rejection::MethodNotAllowed { allow, .. } => {
            headers.extend(text(allow).map(|value| (header::ALLOW, value)));
        }
        _ => {}
    }
    if let Some(after) = rejection.retry_after() {
        let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    }
    if let Some(id) = id {
        headers.extend(
            HeaderValue::from_bytes(id.as_bytes()).ok().map(|value| (INVOCATION_ID, value)),
        );
    }
    response
}

/// The problem document itself.
pub(super) fn document(rejection: &Rejection, id: Option<&InvocationId>) -> String {
    let status = rejection.status();
    let mut document = serde_json::json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or("Error"),
        "status": status.as_u16(),
        "detail": rejection.detail(),
        "component": rejection.component().name(),
    });
    if let Some(id) = id {
        document["invocation_id"] = id.as_str().into();
    }
    document.to_string()
}

/// `queue;dur=0.021, start;dur=0.000, run;dur=1.250`, in milliseconds.
fn server_timing(timings: Timings) -> Vec<u8> {
    let mut text = Vec::with_capacity(64);
    let parts = [
        ("queue;dur=", timings.queue),
        (", start;dur=", timings.start),
        (", run;dur=", timings.run),
    ];
    for (label, duration) in parts {
        text.extend_from_slice(label.as_bytes());
        push_millis(&mut text, duration);
    }
    text
}

/// Milliseconds with three decimals. Done by hand: formatting floats would cost more than the rest of the response's head.
fn push_millis(text: &mut Vec<u8>, duration: Duration) {
    let micros = duration.as_micros();
    let mut digits = [b'0'; 24];
    let mut rest = micros / 1000;
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        if rest == 0 || at == 0 {
            break;
        }
    }
    text.extend_from_slice(&digits[at..]);
    let decimals = u16::try_from(micros % 1000).unwrap_or(0);
    let digit = |value: u16| b'0' + u8::try_from(value % 10).unwrap_or(0);
    text.extend_from_slice(&[b'.', digit(decimals / 100), digit(decimals / 10), digit(decimals)]);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn timings_are_milliseconds_with_three_decimals() {
        let micros = Duration::from_micros;
        let timings = Timings { queue: micros(21), start: micros(0), run: micros(12_345_678) };
        let text = String::from_utf8(server_timing(timings)).unwrap();
        assert_eq!(text, "queue;dur=0.021, start;dur=0.000, run;dur=12345.678");
    }

    #[test]
    fn a_function_cannot_set_headers_of_the_connection() {
        let id = InvocationId::new(std::time::SystemTime::now());
        let header =
            |name: &'static str| (HeaderName::from_static(name), HeaderValue::from_static("x"));
        let answer = Answer {
            status: StatusCode::OK,
            headers: vec![header("connection"), header("x-own"), header("x-invocation-id")],
            body: AnswerBody::Whole(Bytes::from_static(b"y")),
            timings: Timings::default(),
        };
        let response = respond(answer, &id, Open::of_nobody());
        assert_eq!(response.headers()["x-own"], "x");
        assert_eq!(response.headers()["x-invocation-id"], id.as_str());
        assert!(!response.headers().contains_key("connection"));
    }

    #[test]
    fn refusals_say_when_to_come_back_and_whose_fault_it_is() {
        let rejection = Rejection::AtLimit { concurrency: 1, waited: Duration::from_secs(1) };
        let response = problem(&rejection, None);
        assert_eq!(response.headers()["retry-after"], "1");
        let document: serde_json::Value =
            serde_json::from_str(&document(&rejection, None)).unwrap();
        assert_eq!(document["component"], "function");
        assert_eq!(document["status"], 429);
    }
}
