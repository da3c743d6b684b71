//! What this runner reads of a function's manifest.

use processes::{Allow, Limits};
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
