//! The configuration: `shortedfaas.toml`, the environment and the command line, checked as a whole.
//!
//! Nothing else reads the environment. Order, later wins: defaults, file, `SHORTEDFAAS_<SECTION>_<KEY>`, command line.

mod defaults;
mod environment;
mod file;
mod given;
mod interpreter;
mod json;
mod mistakes;
mod plugin;
mod plugin_tables;
mod reader;
mod sections;
mod settings;
#[cfg(test)]
mod tests;

pub(crate) use environment::Environment;
pub(crate) use interpreter::Interpreter;
pub(crate) use mistakes::Mistakes;
pub(crate) use plugin::{Executor, PluginConfig, PluginKind};
pub(crate) use settings::{Config, Log, LogFormat, LogPolicy};

use file::{Lines, Source};
use given::Given;
use mistakes::Place;
use plugin_tables::Bases;
use reader::Reader;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The original name of the variable that names the deploy folder.
const ORIGINAL_DEPLOY_VARIABLE: &str = "ShortedFaaS_Deploy";

/// What the command line says; it wins over everything else.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arguments {
    /// `--config`: must exist. Else `shortedfaas.toml` of the working directory, else the built-in configuration.
    pub(crate) config: Option<PathBuf>,
    /// `--deploy`, relative to the working directory.
    pub(crate) deploy: Option<PathBuf>,
    /// `--listen`.
    pub(crate) listen: Option<String>,
}

/// Reads the whole configuration; again with the same arguments for a reload.
///
/// # Errors
/// Every mistake there is, at once.
pub(crate) fn load(arguments: &Arguments, environment: &Environment) -> Result<Config, Mistakes> {
    match std::env::current_dir() {
        Ok(working_directory) => load_in(&working_directory, arguments, environment),
        Err(error) => {
            let mut mistakes = Mistakes::of("the working directory");
            mistakes.add(
                Place::File,
                "",
                format!("it cannot be found: {error}; start in a folder that exists"),
            );
            Err(mistakes)
        }
    }
}

fn load_in(
    working_directory: &Path,
    arguments: &Arguments,
    environment: &Environment,
) -> Result<Config, Mistakes> {
    let Source { file, folder, text, mut mistakes } =
        Source::find(arguments.config.as_deref(), working_directory);
    let lines = Lines::of(text.as_bytes());
    let document = file::parse(&text, &lines, &mut mistakes);
    let is_whole = mistakes.is_empty();
    let mut reader = Reader::new(&document, &lines, environment, mistakes);
    let mut config = read(&mut reader, Bases { folder: &folder, working_directory });
    apply(arguments, working_directory, &mut reader, &mut config);
    reader.refuse_the_unknown();
    // Half a file may have lost the very key that makes it safe: the mistake would be a false one.
    if is_whole {
        refuse_an_open_door(&config, &mut reader);
    }
    let Reader { mistakes, warnings, .. } = reader;
    mistakes.or(Config { file, folder: folder.clone(), warnings, ..config })
}

/// File and environment.
fn read(reader: &mut Reader<'_>, bases: Bases<'_>) -> Config {
    let server = sections::server(reader);
    let deploy = sections::deploy(reader, bases.folder, bases.working_directory);
    let (mut auth, chain) = sections::auth(reader);
    let functions = sections::functions(reader);
    let limits = sections::limits(reader);
    let history = sections::history(reader);
    let log = sections::log(reader);
    let mut plugins = plugin_tables::authenticators(reader, chain, bases);
    auth.chain = plugins.iter().map(|plugin| plugin.name.clone()).collect();
    for kind in [PluginKind::Runner, PluginKind::Language, PluginKind::Store] {
        plugins.extend(plugin_tables::plugins(reader, kind, bases));
    }
    let (file, folder, warnings) = (None, PathBuf::new(), Vec::new());
    Config {
        file,
        folder,
        server,
        deploy,
        auth,
        functions,
        limits,
        history,
        log,
        plugins,
        warnings,
    }
}

/// The command line, and the original variable for the deploy folder where nothing newer names it.
fn apply(
    arguments: &Arguments,
    working_directory: &Path,
    reader: &mut Reader<'_>,
    config: &mut Config,
) {
    let folder = |path: &OsStr| Ok(working_directory.join(Given::Word(path).path()?));
    let is_named = matches!(reader.place("deploy.folder"), Some(Place::Variable(_)));
    if let Some(path) = reader.environment.get(ORIGINAL_DEPLOY_VARIABLE).filter(|_| !is_named) {
        let place = Place::Variable(ORIGINAL_DEPLOY_VARIABLE.to_owned());
        reader.overriding("deploy.folder", place, folder(path), &mut config.deploy.folder);
    }
    if let Some(path) = &arguments.deploy {
        let place = Place::Argument("--deploy");
        reader.overriding(
            "deploy.folder",
            place,
            folder(path.as_os_str()),
            &mut config.deploy.folder,
        );
    }
    if let Some(listen) = &arguments.listen {
        let address = Given::Word(OsStr::new(listen)).address();
        reader.overriding(
            "server.listen",
            Place::Argument("--listen"),
            address,
            &mut config.server.listen,
        );
    }
}

/// Listening beyond loopback while nobody asks who calls must be meant.
fn refuse_an_open_door(config: &Config, reader: &mut Reader<'_>) {
    let listen = config.server.listen;
    let is_open = !listen.ip().to_canonical().is_loopback();
    let is_guarded = !config.auth.chain.is_empty() || config.auth.allow_anonymous;
    let is_known = ["server.listen", "auth.chain", "auth.allow_anonymous"]
        .iter()
        .all(|key| !reader.mistakes.concern(key));
    if is_open && !is_guarded && is_known {
        let place = reader.place("server.listen").cloned().unwrap_or(Place::File);
        let message = format!(
            "`{listen}` can be reached from other machines while authentication is off: \
             set auth.chain, such as [\"shared-secret\"], or say auth.allow_anonymous = true, or listen on 127.0.0.1"
        );
        reader.mistakes.add(place, "server.listen", message);
    }
}
