//! Rust: functions that are compiled with the crate `shortedfaas-function` into a program.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests may"))]

mod krate;
mod package;
mod sample;
mod single;
mod toolchain;

use compilers::{check, compiler, described, sources, words};
use languages::{Interpreters, Keys, Language, LauncherFolder, Settings};
use plugin_api::{Description, Error, FunctionSpec, Host, LanguagePlugin, Plan, Result};
use toolchain::Toolchains;

/// What a program is made of; a source that holds one of the second is made of other files too.
const SOURCES: &[&str] =
    &["rs", "Cargo.toml", "Cargo.lock", "rust-toolchain", "rust-toolchain.toml"];
const EMBEDDING: &[&str] = &["include_str!", "include_bytes!", "include!", "CARGO_MANIFEST_DIR"];

static RUST: Language = Language {
    name: "rust",
    programs: &["rustc"],
    install: "apt-get install rustc cargo",
    samples: sample::SAMPLES,
    ..Language::PLAIN
};
/// Rust links with it.
static C: Language = Language {
    name: "rust's linker",
    programs: &["cc", "gcc", "clang"],
    install: "apt-get install gcc libc6-dev",
    ..Language::PLAIN
};

struct Rust {
    settings: Settings,
    rustc: Interpreters,
    linker: Interpreters,
    toolchains: Toolchains,
    krate: LauncherFolder,
}

impl LanguagePlugin for Rust {
    type Config = Settings;

    fn new(settings: Settings, host: Host) -> Result<Self> {
        let folder = &host.folders().config;
        Ok(Self {
            rustc: Interpreters::new(&RUST, &settings, folder),
            linker: Interpreters::new(&C, &Settings::default(), folder),
            toolchains: Toolchains::default(),
            krate: LauncherFolder::new(krate::FILES),
            settings,
        })
    }

    fn description(&self) -> Description {
        described(&RUST)
    }

    fn plan(&self, function: &FunctionSpec) -> Result<Plan> {
        let keys: Keys = function.manifest()?;
        check(&RUST, function, &keys)?;
        let folder = &function.folder;
        let mut chosen = words(folder, &keys.arguments, &["rs"])?;
        let mut flags = self.settings.arguments.clone();
        flags.append(&mut chosen.flags);
        let sources = sources(folder, SOURCES, EMBEDDING)?;
        let rustc = compiler(&self.rustc, keys.command.as_deref(), folder)?;
        let rustc = self.toolchains.real(&self.rustc, &rustc, folder)?;
        let linker = compiler(&self.linker, None, folder)?;
        let krate = self.krate.path()?;
        let build = single::Parts {
            folder,
            handler: keys.handler.as_deref(),
            sources: &sources,
            flags: &flags,
            rustc: &rustc,
            linker: &linker.path,
            krate: &krate,
        };
        let recipe = match (&chosen.files[..], folder.join("Cargo.toml").is_file()) {
            ([], true) => package::recipe(&build)?,
            ([], false) => single::recipe(&build, &only_root(&build)?)?,
            ([root], _) => single::recipe(&build, root)?,
            _ => {
                let message = "names several files: name the one that the others are modules of";
                return Err(Error::config("arguments", message));
            }
        };
        Ok(recipe.plan(function, &keys))
    }
}

/// `lambda.rs`, else the only file that is not in a folder.
fn only_root(build: &single::Parts<'_>) -> Result<String> {
    let top = build.sources.iter().map(|source| &source.path);
    let top: Vec<String> = top
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .filter(|path| path.components().count() == 1)
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    match &top[..] {
        [only] => Ok(only.clone()),
        _ if top.iter().any(|name| name == "lambda.rs") => Ok("lambda.rs".to_owned()),
        [] => Err(Error::config("", "there is no lambda.rs and no Cargo.toml in the folder")),
        _ => Err(Error::config(
            "arguments",
            "the folder holds several .rs files: call one lambda.rs, or name it in `arguments`",
        )),
    }
}

plugin_api::export_plugin!(language: Rust);
