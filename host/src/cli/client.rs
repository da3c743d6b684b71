//! `list`, `invoke` and `logs`: a running host, asked over HTTP.

use super::Failure;
use super::arguments::{InvokeArguments, ListArguments, LogsArguments, Target};
use crate::config::Environment;
use serde_json::Value;
use std::io::{IsTerminal, Read, Write};

/// The secret that the host itself is given; sent along when it is set here too.
const SECRET_VARIABLE: &str = "ShortedFaaS_SharedSecret";

type Answer = ureq::http::Response<ureq::Body>;

pub(super) fn list(arguments: &ListArguments) -> Result<(), Failure> {
    let Some(answer) = get(&arguments.target, "/list")? else { return Ok(()) };
    for function in answer["functions"].as_array().into_iter().flatten() {
        let text = |key: &str| function[key].as_str().unwrap_or("-");
        let note = function["reason"].as_str().or(function["warning"].as_str()).unwrap_or_default();
        println!(
            "{:<24} {:<8} {:<12} {:<10} {note}",
            text("name"),
            text("state"),
            text("type"),
            text("language")
        );
    }
    Ok(())
}

pub(super) fn logs(arguments: &LogsArguments) -> Result<(), Failure> {
    let mut path = format!("/history?limit={}", arguments.limit);
    if let Some(name) = &arguments.name {
        let name = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
        path.push_str(&format!("&function={name}"));
    }
    let Some(answer) = get(&arguments.target, &path)? else { return Ok(()) };
    for invocation in answer["invocations"].as_array().into_iter().flatten() {
        let text = |key: &str| invocation[key].as_str().unwrap_or("-");
        println!(
            "{} {} {:<20} {} {:<10} {} ms",
            text("started"),
            text("id"),
            text("function"),
            invocation["status"],
            text("outcome"),
            invocation["duration_ms"]
        );
    }
    Ok(())
}

/// Prints the function's output; exit code 1 when the answer is not a success.
pub(super) fn invoke(arguments: &InvokeArguments) -> Result<(), Failure> {
    let name =
        percent_encoding::utf8_percent_encode(&arguments.name, percent_encoding::NON_ALPHANUMERIC);
    let url = format!("{}/f/{name}", arguments.target.url.trim_end_matches('/'));
    let mut body = Vec::new();
    match &arguments.data {
        Some(text) => body.extend_from_slice(text.as_bytes()),
        None if std::io::stdin().is_terminal() => {}
        None => {
            let read = std::io::stdin().read_to_end(&mut body);
            read.map_err(|error| Failure::Failed(format!("standard input: {error}")))?;
        }
    }
    let sent = authorised(agent().post(&url)).send(&body[..]);
    let answer = sent.map_err(|error| unreachable_host(&arguments.target, &error))?;
    let status = answer.status();
    let bytes = read_all(answer)?;
    let _ = std::io::stdout().write_all(&bytes);
    match status.is_success() {
        true => Ok(()),
        false => Err(Failure::Failed(format!(
            "the host answered {status}: `shortedfaas logs` has the invocation"
        ))),
    }
}

/// The JSON at a path; none when it has been printed already.
fn get(target: &Target, path: &str) -> Result<Option<Value>, Failure> {
    let url = format!("{}{path}", target.url.trim_end_matches('/'));
    let got = authorised(agent().get(&url)).call();
    let answer = got.map_err(|error| unreachable_host(target, &error))?;
    let status = answer.status();
    let bytes = read_all(answer)?;
    let text = String::from_utf8_lossy(&bytes);
    if !status.is_success() {
        return Err(Failure::Failed(format!("the host answered {status}: {text}")));
    }
    if target.json {
        println!("{text}");
        return Ok(None);
    }
    let value = serde_json::from_str(&text);
    value
        .map(Some)
        .map_err(|error| Failure::Failed(format!("the host's answer cannot be read: {error}")))
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

fn authorised<B>(request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
    match Environment::variable_of_process(SECRET_VARIABLE) {
        Some(secret) if !secret.is_empty() => {
            request.header("Authorization", format!("SharedSecret {secret}"))
        }
        _ => request,
    }
}

fn read_all(mut answer: Answer) -> Result<Vec<u8>, Failure> {
    let read = answer.body_mut().with_config().limit(u64::MAX).read_to_vec();
    read.map_err(|error| Failure::Failed(format!("the host's answer broke off: {error}")))
}

fn unreachable_host(target: &Target, error: &ureq::Error) -> Failure {
    Failure::Failed(format!(
        "no answer from {}: {error}; is the host running? name it with --url",
        target.url
    ))
}
