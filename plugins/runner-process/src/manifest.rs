//! What this runner reads of a function's manifest.

use processes::{Allow, Limits};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The keys that matter here; the host has checked them and filled the defaults in.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub(crate) struct Manifest {
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) timeout_ms: u64,
    pub(crate) response: Response,
    pub(crate) input: String,
    pub(crate) signature: String,
    pub(crate) event: String,
    pub(crate) handler: Option<String>,
    pub(crate) limits: Limits,
    pub(crate) allow: Option<Allow>,
    pub(crate) scaling: Scaling,
    /// What the function's language says.
    pub(crate) launch: Option<Plan>,
}

/// How the answer is passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Response {
    /// When it is whole.
    #[default]
    Buffered,
    /// Piece by piece, as it comes.
    Stream,
    /// Of programs that print; a handler sets its headers itself.
    Cgi,
}

/// How long workers are kept; the host sees to that.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Scaling {
    pub(crate) mode: String,
}

/// How a worker is started.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Plan {
    pub(crate) command: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) file: Option<String>,
    pub(crate) handler: Option<String>,
    pub(crate) template: Option<CommandLine>,
}

/// A program and its arguments.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CommandLine {
    pub(crate) command: String,
    pub(crate) arguments: Vec<String>,
}

impl Default for Manifest {
    fn default() -> Self {
        Self {
            environment: BTreeMap::new(),
            timeout_ms: 60_000,
            response: Response::default(),
            input: "text".to_owned(),
            signature: "shortedfaas".to_owned(),
            event: "json".to_owned(),
            handler: None,
            limits: Limits::default(),
            allow: None,
            scaling: Scaling::default(),
            launch: None,
        }
    }
}
