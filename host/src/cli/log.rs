//! The host's own log, on standard error: for people on a terminal, JSON otherwise.

use crate::config::{Log, LogFormat};
use std::io::IsTerminal;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, reload};

/// Changes the log level while the host runs.
#[derive(Clone)]
pub(crate) struct LogLevel {
    handle: reload::Handle<Targets, Registry>,
}

impl LogLevel {
    /// Takes another filter; one that cannot be read changes nothing and says so.
    pub(crate) fn set(&self, level: &str) {
        match level.parse::<Targets>() {
            Ok(filter) => {
                let _ = self.handle.reload(filter);
            }
            Err(error) => tracing::error!(level, %error, "log.level not taken"),
        }
    }
}

/// Starts logging; once a process.
pub(super) fn start(log: &Log) -> Result<LogLevel, String> {
    let filter = log
        .level
        .parse::<Targets>()
        .map_err(|error| format!("log.level: `{}` is not a level or filter: {error}", log.level))?;
    let (filter, handle) = reload::Layer::new(filter);
    let terminal = std::io::stderr().is_terminal();
    let human = match log.format {
        LogFormat::Human => true,
        LogFormat::Json => false,
        LogFormat::Auto => terminal,
    };
    let layer = fmt::layer().with_writer(std::io::stderr);
    let layer = if human {
        layer.with_ansi(terminal).with_target(false).boxed()
    } else {
        layer.json().flatten_event(true).boxed()
    };
    let started = tracing_subscriber::registry().with(filter).with(layer).try_init();
    started.map_err(|error| format!("the log cannot be started: {error}"))?;
    Ok(LogLevel { handle })
}
