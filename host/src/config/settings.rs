//! The checked configuration as plain data.

use super::PluginConfig;
use super::defaults;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Everything `shortedfaas.toml`, the environment and the command line say, checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Config {
    /// The file it was read from; `None`: the configuration built into the program.
    pub(crate) file: Option<PathBuf>,
    /// Absolute: the folder of the file, else the working directory. `auth/` and `secrets/` lie in it.
    pub(crate) folder: PathBuf,
    pub(crate) server: Server,
    pub(crate) deploy: Deploy,
    pub(crate) auth: Auth,
    pub(crate) functions: FunctionDefaults,
    pub(crate) limits: Limits,
    pub(crate) history: History,
    pub(crate) log: Log,
    /// The enabled plugins: auth in the order of the chain, then runners, languages and stores in the order of the file.
    pub(crate) plugins: Vec<PluginConfig>,
    /// What is probably not meant but does no harm, to be logged.
    pub(crate) warnings: Vec<String>,
}

/// `[server]`: the HTTP side.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Server {
    pub(crate) listen: SocketAddr,
    /// Threads that serve connections; never 0.
    pub(crate) threads: usize,
    /// How long a request's head and body may take to arrive.
    pub(crate) body_timeout: Duration,
    /// How long a connection is kept without a request.
    pub(crate) idle_timeout: Duration,
    /// How long running invocations may go on after the host was told to end.
    pub(crate) drain_timeout: Duration,
    /// Requests in flight; beyond it 503.
    pub(crate) max_requests: usize,
    /// Connections; beyond it they wait in the listen queue.
    pub(crate) max_connections: usize,
    /// Request line and headers together; beyond it 431.
    pub(crate) header_bytes: usize,
}

/// `[deploy]`: where functions lie.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Deploy {
    /// Absolute.
    pub(crate) folder: PathBuf,
    /// A change is taken when nothing in its folder has changed for so long.
    pub(crate) settle: Duration,
}

/// `[auth]`: who may call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Auth {
    /// Auth plugins in the order in which they are asked; empty: authentication is off.
    pub(crate) chain: Vec<String>,
    /// How long one plugin may take before the door is closed (503).
    pub(crate) timeout: Duration,
    /// Listening beyond loopback without authentication is meant.
    pub(crate) allow_anonymous: bool,
}

/// `[functions]`: what a manifest that says nothing gets.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FunctionDefaults {
    pub(crate) timeout: Duration,
    pub(crate) max_wait: Duration,
    pub(crate) concurrency: usize,
}

/// `[limits]`: the limits of a function whose manifest says nothing; `None`: no limit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Limits {
    /// Bytes.
    pub(crate) memory: Option<u64>,
    /// Cores.
    pub(crate) cpu: Option<f64>,
    pub(crate) processes: Option<u64>,
    pub(crate) open_files: u64,
    /// Bytes.
    pub(crate) output: u64,
    /// Bytes.
    pub(crate) body: u64,
}

/// `[history]`: what is remembered of past invocations.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct History {
    /// Invocations.
    pub(crate) keep: usize,
    /// Bytes of all kept bodies together.
    pub(crate) memory: u64,
    pub(crate) log: LogPolicy,
    /// Most bytes kept of each input, output and stderr.
    pub(crate) body: u64,
}

/// What history keeps of an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogPolicy {
    /// No more than that it happened and how it ended.
    None,
    /// Everything but input, output and stderr.
    Meta,
    /// Everything.
    Full,
}

impl LogPolicy {
    /// The values as they are written.
    pub(crate) const NAMES: [(&str, Self); 3] =
        [("none", Self::None), ("meta", Self::Meta), ("full", Self::Full)];
}

/// `[log]`: the host's own log.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Log {
    /// A filter directive of tracing: `info`, `warn,shortedfaas=debug`.
    pub(crate) level: String,
    pub(crate) format: LogFormat,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people on a terminal, else JSON.
    Auto,
    Human,
    Json,
}

impl LogFormat {
    /// The values as they are written.
    pub(crate) const NAMES: [(&str, Self); 3] =
        [("auto", Self::Auto), ("human", Self::Human), ("json", Self::Json)];
}

impl Config {
    /// The keys that differ in `newer` and take effect only after a restart; all others can be taken while serving.
    pub(crate) fn restart_only(&self, newer: &Self) -> Vec<&'static str> {
        [
            ("server.listen", self.server.listen != newer.server.listen),
            ("server.threads", self.server.threads != newer.server.threads),
            ("deploy.folder", self.deploy.folder != newer.deploy.folder),
        ]
        .into_iter()
        .filter_map(|(key, differs)| differs.then_some(key))
        .collect()
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: defaults::LISTEN,
            threads: cores(),
            body_timeout: defaults::BODY_TIMEOUT,
            idle_timeout: defaults::IDLE_TIMEOUT,
            drain_timeout: defaults::DRAIN_TIMEOUT,
            max_requests: defaults::MAX_REQUESTS,
            max_connections: defaults::MAX_CONNECTIONS,
            header_bytes: defaults::HEADER_BYTES,
        }
    }
}

/// Cores this process may use; containers and `taskset` count.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

impl Default for Auth {
    fn default() -> Self {
        Self { chain: Vec::new(), timeout: defaults::AUTH_TIMEOUT, allow_anonymous: false }
    }
}

impl Default for FunctionDefaults {
    fn default() -> Self {
        Self {
            timeout: defaults::FUNCTION_TIMEOUT,
            max_wait: defaults::MAX_WAIT,
            concurrency: defaults::CONCURRENCY,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: None,
            cpu: None,
            processes: None,
            open_files: defaults::OPEN_FILES,
            output: defaults::OUTPUT_BYTES,
            body: defaults::BODY_BYTES,
        }
    }
}

impl Default for History {
    fn default() -> Self {
        Self {
            keep: defaults::HISTORY_INVOCATIONS,
            memory: defaults::HISTORY_MEMORY_BYTES,
            log: LogPolicy::Full,
            body: defaults::HISTORY_BODY_BYTES,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { level: defaults::LOG_LEVEL.to_owned(), format: LogFormat::Auto }
    }
}
