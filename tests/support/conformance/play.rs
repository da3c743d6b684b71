//! Calls the functions of a case one after the other.

use super::check::complaints;
use super::deploy::Unit;
use super::{Body, Mode, Request, filled};
use crate::support::{Answer, Connection, Host};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// So many are played at once: most of them wait, for a start or for the end of a time.
const PLAYERS: usize = 6;

/// Plays all of them and gives everything that was not as it should be.
pub(crate) fn play(host: &Host, units: &[Unit<'_>]) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let player = || {
        let mut failures = Vec::new();
        while let Some(unit) = units.get(next.fetch_add(1, Ordering::Relaxed)) {
            failures.extend(failures_of(host, unit));
        }
        failures
    };
    std::thread::scope(|scope| {
        let players: Vec<_> = (0..PLAYERS).map(|_| scope.spawn(player)).collect();
        players.into_iter().flat_map(|player| player.join().unwrap()).collect()
    })
}

fn failures_of(host: &Host, unit: &Unit<'_>) -> Vec<String> {
    let played = catch_unwind(AssertUnwindSafe(|| play_one(host, unit)));
    let failures = played.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        vec![text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()]
    });
    failures.into_iter().map(|failure| format!("{}: {failure}", unit.function)).collect()
}

/// An answer and what it took.
pub(super) struct Played {
    pub(super) answer: Answer,
    pub(super) took: Duration,
}

fn play_one(host: &Host, unit: &Unit<'_>) -> Vec<String> {
    let case = unit.case;
    let more = match unit.mode {
        Mode::Cold => &case.expect_cold,
        Mode::Warm => &case.expect_warm,
    };
    let first: Map<String, Value> = case.expect.iter().chain(more).map(owned).collect();
    let first = (&case.request, &first);
    let rest = case.then.iter().map(|then| (&then.request, &then.expect));
    let mut failures = Vec::new();
    for (number, (request, expect)) in std::iter::once(first).chain(rest).enumerate() {
        let started = Instant::now();
        let answer = match send(host, &unit.function, request) {
            Ok(answer) => answer,
            Err(error) => {
                failures.push(format!("call {}: {error}", number + 1));
                continue;
            }
        };
        let played = Played { answer, took: started.elapsed() };
        let found = complaints(host, &unit.function, &played, expect);
        failures.extend(found.into_iter().map(|found| format!("call {}: {found}", number + 1)));
    }
    failures
}

fn owned((key, value): (&String, &Value)) -> (String, Value) {
    (key.clone(), value.clone())
}

fn send(host: &Host, function: &str, request: &Request) -> std::io::Result<Answer> {
    let method = request.method.as_deref().unwrap_or("POST");
    let mut path = format!("/f/{function}{}", request.path);
    if !request.query.is_empty() {
        path = format!("{path}?{}", request.query);
    }
    if let Some(Body::Filled { size, only_announced: true, .. }) = &request.body {
        let mut connection = Connection::open(host.address)?;
        connection.write(format!(
            "{method} {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {size}\r\n\r\n"
        ))?;
        return connection.read_answer(method);
    }
    let headers = request.headers.iter();
    let call =
        headers.fold(host.request(method, &path), |call, (name, value)| call.header(name, value));
    call.body(bytes(request.body.as_ref())).try_send()
}

fn bytes(body: Option<&Body>) -> Vec<u8> {
    match body {
        None => Vec::new(),
        Some(Body::Text(text)) => text.clone().into_bytes(),
        Some(Body::Bytes { base64 }) => BASE64_STANDARD.decode(base64).unwrap(),
        Some(Body::Filled { size, fill, .. }) => filled(*size, fill),
    }
}
