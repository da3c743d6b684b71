//! ShortedFaaS with one language each, authentication and history on as shipped.

use super::super::contenders::Contender;
use super::super::shortedfaas::Host;
use super::super::tools::{Workshop, succeed};
use super::toolchain::Toolchain;
use super::{WORKERS, promises};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A language as the host knows it.
#[derive(Clone)]
pub(super) struct Language {
    /// Its plugin, and as the table calls it.
    pub(super) name: &'static str,
    /// The folder of its functions.
    sources: &'static str,
    /// `interpreted` or `compiled`.
    kind: &'static str,
    /// Ending of its files.
    ending: &'static str,
    /// What runs it, where that is not found in the PATH or not left to chance.
    command: Option<PathBuf>,
}

/// How calls find their worker.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// Kept, as many as everybody has.
    Warm,
    /// A new one for each call.
    Cold,
    /// A new one for each call, started without a fork server.
    ColdWithoutTemplate,
}

impl Language {
    /// True when a cold call is forked from a process that waits.
    pub(super) fn has_template(&self) -> bool {
        self.name == "python"
    }

    /// All whose interpreter or compiler is there.
    pub(super) fn all(tools: &Toolchain) -> Vec<Self> {
        let interpreted = |name, sources, ending, command: &Option<PathBuf>| {
            let kind = "interpreted";
            command.clone().map(|found| Self { name, sources, kind, ending, command: Some(found) })
        };
        let compiled =
            |name, ending| Self { name, sources: name, kind: "compiled", ending, command: None };
        let found = [
            interpreted("python", "python", "py", &tools.python),
            interpreted("node", "node", "js", &tools.node),
            interpreted("lua", "lua", "lua", &tools.lua),
            interpreted("luajit", "lua", "lua", &tools.luajit),
            tools.cc.is_some().then(|| compiled("c", "c")),
            Some(compiled("rust", "rs")),
        ];
        found.into_iter().flatten().collect()
    }
}

/// One host for each language, with warm workers.
pub(super) fn contenders(tools: &Toolchain) -> Vec<Contender> {
    let languages = Language::all(tools).into_iter();
    let contender = |language: Language| {
        Contender::new(&promises::ours(language.name), move |workshop, name| {
            host(workshop, &language, Start::Warm)?.start(name)
        })
    };
    languages.map(contender).collect()
}

/// A host that serves `echo` and `add` in one language.
pub(super) fn host(workshop: &Workshop, language: &Language, start: Start) -> Result<Host, String> {
    let directory = workshop.directory.join(format!("{}-{}", language.name, start.name()));
    let deploy = directory.join("deploy");
    for function in ["echo", "add"] {
        deploy_function(workshop, language, start, &deploy.join(function), function)?;
    }
    let mut config = String::from("[runners.process]\n");
    if start == Start::ColdWithoutTemplate {
        config += "fork = false\n";
    }
    config += &format!("[languages.{}]\n", language.name);
    if let Some(command) = &language.command {
        config += &format!("command = \"{}\"\n", command.display());
    }
    Host::new(workshop, directory, &deploy, &config)
}

fn deploy_function(
    workshop: &Workshop,
    language: &Language,
    start: Start,
    folder: &Path,
    function: &str,
) -> Result<(), String> {
    let file = format!("{function}.{}", language.ending);
    let sources = workshop.repository.join("xtask/src/bench/functions").join(language.sources);
    let manifest = format!(
        r#"{{"type": "{}", "language": "{}", "arguments": "{file}", "scaling": {}}}"#,
        language.kind,
        language.name,
        start.scaling()
    );
    fs::create_dir_all(folder)
        .and_then(|()| fs::copy(sources.join(&file), folder.join(&file)))
        .and_then(|_| fs::write(folder.join("run.json"), manifest))
        .map_err(|error| format!("cannot deploy {}: {error}", folder.display()))?;
    if language.kind == "compiled" {
        let mut build = Command::new(workshop.release.join("shortedfaas"));
        succeed(build.arg("build").arg(folder))?;
    }
    Ok(())
}

impl Start {
    fn name(self) -> &'static str {
        match self {
            Self::Warm => "warm",
            Self::Cold => "cold",
            Self::ColdWithoutTemplate => "cold-without-template",
        }
    }

    fn scaling(self) -> String {
        match self {
            Self::Warm => format!(r#"{{"mode": "warm", "max": {WORKERS}}}"#),
            Self::Cold | Self::ColdWithoutTemplate => r#"{"mode": "cold"}"#.into(),
        }
    }
}
