//! What holds for a function where its manifest is silent, and what its manifest may refer to.

use super::Limits;
use crate::config::LogPolicy;
use std::path::PathBuf;
use std::time::Duration;

/// Comes from the host's configuration and from the plugins that are on.
#[derive(Debug, Clone)]
pub(crate) struct Defaults {
    pub(crate) timeout: Duration,
    pub(crate) max_wait: Duration,
    pub(crate) concurrency: usize,
    pub(crate) limits: Limits,
    pub(crate) log: LogPolicy,
    /// Where `{"secret": "name"}` looks.
    pub(crate) secrets_folder: PathBuf,
    /// Languages that are on.
    pub(crate) languages: Vec<String>,
    /// The host's own variables, for `{"from": "NAME"}`.
    pub(crate) host_variable: fn(&str) -> Option<String>,
    /// Types that a runner that is on serves.
    pub(crate) types: Vec<String>,
}

impl Defaults {
    /// For who reads a manifest and runs nothing.
    pub(crate) fn with_all_types(self) -> Self {
        Self { types: super::kind::KINDS.map(|(kind, _)| kind.to_owned()).to_vec(), ..self }
    }
}

#[cfg(test)]
impl Defaults {
    /// The contract's, with every type on and no interpreter known.
    pub(crate) fn for_tests() -> Self {
        Self {
            timeout: Duration::from_secs(60),
            max_wait: Duration::from_secs(1),
            concurrency: 64,
            limits: Limits {
                memory: None,
                cpu: None,
                processes: None,
                open_files: 1024,
                output: 16 << 20,
                body: 6 << 20,
            },
            log: LogPolicy::Full,
            secrets_folder: PathBuf::from("/nowhere/secrets"),
            languages: ["python", "node", "lua", "c"].map(str::to_owned).to_vec(),
            host_variable: |_| None,
            types: super::kind::KINDS.map(|(kind, _)| kind.to_owned()).to_vec(),
        }
    }
}
