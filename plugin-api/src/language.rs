//! Language plugins: which command, which launcher, which build step runs a function of a language.

use crate::{FunctionSpec, Host, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Knows a language: its interpreter or compiler, its launcher, its samples.
///
/// It starts nothing that outlives a call and knows nothing of processes: a runner does what the [`Plan`] says.
///
/// # Lifecycle
/// [`LanguagePlugin::new`] once per configuration, [`LanguagePlugin::description`] after it, [`LanguagePlugin::plan`] once per
/// generation of a function, before its runner prepares it; then the plugin is dropped.
///
/// # Threads
/// Everything may block some seconds. `plan` is called from several threads at once.
pub trait LanguagePlugin: Sized + Send + Sync + 'static {
    /// The plugin's table in shortedfaas.toml; put `#[serde(deny_unknown_fields)]` on it.
    type Config: serde::de::DeserializeOwned;

    /// Makes the plugin from its configuration. A missing interpreter is no error here: it may be installed later.
    ///
    /// # Errors
    /// A configuration that cannot work.
    fn new(config: Self::Config, host: Host) -> Result<Self>;

    /// What the language can do.
    fn description(&self) -> Description;

    /// What runs this function.
    ///
    /// # Errors
    /// The function is `broken` with this message; a missing interpreter names the command that installs it.
    fn plan(&self, function: &FunctionSpec) -> Result<Plan>;
}

/// What a language can do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Description {
    /// Function types that it serves: `launched`, `interpreted`, `compiled`.
    pub types: Vec<String>,
    /// A first function for each type, for `shortedfaas new`.
    pub samples: Vec<Sample>,
}

/// A first function.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sample {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its files, `run.json` among them: name and contents.
    pub files: Vec<(String, String)>,
}

/// What runs a function. For `launched` it is the command line before the user's own arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plan {
    /// The program, absolute.
    pub command: String,
    /// Its arguments: for `interpreted` the launcher.
    pub arguments: Vec<String>,
    /// Variables below those that the function declares: a function's own value wins.
    pub environment: BTreeMap<String, String>,
    /// Version of the interpreter or compiler, as it calls itself (`3.11.7`).
    pub version: String,
    /// The handler's file, relative to the function's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Name of the handler in it; none: the language's usual names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
    /// A fork server, where the language has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<CommandLine>,
    /// What makes `command`, where it is built from the folder's sources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
    /// Something the operator should know, shown in `/list`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// A program and its arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CommandLine {
    /// The program, absolute.
    pub command: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// How a function is built. Built already when `output` exists.
///
/// In its commands' words, folders and variables `{build}` stands for a folder that the host makes; it becomes the folder of
/// `output` when all commands have succeeded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Build {
    /// Run one after the other; the first that fails is the last.
    pub commands: Vec<BuildCommand>,
    /// The file that is there when all have succeeded, absolute; its name tells the sources that it is made of.
    pub output: String,
}

/// One command of a build.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BuildCommand {
    /// Program and arguments.
    pub command: Vec<String>,
    /// Where it runs, absolute.
    pub folder: String,
    /// Variables beside PATH, HOME, LANG, TZ and TMPDIR.
    pub environment: BTreeMap<String, String>,
}
