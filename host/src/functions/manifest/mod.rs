//! `run.json`: what a function says of itself, checked, with the host's defaults filled in.

mod accept;
mod defaults;
mod environment;
mod fields;
mod json;
mod kind;
mod load;
mod policies;
mod problems;
mod read;
mod runner_json;
#[cfg(test)]
mod tests;

pub(crate) use defaults::Defaults;
pub(crate) use load::load_manifest;
pub(super) use load::read_bounded;
pub(crate) use policies::{Limits, Mode};

use crate::config::LogPolicy;
use accept::Accept;
use environment::Environment;
use http::Method;
use policies::{Allow, Retry, Scaling, Schedule};
use std::time::Duration;

/// A checked manifest. Two equal ones prepare the same function.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Manifest {
    /// `type`.
    pub(crate) kind: String,
    /// Empty where it does not matter and nothing tells it.
    pub(crate) language: String,
    pub(crate) methods: Box<[Method]>,
    /// The methods as the header `Allow` lists them.
    pub(crate) allow_header: String,
    pub(crate) accept: Accept,
    pub(crate) timeout: Duration,
    /// Most invocations at once.
    pub(crate) concurrency: usize,
    /// How long an invocation beyond `concurrency` waits.
    pub(crate) max_wait: Duration,
    pub(crate) scaling: Scaling,
    pub(crate) limits: Limits,
    pub(crate) response: Response,
    pub(crate) input: Input,
    /// The handler receives text: a body that is none is the caller's mistake.
    pub(crate) takes_text: bool,
    pub(crate) log: LogPolicy,
    /// `async`.
    pub(crate) retry: Retry,
    pub(crate) schedule: Box<[Schedule]>,
    /// Whether a 202 from the handler hands the end of the call over (`completion`).
    pub(crate) completion: Option<&'static str>,
    for_runner: ForRunner,
}

/// What the host only checks and hands on.
#[derive(Debug, Clone, PartialEq)]
struct ForRunner {
    command: Option<String>,
    arguments: Vec<String>,
    environment: Environment,
    handler: Option<String>,
    signature: &'static str,
    event: &'static str,
    isolation: &'static str,
    placement: Option<&'static str>,
    thread_safe: bool,
    build: &'static str,
    image: Option<String>,
    group: Option<String>,
    allow: Option<Box<Allow>>,
}

/// How the output becomes an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Response {
    /// Whole, when the invocation has ended.
    Buffered,
    /// As it comes.
    Stream,
    /// The program prints CGI headers first.
    Cgi,
}

/// What the handler receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    /// Text; a body that is not UTF-8 is the caller's mistake.
    Text,
    /// The body as it came.
    Bytes,
}

/// Why there is no manifest, and what is known all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Everything that is wrong, on one line.
    pub(crate) reason: String,
    /// `type`, where it could be read.
    pub(crate) kind: Option<String>,
    /// `language`, where it could be read.
    pub(crate) language: Option<String>,
    /// The type's runner is off, which is the operator's will: no earlier generation serves on.
    pub(crate) not_enabled: bool,
}

impl Refusal {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), kind: None, language: None, not_enabled: false }
    }
}
