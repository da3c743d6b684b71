//! The host as a plugin sees it.

use plugin_abi::{HostV1, level};

/// The host: log, and what it offers by id. May be cloned and kept; every method is callable from any thread.
#[derive(Clone)]
pub struct Host {
    raw: HostV1,
    name: String,
    folders: Folders,
}

/// Folders that the host knows of; empty where it has none.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Folders {
    /// Folder of the configuration file: `auth/` and `secrets/` lie there.
    pub config: std::path::PathBuf,
    /// Folder of the deployed functions.
    pub deploy: std::path::PathBuf,
}

/// How grave a log record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something is broken and somebody must look.
    Error,
    /// Something is odd and somebody should look.
    Warn,
    /// Something happened.
    Info,
    /// For finding faults.
    Debug,
    /// Every step.
    Trace,
}

impl Level {
    pub(crate) const fn number(self) -> u32 {
        match self {
            Self::Error => level::ERROR,
            Self::Warn => level::WARN,
            Self::Info => level::INFO,
            Self::Debug => level::DEBUG,
            Self::Trace => level::TRACE,
        }
    }
}

impl Host {
    pub(crate) fn new(raw: HostV1, name: String, folders: Folders) -> Self {
        Self { raw, name, folders }
    }

    /// Name under which the configuration enables this plugin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Folders that the host knows of.
    #[must_use]
    pub fn folders(&self) -> &Folders {
        &self.folders
    }

    /// True when a record of that level would be kept now. Changes while running: ask before formatting.
    #[must_use]
    pub fn log_enabled(&self, level: Level) -> bool {
        level.number() <= (self.raw.max_level)(self.raw.context)
    }

    /// One record in the host's log. With the feature `tracing` the macros of `tracing` do the same.
    pub fn log(&self, level: Level, message: &str) {
        if self.log_enabled(level) {
            crate::logging::record(&self.raw, level.number(), &self.name, message, "{}");
        }
    }

    /// The host's reactor, where it has one.
    #[cfg(feature = "rt")]
    pub(crate) fn reactor(&self) -> Option<&'static plugin_abi::ReactorV1> {
        use plugin_abi::abi_stable::StableAbi;
        use plugin_abi::abi_stable::abi_stability::abi_checking::check_layout_compatibility;
        let offered = (self.raw.query)(self.raw.context, plugin_abi::REACTOR_V1.into());
        let layout = offered.layout?;
        check_layout_compatibility(<plugin_abi::ReactorV1 as StableAbi>::LAYOUT, layout).ok()?;
        // SAFETY: the layout is the one of this type, and a service lives as long as the process.
        unsafe { offered.table.cast::<plugin_abi::ReactorV1>().as_ref() }
    }

    pub(crate) fn raw(&self) -> &HostV1 {
        &self.raw
    }
}

impl std::fmt::Debug for Host {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Host").field("name", &self.name).finish_non_exhaustive()
    }
}
