//! The plugins that are on: made from the configuration, replaced one by one while requests run.

use super::active::{Active, Entry, Kind};
use super::auth::Authenticator;
use super::create::Folders;
use super::deployed::Deployed;
use super::fault::Fault;
use super::library::{Library, load};
use super::locate::{Libraries, Signature, signature};
use super::runner::{Runner, Spec};
use crate::config::{Config, PluginConfig, PluginKind};
use crate::functions::{Candidate, Preparer};
use arc_swap::ArcSwap;
use plugin_abi::{AUTH_V1, RUNNER_V1};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long `create` of a plugin may take.
const CREATE_LIMIT: Duration = Duration::from_secs(30);

/// The plugins that are on now, and what is needed to make others.
pub(crate) struct Plugins {
    active: ArcSwap<Active>,
    libraries: Libraries,
    /// One change at a time.
    changing: Mutex<()>,
}

/// What a change of plugins changed.
pub(crate) struct Changed {
    /// One line for each plugin that could not be taken.
    pub(crate) mistakes: Vec<String>,
    /// Function types whose runner is another one now, or gone.
    pub(crate) types: Vec<String>,
}

impl Plugins {
    pub(crate) fn new(libraries: Libraries) -> Self {
        Self { active: ArcSwap::default(), libraries, changing: Mutex::new(()) }
    }

    /// The plugins that are on now.
    pub(crate) fn active(&self) -> arc_swap::Guard<Arc<Active>> {
        self.active.load()
    }

    /// Function types that a runner serves now.
    pub(crate) fn types(&self) -> Vec<String> {
        self.active.load().runners.keys().cloned().collect()
    }

    /// Makes what the configuration asks for. A plugin that fails is left as it was and reported. Blocks.
    pub(crate) fn apply(&self, config: &Config) -> Changed {
        let _one = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.active.load_full();
        let folders =
            Folders { config: config.folder.clone(), deploy: config.deploy.folder.clone() };
        let mut mistakes = Vec::new();
        let mut entries = Vec::new();
        let mut failed = Vec::new();
        for plugin in &config.plugins {
            let earlier = before.entry(plugin);
            match self.entry(plugin, earlier, &folders) {
                Ok(entry) => entries.extend(entry),
                Err(fault) => {
                    mistakes.push(mistake(config, plugin, &fault));
                    failed.push((plugin.clone(), self.signature(plugin)));
                    entries.extend(earlier.cloned());
                }
            }
        }
        let mut after = Active::new(entries, &config.auth.chain, &before);
        after.failed = failed;
        if after.closed.is_some() && before.was_made() {
            after.keep_door_of(&before);
        }
        let types = before.types_that_differ(&after);
        self.active.store(Arc::new(after));
        Changed { mistakes, types }
    }

    /// True when the library file of a plugin is another one now than the one that it was made from, or tried with in vain.
    pub(crate) fn files_changed(&self) -> bool {
        let active = self.active.load();
        let has_failed = |entry: &Entry| {
            active.failed.iter().any(|(plugin, _)| plugin.table() == entry.config.table())
        };
        let tried = active.failed.iter().map(|(config, tried)| (config, *tried));
        let made = active.entries.iter().filter(|entry| !has_failed(entry));
        let made = made.map(|entry| (&entry.config, entry.signature));
        made.chain(tried).any(|(config, known)| self.signature(config) != known)
    }

    fn signature(&self, plugin: &PluginConfig) -> Option<Signature> {
        signature(&self.libraries.find(plugin).ok()?)
    }

    /// An entry for a plugin, the earlier one where nothing has changed; none for an interpreter without a library.
    fn entry(
        &self,
        plugin: &PluginConfig,
        earlier: Option<&Entry>,
        folders: &Folders,
    ) -> Result<Option<Entry>, Fault> {
        let interpreter = plugin.interpreter();
        if interpreter.map_err(|(path, message)| Fault::config(path, &message))?.is_some() {
            return Ok(None);
        }
        let interface = match plugin.kind {
            PluginKind::Auth => AUTH_V1,
            PluginKind::Runner => RUNNER_V1,
            PluginKind::Language | PluginKind::Store => {
                self.libraries.find(plugin).map_err(|reason| {
                    let keys: Vec<_> = plugin.settings.keys().map(String::as_str).collect();
                    let found = if keys.is_empty() { "none".to_owned() } else { keys.join(", ") };
                    format!("{reason}; an interpreter without a plugin needs the key `command` (keys given: {found})")
                })?;
                return Err("this host has no interface for plugins of this kind yet"
                    .to_owned()
                    .into());
            }
        };
        let file = self.libraries.find(plugin)?;
        let signature = signature(&file);
        if let Some(earlier) = earlier
            && earlier.config == *plugin
            && earlier.signature == signature
            && earlier.file == file
        {
            return Ok(Some(earlier.clone()));
        }
        let library = load(&file, interface).map_err(|error| error.to_string())?;
        if let Some(earlier) = earlier
            && earlier.config == *plugin
            && earlier.hash == library.hash
        {
            return Ok(Some(Entry { file, signature, ..earlier.clone() }));
        }
        let instance = create_in_time(plugin.clone(), library.clone(), folders.clone())?;
        if earlier.is_some() {
            tracing::info!(
                plugin = plugin.table(),
                version = library.metadata.version,
                "plugin replaced"
            );
        }
        Ok(Some(Entry {
            config: plugin.clone(),
            file,
            metadata: library.metadata,
            hash: library.hash,
            signature,
            instance,
        }))
    }
}

/// `shortedfaas.toml:12: auth.api-key.ttl: what is wrong`.
fn mistake(config: &Config, plugin: &PluginConfig, fault: &Fault) -> String {
    let file = config
        .file
        .as_ref()
        .map_or("built-in configuration".into(), |file| file.display().to_string());
    let line = plugin.line_of(&fault.path);
    let place = if line == 0 { file } else { format!("{file}:{line}") };
    let table = plugin.table();
    let key = table.trim_matches(['[', ']']);
    let dot = if fault.path.is_empty() { "" } else { "." };
    format!("{place}: {key}{dot}{}: {}", fault.path, fault.message)
}

/// Creates an instance on a thread of its own: one that never comes back must not hold up the host.
fn create_in_time(plugin: PluginConfig, library: Library, folders: Folders) -> Result<Kind, Fault> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let work = move || {
        let made = match plugin.kind {
            PluginKind::Auth => Authenticator::create(&plugin, &library, &folders)
                .map(|made| Kind::Auth(Arc::new(made))),
            _ => {
                Runner::create(&plugin, &library, &folders).map(|made| Kind::Runner(Arc::new(made)))
            }
        };
        let _ = sender.send(made);
    };
    let thread = std::thread::Builder::new().name("plugin-create".into()).spawn(work);
    thread.map_err(|error| format!("no thread to create it on: {error}"))?;
    receiver.recv_timeout(CREATE_LIMIT).unwrap_or_else(|_| {
        Err(format!("`create` did not come back within {CREATE_LIMIT:?}").into())
    })
}

impl Preparer for Plugins {
    type Prepared = Deployed;

    async fn prepare(&self, function: Candidate<'_>) -> Result<(Deployed, Option<String>), String> {
        let kind = function.manifest.kind.as_str();
        let runner = self.active.load().runners.get(kind).cloned();
        let runner = runner.ok_or_else(|| format!("no runner for type `{kind}` is enabled"))?;
        let folder = function.folder.to_str().ok_or("the folder's path is not UTF-8")?;
        let deploy_folder =
            function.deploy_folder.to_str().ok_or("the deploy folder's path is not UTF-8")?;
        let spec = Spec {
            name: function.name,
            kind,
            folder,
            deploy_folder,
            generation: function.generation,
            manifest_json: function.manifest.runner_json(),
        };
        let (prepared, warning) = runner.prepare(spec).await.map_err(|fault| fault.to_string())?;
        Ok((Deployed::new(prepared, function.manifest), warning))
    }
}
