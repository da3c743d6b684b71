//! The tables of plugins: `[auth.NAME]`, `[runners.NAME]`, `[languages.NAME]`, `[stores.NAME]`, with their overrides.

use super::given::Given;
use super::json::to_json;
use super::mistakes::Place;
use super::plugin::{Executor, PluginConfig, PluginKind, check_name};
use super::reader::{Reader, variable};
use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// The folders that relative paths start from.
#[derive(Clone, Copy)]
pub(super) struct Bases<'a> {
    /// Of the file.
    pub(super) folder: &'a Path,
    pub(super) working_directory: &'a Path,
}

/// The plugins of the chain in its order; without a chain the tables of the file are the chain.
pub(super) fn authenticators(
    reader: &mut Reader<'_>,
    chain: Option<Vec<String>>,
    bases: Bases<'_>,
) -> Vec<PluginConfig> {
    let mut plugins = tables(reader, PluginKind::Auth, bases);
    let line = reader.place("auth.chain").map_or(0, Place::line);
    for name in chain.iter().flatten() {
        if plugins.iter().all(|plugin| plugin.name != *name) {
            plugins.push(PluginConfig::new(PluginKind::Auth, name, line));
        }
    }
    overrides(reader, PluginKind::Auth, &mut plugins, bases);
    let Some(chain) = chain else {
        return plugins;
    };
    let place_of = |plugin: &PluginConfig| chain.iter().position(|name| *name == plugin.name);
    for plugin in plugins.iter().filter(|plugin| place_of(plugin).is_none()) {
        reader.warnings.push(format!(
            "{} (line {}) is not used: auth.chain does not name it",
            plugin.table(),
            plugin.line
        ));
    }
    plugins.retain(|plugin| place_of(plugin).is_some());
    plugins.sort_by_key(place_of);
    plugins
}

/// The plugins of a kind in the order of the file.
pub(super) fn plugins(
    reader: &mut Reader<'_>,
    kind: PluginKind,
    bases: Bases<'_>,
) -> Vec<PluginConfig> {
    let mut plugins = tables(reader, kind, bases);
    overrides(reader, kind, &mut plugins, bases);
    plugins
}

fn tables(reader: &mut Reader<'_>, kind: PluginKind, bases: Bases<'_>) -> Vec<PluginConfig> {
    let mut plugins = Vec::new();
    for (name, line, table) in reader.tables(kind.section()) {
        // A table under the name of one of the host's keys was refused where that key was read.
        if reader.place(&format!("{}.{name}", kind.section())).is_some() {
            continue;
        }
        if let Err(message) = check_name(name) {
            reader.mistakes.add(Place::Line(line), format!("[{}.{name}]", kind.section()), message);
            continue;
        }
        let mut plugin = PluginConfig::new(kind, name, line);
        settings(reader, &mut plugin, table, bases);
        plugins.push(plugin);
    }
    plugins
}

/// Fills a plugin from its table: `library` and `executor` are the host's, all other keys the plugin's.
fn settings(
    reader: &mut Reader<'_>,
    plugin: &mut PluginConfig,
    table: &DeTable<'_>,
    bases: Bases<'_>,
) {
    for (key, value) in table {
        let (name, line) = (key.get_ref().as_ref(), reader.line(key.span().start));
        let full_key = format!("{}.{}.{name}", plugin.kind.section(), plugin.name);
        match of_host(name, Given::Value(value.get_ref()), bases, plugin) {
            Some(Ok(())) => {}
            Some(Err(message)) => reader.mistakes.add(Place::Line(line), full_key, message),
            None => {
                let mut unsuitable = Vec::new();
                let json = to_json(value, &full_key, &mut unsuitable);
                for it in unsuitable {
                    reader.mistakes.add(Place::Line(reader.line(it.offset)), it.path, it.message);
                }
                plugin.settings.insert(name.to_owned(), json);
                plugin.setting_lines.insert(name.to_owned(), line);
            }
        }
    }
}

/// Takes one of the two keys of a plugin's table that are the host's; `None`: it is not one of them.
fn of_host(
    key: &str,
    given: Given<'_>,
    bases: Bases<'_>,
    plugin: &mut PluginConfig,
) -> Option<Result<(), String>> {
    match key {
        "library" => Some(library(given, bases).map(|library| plugin.library = Some(library))),
        "executor" => {
            Some(given.choice(&Executor::NAMES).map(|executor| plugin.executor = executor))
        }
        _ => None,
    }
}

fn library(given: Given<'_>, bases: Bases<'_>) -> Result<PathBuf, String> {
    let base = match given {
        Given::Value(_) => bases.folder,
        Given::Word(_) => bases.working_directory,
    };
    Ok(base.join(given.path()?))
}

/// Takes `SHORTEDFAAS_RUNNERS_EXECUTABLE_KEY` for every plugin that is there.
fn overrides(
    reader: &mut Reader<'_>,
    kind: PluginKind,
    plugins: &mut [PluginConfig],
    bases: Bases<'_>,
) {
    let prefix = variable(&[kind.section(), ""]);
    let environment = reader.environment;
    for (rest, word) in environment.beginning_with(&prefix) {
        let name = format!("{prefix}{rest}");
        if reader.used_variables.contains(&name) {
            continue;
        }
        // The longest name wins: `jwt` and `jwt-azure` may both be there.
        let plugin = plugins
            .iter_mut()
            .filter_map(|plugin| {
                let key = name.strip_prefix(&variable(&[kind.section(), &plugin.name, ""]))?;
                (!key.is_empty()).then(|| (key.to_ascii_lowercase(), plugin))
            })
            .max_by_key(|(_, plugin)| plugin.name.len());
        match plugin {
            Some((key, plugin)) => {
                let result = of_host(&key, Given::Word(word), bases, plugin)
                    .unwrap_or_else(|| set(plugin, key, word));
                if let Err(message) = result {
                    reader.mistakes.add(Place::Variable(name.clone()), "", message);
                }
                reader.used_variables.insert(name);
            }
            None if kind == PluginKind::Auth => {}
            None => reader.warnings.push(format!(
                "the variable {name} is not used: it names no plugin that has a table under [{}]",
                kind.section()
            )),
        }
    }
}

/// A word for a key that the file gives as text is text; else it is what TOML makes of it, and text where TOML makes nothing.
fn set(plugin: &mut PluginConfig, key: String, word: &OsStr) -> Result<(), String> {
    // The value is not shown: it may be a secret.
    let text = word.to_str().ok_or("the value is not UTF-8: settings of plugins are text")?;
    let as_toml = || {
        let value = DeValue::parse(text).ok()?;
        let mut unsuitable = Vec::new();
        let json = to_json(&value, "", &mut unsuitable);
        unsuitable.is_empty().then_some(json)
    };
    let value = match plugin.settings.get(&key) {
        Some(Value::String(_)) => None,
        _ => as_toml(),
    };
    plugin.settings.insert(key, value.unwrap_or_else(|| Value::String(text.to_owned())));
    Ok(())
}
