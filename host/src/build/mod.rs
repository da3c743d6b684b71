//! Builds functions from their sources: the plan's commands, one after the other, under a guard that outlives nobody.

mod builder;
mod commands;
mod guard;
mod guarded;
mod programs;
mod tail;
mod tree;

pub(crate) use builder::{Asked, Builder};
pub(crate) use guard::guard;
pub(crate) use guarded::{Stop, build};
pub(crate) use programs::Program;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A build that takes longer is stopped.
const LONGEST: Duration = Duration::from_secs(10 * 60);
/// Stands, in the words, folders and variables of a build's commands, for the folder that becomes the output's own when
/// all have succeeded.
const BUILD_FOLDER: &str = "{build}";
/// What the host's environment gives to builds, as to functions.
const PASSED_VARIABLES: [&str; 5] = ["PATH", "HOME", "LANG", "TZ", "TMPDIR"];

/// How a function is built, as its language's plan says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Build {
    commands: Vec<BuildCommand>,
    /// The program. It has a folder of its own, whose name tells what it is made of.
    pub(crate) output: PathBuf,
}

/// One command of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct BuildCommand {
    command: Vec<String>,
    folder: String,
    #[serde(default)]
    environment: BTreeMap<String, String>,
}

impl Build {
    /// Reads the plan's `build`.
    pub(crate) fn read(plan: serde_json::Value) -> Result<Self, String> {
        let odd = |problem: &dyn std::fmt::Display| {
            format!("the language's plan for building cannot be read: {problem}")
        };
        let build: Self = serde_json::from_value(plan).map_err(|error| odd(&error))?;
        match build.output.is_absolute() && build.folder().file_name().is_some() {
            true => Ok(build),
            false => Err(odd(&"`output` is no file in a folder of its own")),
        }
    }

    /// Whether there is nothing to do.
    pub(crate) fn is_done(&self) -> bool {
        self.output.is_file()
    }

    /// The output's folder.
    fn folder(&self) -> &Path {
        self.output.parent().unwrap_or(Path::new("/"))
    }
}

/// How to build the function in this folder by hand.
pub(crate) fn by_hand(folder: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let shown = folder.strip_prefix(&here).unwrap_or(folder).to_string_lossy();
    let shown = shlex::try_quote(&shown).unwrap_or_else(|_| shown.clone());
    format!("not built: run `shortedfaas build {shown}`")
}
