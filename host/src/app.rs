//! The parts of the host, wired together. Parts never import each other sideways: they meet here.

use crate::config::{Config, Environment, LogPolicy};
use crate::functions::{Catalog, Defaults, Limits};
use crate::history::{Bounds, History};
use crate::plugins::Plugins;
use crate::retries::Retries;
use crate::workers::Statistics;
use arc_swap::ArcSwap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What every request sees. There is one a process and it lives as long: requests refer to it without counting.
pub(crate) struct App {
    config: ArcSwap<Config>,
    hot: ArcSwap<Hot>,
    pub(crate) plugins: Arc<Plugins>,
    pub(crate) catalog: Catalog<Plugins>,
    pub(crate) history: History,
    /// Requests for functions that do not exist.
    pub(crate) unrouted: Statistics,
    pub(crate) started: Instant,
    retries: Retries,
    phase: AtomicU8,
    /// Connections that are open; no more requests than these can be in flight.
    pub(crate) connections: AtomicUsize,
}

/// The settings that every request reads, in one piece.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hot {
    pub(crate) auth_timeout: Duration,
    pub(crate) body_timeout: Duration,
    pub(crate) max_requests: usize,
    /// What the history keeps of a function that says nothing.
    pub(crate) history_log: LogPolicy,
    /// Most bytes that the history keeps of each input, output and standard error.
    pub(crate) history_bytes: usize,
}

/// Where the host is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    Starting,
    Serving,
    Draining,
}

impl App {
    /// Made once; never freed.
    pub(crate) fn new(
        config: Config,
        plugins: Arc<Plugins>,
        catalog: Catalog<Plugins>,
    ) -> &'static Self {
        let history = History::new(config.server.threads, bounds(&config));
        Box::leak(Box::new(Self {
            hot: ArcSwap::from_pointee(Hot::of(&config)),
            config: ArcSwap::from_pointee(config),
            plugins,
            catalog,
            history,
            unrouted: Statistics::default(),
            started: Instant::now(),
            retries: Retries::default(),
            phase: AtomicU8::new(Phase::Starting as u8),
            connections: AtomicUsize::new(0),
        }))
    }

    pub(crate) fn config(&self) -> arc_swap::Guard<Arc<Config>> {
        self.config.load()
    }

    /// The settings that hold for a request that begins now.
    pub(crate) fn hot(&self) -> Hot {
        **self.hot.load()
    }

    /// Takes a newer configuration: all that can change while requests run.
    pub(crate) fn set_config(&self, config: Config) {
        self.history.set_bounds(bounds(&config));
        self.hot.store(Arc::new(Hot::of(&config)));
        self.config.store(Arc::new(config));
    }

    pub(crate) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Starting,
            1 => Phase::Serving,
            _ => Phase::Draining,
        }
    }

    pub(crate) fn set_phase(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Release);
    }

    /// Examines a broken function again, in the background, with pauses in between.
    pub(crate) fn look_again(&'static self, name: &str) {
        if self.retries.may_look(name, Instant::now()) {
            let name = name.to_owned();
            tokio::spawn(async move { self.catalog.refresh(&name).await });
        }
    }
}

impl Hot {
    fn of(config: &Config) -> Self {
        Self {
            auth_timeout: config.auth.timeout,
            body_timeout: config.server.body_timeout,
            max_requests: config.server.max_requests,
            history_log: config.history.log,
            history_bytes: usize::try_from(config.history.body).unwrap_or(usize::MAX),
        }
    }
}

fn bounds(config: &Config) -> Bounds {
    Bounds { records: config.history.keep, memory_bytes: config.history.memory }
}

/// What a manifest that says nothing gets, from the configuration and the plugins that are on.
pub(crate) fn defaults(config: &Config, plugins: &Plugins) -> Defaults {
    let limits = &config.limits;
    Defaults {
        timeout: config.functions.timeout,
        max_wait: config.functions.max_wait,
        concurrency: config.functions.concurrency,
        limits: Limits {
            memory: limits.memory,
            cpu: limits.cpu,
            processes: limits.processes,
            open_files: limits.open_files,
            output: limits.output,
            body: limits.body,
        },
        log: config.history.log,
        secrets_folder: config.folder.join("secrets"),
        languages: plugins.language_names(),
        host_variable: Environment::variable_of_process,
        types: plugins.types(),
    }
}
