//! The host's own sections: which keys they have, what each may be, and their defaults.

use super::defaults;
use super::given::{Given, within};
use super::reader::Reader;
use super::settings::{
    Auth, Deploy, FunctionDefaults, History, Limits, Log, LogFormat, LogPolicy, Server, cores,
};
use crate::values::{format_duration, format_size, nearest};
use std::path::Path;
use std::time::Duration;
use tracing_subscriber::filter::Targets;

/// Longer is no time limit any more, only a call that nobody will ever see the end of.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// Below this, hyper cannot read a request at all.
const LEAST_HEADER_BYTES: u64 = 8 * 1024;

/// Headers are held in memory for every connection.
const MOST_HEADER_BYTES: u64 = 16 << 20;

/// Counts beyond this are typing errors.
const MOST: u64 = 1_000_000_000;

pub(super) fn server(reader: &mut Reader<'_>) -> Server {
    let default = Server::default();
    let mut section = reader.section("server");
    Server {
        listen: section.value("listen", Given::address, default.listen),
        threads: section.value("threads", threads, default.threads),
        body_timeout: section.value("body_timeout", timeout, default.body_timeout),
        idle_timeout: section.value("idle_timeout", timeout, default.idle_timeout),
        drain_timeout: section.value("drain_timeout", wait, default.drain_timeout),
        max_requests: section.value("max_requests", count, default.max_requests),
        max_connections: section.value("max_connections", count, default.max_connections),
        header_bytes: section.value("header_bytes", header_bytes, default.header_bytes),
    }
}

/// `beside`: the folder of the file, for a folder that stands in it; `working_directory` for one of the environment.
pub(super) fn deploy(reader: &mut Reader<'_>, beside: &Path, working_directory: &Path) -> Deploy {
    let folder = |given: Given<'_>| {
        let base = match given {
            Given::Value(_) => beside,
            Given::Word(_) => working_directory,
        };
        Ok(base.join(given.path()?))
    };
    let mut section = reader.section("deploy");
    Deploy {
        folder: section.value("folder", folder, beside.join(defaults::DEPLOY_FOLDER)),
        settle: section.value("settle", wait, defaults::SETTLE),
    }
}

/// The chain is `None` where it is not given: then the tables are the chain.
pub(super) fn auth(reader: &mut Reader<'_>) -> (Auth, Option<Vec<String>>) {
    let default = Auth::default();
    let mut section = reader.section("auth");
    let chain = section.value("chain", |given| chain(given).map(Some), None);
    let auth = Auth {
        chain: default.chain,
        timeout: section.value("timeout", timeout, default.timeout),
        allow_anonymous: section.value("allow_anonymous", Given::boolean, default.allow_anonymous),
    };
    (auth, chain)
}

pub(super) fn functions(reader: &mut Reader<'_>) -> FunctionDefaults {
    let default = FunctionDefaults::default();
    let mut section = reader.section("functions");
    FunctionDefaults {
        timeout: section.value("timeout", timeout, default.timeout),
        max_wait: section.value("max_wait", wait, default.max_wait),
        concurrency: section.value("concurrency", count, default.concurrency),
    }
}

pub(super) fn limits(reader: &mut Reader<'_>) -> Limits {
    let default = Limits::default();
    let mut section = reader.section("limits");
    Limits {
        memory: section.value("memory", |given| given.none_or(some_bytes), default.memory),
        cpu: section.value("cpu", |given| given.none_or(cpu), default.cpu),
        processes: section.value("processes", |given| given.none_or(number), default.processes),
        open_files: section.value("open_files", number, default.open_files),
        output: section.value("output", some_bytes, default.output),
        body: section.value("body", Given::size, default.body),
    }
}

pub(super) fn history(reader: &mut Reader<'_>) -> History {
    let default = History::default();
    let mut section = reader.section("history");
    History {
        keep: section.value("keep", count, default.keep),
        memory: section.value("memory", Given::size, default.memory),
        log: section.value("log", |given| given.choice(&LogPolicy::NAMES), default.log),
        body: section.value("body", Given::size, default.body),
    }
}

pub(super) fn log(reader: &mut Reader<'_>) -> Log {
    let default = Log::default();
    let mut section = reader.section("log");
    Log {
        level: section.value("level", level, default.level),
        format: section.value("format", |given| given.choice(&LogFormat::NAMES), default.format),
    }
}

fn threads(given: Given<'_>) -> Result<usize, String> {
    match within(given.whole_number()?, 0..=1024, |number| number.to_string())? {
        0 => Ok(cores()),
        number => Ok(usize::try_from(number).expect("at most 1024")),
    }
}

fn timeout(given: Given<'_>) -> Result<Duration, String> {
    within(given.duration()?, Duration::from_millis(1)..=LONGEST_TIMEOUT, format_duration)
}

/// As a timeout, but none at all is possible.
fn wait(given: Given<'_>) -> Result<Duration, String> {
    within(given.duration()?, Duration::ZERO..=LONGEST_TIMEOUT, format_duration)
}

fn number(given: Given<'_>) -> Result<u64, String> {
    within(given.whole_number()?, 1..=MOST, |number| number.to_string())
}

fn count(given: Given<'_>) -> Result<usize, String> {
    Ok(usize::try_from(number(given)?).expect("bounded by MOST"))
}

fn some_bytes(given: Given<'_>) -> Result<u64, String> {
    within(given.size()?, 1..=u64::MAX, format_size)
}

fn header_bytes(given: Given<'_>) -> Result<usize, String> {
    let bytes = within(given.size()?, LEAST_HEADER_BYTES..=MOST_HEADER_BYTES, format_size)?;
    Ok(usize::try_from(bytes).expect("bounded by MOST_HEADER_BYTES"))
}

fn cpu(given: Given<'_>) -> Result<f64, String> {
    within(given.number()?, 0.001..=1024.0, |number| number.to_string())
}

fn chain(given: Given<'_>) -> Result<Vec<String>, String> {
    let chain = given.list()?;
    for (index, name) in chain.iter().enumerate() {
        super::plugin::check_name(name)?;
        if chain[..index].contains(name) {
            return Err(format!(
                "`{name}` stands in the chain twice: it would never be asked again, take one out"
            ));
        }
    }
    Ok(chain)
}

/// A filter of tracing. A word alone must be a level: tracing takes `inof` for the name of a module.
fn level(given: Given<'_>) -> Result<String, String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let given = given.text()?;
    let form = "write a level (off, error, warn, info, debug, trace), or one for each module such as \"info,shortedfaas=debug\"";
    let words: Vec<&str> = given.split(',').map(str::trim).collect();
    for word in words.iter().filter(|word| !word.contains('=')) {
        if !LEVELS.contains(&word.to_ascii_lowercase().as_str()) {
            let hint = match nearest(word, LEVELS) {
                Some(level) => format!("did you mean \"{level}\"?"),
                None => form.to_owned(),
            };
            return Err(format!("`{word}` is no level; {hint}"));
        }
    }
    let text = words.join(",");
    match text.parse::<Targets>() {
        Ok(_) => Ok(text),
        Err(error) => Err(format!("`{text}` is no filter: {error}; {form}")),
    }
}
