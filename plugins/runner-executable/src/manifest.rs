//! What this runner reads of a function's manifest.

use serde::Deserialize;
use std::collections::BTreeMap;

/// The keys that matter here; the host has checked them and filled the defaults in.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub(crate) struct Manifest {
    pub(crate) command: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) timeout_ms: u64,
    pub(crate) response: Response,
    pub(crate) limits: Limits,
    pub(crate) allow: Option<Allow>,
}

/// How the answer is made of what the program prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Response {
    /// The whole output, when the program has ended.
    #[default]
    Buffered,
    /// Piece by piece, as it comes.
    Stream,
    /// As buffered, with CGI headers first.
    Cgi,
}

/// Bounds of one process; none: no bound.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default)]
pub(crate) struct Limits {
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) cpu: Option<f64>,
    pub(crate) processes: Option<u64>,
    pub(crate) open_files: Option<u64>,
    pub(crate) output_bytes: Option<u64>,
}

/// Least privilege: what the process may do besides reading its own folder and the system's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Allow {
    pub(crate) read: Vec<String>,
    pub(crate) write: Vec<String>,
    pub(crate) net: bool,
    pub(crate) exec: bool,
}

impl Default for Manifest {
    fn default() -> Self {
        Self {
            command: String::new(),
            arguments: Vec::new(),
            environment: BTreeMap::new(),
            timeout_ms: 60_000,
            response: Response::default(),
            limits: Limits::default(),
            allow: None,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: None,
            cpu: None,
            processes: None,
            open_files: Some(1024),
            output_bytes: Some(16 << 20),
        }
    }
}
