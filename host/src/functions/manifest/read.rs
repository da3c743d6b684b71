//! From the bytes of `run.json` to a [`Manifest`], or to everything that is wrong with them.

use super::fields::Fields;
use super::kind::{CommandLine, check_enabled, read_kind, read_language};
use super::policies::{MOST_AT_ONCE, UP_TO_A_DAY, at_once};
use super::problems::{Problems, short};
use super::{
    Accept, Allow, Defaults, Environment, ForRunner, Input, Limits, Manifest, Refusal, Response,
    Retry, Scaling, Schedule, json,
};
use crate::config::LogPolicy;
use http::Method;
use std::path::Path;
use std::time::Duration;

/// Types whose code is a handler that a launcher, a stub or the host calls.
const HANDLERS: &[&str] = &["interpreted", "compiled", "native", "embedded", "container"];
/// Types whose invocations are served by workers that outlive them.
const WITH_WORKERS: &[&str] = &["interpreted", "compiled", "embedded", "container"];
/// Keys that make sense for some types only. A type that is not the contract's may use them all.
const KEYS_OF_TYPES: [(&str, &[&str]); 11] = [
    ("handler", HANDLERS),
    ("signature", HANDLERS),
    ("event", HANDLERS),
    ("input", HANDLERS),
    ("isolation", &["native"]),
    ("placement", &["native"]),
    ("thread_safe", &["native"]),
    ("image", &["container"]),
    ("group", &["container"]),
    ("build", &["compiled", "container"]),
    (
        "allow",
        &["executable", "launched", "interpreted", "compiled", "native", "wasm", "container"],
    ),
];

impl Manifest {
    /// Checks the bytes of a `run.json` in `folder`.
    ///
    /// # Errors
    /// Everything that is wrong, in one reason.
    pub(super) fn parse(bytes: &[u8], folder: &Path, defaults: &Defaults) -> Result<Self, Refusal> {
        let problems = Problems::default();
        let object = json::read_object(bytes, &problems)
            .map_err(|error| Refusal::new(format!("run.json {error}")))?;
        let mut fields = Fields::new("", object, &problems);
        let mut line = CommandLine::read(&mut fields);
        let kind = read_kind(&mut fields, &line, folder, defaults);
        let language = read_language(&mut fields, kind.as_deref(), &line);
        if let Some(kind) = &kind {
            reject_keys_of_other_types(&mut fields, kind);
            line.complete(kind, &language, folder, &fields, defaults);
        }
        // Without a known type the rest is read all the same, so that its problems are reported too.
        let read = read(&mut fields, kind.as_deref().unwrap_or_default(), line, defaults);
        fields.finish();
        let known = |mut refusal: Refusal| {
            refusal.kind = kind.clone();
            refusal.language = (!language.is_empty()).then(|| language.clone());
            refusal
        };
        if !problems.is_empty() {
            return Err(known(Refusal::new(problems.reason())));
        }
        check_enabled(&read.kind, defaults).map_err(known)?;
        Ok(Self { language, ..read })
    }
}

fn read(fields: &mut Fields<'_>, kind: &str, line: CommandLine, defaults: &Defaults) -> Manifest {
    let for_runner = read_for_runner(fields, kind, line, defaults);
    let has_workers = WITH_WORKERS.contains(&kind) || for_runner.isolation == "process";
    let (scaling, max_counts) = Scaling::read(fields, has_workers, defaults);
    let usual = if max_counts { scaling.max } else { defaults.concurrency };
    let methods = read_methods(fields);
    let input = fields.choice("input", &[("text", Input::Text), ("bytes", Input::Bytes)]);
    let input = input.unwrap_or(Input::Text);
    Manifest {
        kind: kind.to_owned(),
        language: String::new(),
        allow_header: methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", "),
        methods,
        accept: Accept::read(fields),
        timeout: fields.duration("timeout", UP_TO_A_DAY).unwrap_or(defaults.timeout),
        concurrency: fields.whole("concurrency", 1..=MOST_AT_ONCE).map_or(usual, at_once),
        max_wait: fields
            .duration("max_wait", Duration::ZERO..=*UP_TO_A_DAY.end())
            .unwrap_or(defaults.max_wait),
        scaling,
        limits: Limits::read(fields, defaults),
        response: read_response(fields, kind),
        input,
        // Handlers of other platforms get any body, and make of it what their platform does.
        takes_text: HANDLERS.contains(&kind)
            && input == Input::Text
            && for_runner.signature == "shortedfaas",
        log: fields
            .choice(
                "log",
                &[("none", LogPolicy::None), ("meta", LogPolicy::Meta), ("full", LogPolicy::Full)],
            )
            .unwrap_or(defaults.log),
        retry: Retry::read(fields),
        schedule: Schedule::read_all(fields),
        completion: named(fields, "completion", &["token"]),
        for_runner,
    }
}

fn read_for_runner(
    fields: &mut Fields<'_>,
    kind: &str,
    line: CommandLine,
    defaults: &Defaults,
) -> ForRunner {
    let signatures = ["shortedfaas", "aws", "azure", "google", "google-event"];
    let signature = named(fields, "signature", &signatures).unwrap_or("shortedfaas");
    if fields.has("event") && signature != "aws" {
        fields.problem(
            "event",
            "only means something with `signature` \"aws\": add that, or leave it out",
        );
    }
    let isolation = named(fields, "isolation", &["none", "process"]).unwrap_or("none");
    if kind == "native" && isolation == "none" && fields.has("allow") {
        fields.problem("allow", "cannot bind code inside the host: add `isolation` \"process\"");
    }
    ForRunner {
        command: line.command,
        arguments: line.arguments,
        environment: Environment::read(fields, defaults),
        handler: fields.text("handler"),
        signature,
        event: named(fields, "event", &["json", "http"]).unwrap_or("json"),
        isolation,
        placement: named(fields, "placement", &["inline", "pool"]),
        thread_safe: fields.boolean("thread_safe").unwrap_or(true),
        build: named(fields, "build", &["manual", "auto"]).unwrap_or("manual"),
        image: fields.text("image"),
        group: fields.text("group"),
        allow: Allow::read(fields),
    }
}

fn named(
    fields: &mut Fields<'_>,
    key: &'static str,
    names: &[&'static str],
) -> Option<&'static str> {
    let choices: Vec<_> = names.iter().map(|name| (*name, *name)).collect();
    fields.choice(key, &choices)
}

fn reject_keys_of_other_types(fields: &mut Fields<'_>, kind: &str) {
    // A type of somebody else's runner: only that runner knows what it needs.
    if !super::kind::KINDS.iter().any(|(known, _)| *known == kind) {
        return;
    }
    for (key, kinds) in KEYS_OF_TYPES {
        if !kinds.contains(&kind) && fields.take(key).is_some() {
            let others =
                kinds.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(", ");
            fields.problem(
                key,
                &format!("means nothing for type `{kind}`, only for {others}: leave it out"),
            );
        }
    }
}

fn read_methods(fields: &mut Fields<'_>) -> Box<[Method]> {
    let Some(names) = fields.texts("methods") else { return Box::new([Method::POST]) };
    if names.is_empty() {
        fields.problem("methods", "is empty: name one such as \"POST\"");
    }
    let mut methods = Vec::with_capacity(names.len());
    for name in names {
        match Method::from_bytes(name.to_ascii_uppercase().as_bytes()) {
            Ok(method) if !methods.contains(&method) => methods.push(method),
            Ok(_) => {}
            Err(_) => {
                fields.problem("methods", &format!("{:?} is no HTTP method", short(&name)));
            }
        }
    }
    methods.into()
}

fn read_response(fields: &mut Fields<'_>, kind: &str) -> Response {
    let response = fields.choice(
        "response",
        &[("buffered", Response::Buffered), ("stream", Response::Stream), ("cgi", Response::Cgi)],
    );
    if response == Some(Response::Cgi) && (HANDLERS.contains(&kind) || kind == "wasm") {
        fields.problem(
            "response",
            "is \"cgi\", which only programs can print: use \"buffered\" or \"stream\"",
        );
    }
    response.unwrap_or(Response::Buffered)
}
