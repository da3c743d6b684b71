//! A language as a constant.

use crate::{Keys, Program};
use plugin_api::{FunctionSpec, Plan, Result};
use std::path::Path;

/// Gives a type the constant that [`Plugin`](crate::Plugin) works from.
pub trait Describe: Send + Sync + 'static {
    /// The language.
    const LANGUAGE: &'static Language;
}

/// What is to be known of an interpreted language.
#[derive(Debug)]
pub struct Language {
    /// As in `language` of run.json.
    pub name: &'static str,
    /// Names under which its interpreter is found on PATH, the best first.
    pub programs: &'static [&'static str],
    /// Programs in a function's own folder that come before those, such as `.venv/bin/python3`.
    pub local_programs: &'static [&'static str],
    /// The command that installs it.
    pub install: &'static str,
    /// Arguments that make it print its version and, where it can, on a line of its own the absolute path of the real program.
    pub probe: &'static [&'static str],
    /// The oldest version that its launcher runs in.
    pub oldest: (u32, u32),
    /// Endings of its source files, without the dot.
    pub endings: &'static [&'static str],
    /// Arguments of the interpreter before the launcher.
    pub options: &'static [&'static str],
    /// The launcher: the first file is run, the others lie beside it. Empty: there is none, and no `interpreted`.
    pub launcher: &'static [LauncherFile],
    /// What the launcher is given to run as a fork server; none: it cannot.
    pub template: Option<&'static [&'static str]>,
    /// Arguments of the interpreter before those of a `launched` function (`-jar`).
    pub launched_options: &'static [&'static str],
    /// Values of `signature` that the launcher knows.
    pub signatures: &'static [&'static str],
    /// First functions for `shortedfaas new`.
    pub samples: &'static [Sample],
    /// Changes a plan, last of all.
    pub complete: fn(&Context<'_>, &mut Plan) -> Result<()>,
}

/// A file of a launcher.
#[derive(Debug, PartialEq, Eq)]
pub struct LauncherFile {
    /// Its path in the launcher's folder, such as `launcher.py` or `signatures/aws.js`.
    pub name: &'static str,
    /// What is in it.
    pub content: &'static [u8],
}

/// A first function.
#[derive(Debug)]
pub struct Sample {
    /// Its `type`.
    pub kind: &'static str,
    /// Its files, `run.json` among them: name and content.
    pub files: &'static [(&'static str, &'static str)],
}

/// What [`Language::complete`] may look at.
#[derive(Debug)]
pub struct Context<'a> {
    /// The function.
    pub function: &'a FunctionSpec,
    /// Keys of its manifest.
    pub keys: &'a Keys,
    /// The interpreter.
    pub program: &'a Program,
    /// Folder of the launcher's files; none for `launched`.
    pub launcher_folder: Option<&'a Path>,
}

impl Language {
    /// Nothing is known. For `..Language::PLAIN`.
    pub const PLAIN: Self = Self {
        name: "",
        programs: &[],
        local_programs: &[],
        install: "",
        probe: &["--version"],
        oldest: (0, 0),
        endings: &[],
        options: &[],
        launcher: &[],
        template: None,
        launched_options: &[],
        signatures: &["shortedfaas"],
        samples: &[],
        complete: |_, _| Ok(()),
    };

    /// Function types that it serves.
    #[must_use]
    pub fn types(&self) -> &'static [&'static str] {
        match self.launcher {
            [] => &["launched"],
            _ => &["launched", "interpreted"],
        }
    }
}
