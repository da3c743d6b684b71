//! The plugins that are on: made from the configuration, replaced one by one while requests run.

use super::active::{Active, Entry, Kind};
use super::auth::Authenticator;
use super::create::Folders;
use super::fault::Fault;
use super::given_language::GivenLanguage;
use super::language::{Language, PluginLanguage};
use super::library::{examine, load};
use super::locate::{Libraries, Signature, signature};
use super::runner::Runner;
use crate::build::Builder;
use crate::config::{Config, PluginConfig, PluginKind};
use arc_swap::ArcSwap;
use plugin_abi::{AUTH_V1, LANGUAGE_V1, RUNNER_V1};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long `create` of a plugin may take.
const CREATE_LIMIT: Duration = Duration::from_secs(30);

/// The plugins that are on now, and what is needed to make others.
pub(crate) struct Plugins {
    active: ArcSwap<Active>,
    libraries: Libraries,
    pub(super) builder: Arc<Builder>,
    /// One change at a time.
    changing: Mutex<()>,
}

/// What a change of plugins changed.
pub(crate) struct Changed {
    /// One line for each plugin that could not be taken.
    pub(crate) mistakes: Vec<String>,
    /// Function types whose runner is another one now, or gone.
    pub(crate) types: Vec<String>,
    /// Languages that are other ones now, or gone.
    pub(crate) languages: Vec<String>,
}

impl Plugins {
    pub(crate) fn new(libraries: Libraries, builder: Builder) -> Self {
        let builder = Arc::new(builder);
        Self { active: ArcSwap::default(), libraries, builder, changing: Mutex::new(()) }
    }

    /// The plugins that are on now.
    pub(crate) fn active(&self) -> arc_swap::Guard<Arc<Active>> {
        self.active.load()
    }

    /// Function types that a runner serves now.
    pub(crate) fn types(&self) -> Vec<String> {
        self.active.load().runners.keys().cloned().collect()
    }

    /// Languages that are on.
    pub(crate) fn language_names(&self) -> Vec<String> {
        self.active.load().languages.keys().cloned().collect()
    }

    /// A language that is on.
    pub(crate) fn language(&self, name: &str) -> Option<Arc<Language>> {
        self.active.load().languages.get(name).cloned()
    }

    /// Makes what the configuration asks for. A plugin that fails is left as it was and reported. Blocks.
    pub(crate) fn apply(&self, config: &Config) -> Changed {
        let _one = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.active.load_full();
        let folders =
            Folders { config: config.folder.clone(), deploy: config.deploy.folder.clone() };
        let mut mistakes = Vec::new();
        let mut entries = Vec::new();
        let mut given = Vec::new();
        let mut failed = Vec::new();
        for plugin in &config.plugins {
            let earlier = before.entry(plugin);
            match self.make(plugin, earlier, &before, &folders) {
                Ok(Made::Entry(entry)) => entries.push(*entry),
                Ok(Made::Given(language)) => given.push((plugin.name.clone(), language)),
                Err(fault) => {
                    mistakes.push(mistake(config, plugin, &fault));
                    failed.push((plugin.clone(), self.signature(plugin)));
                    entries.extend(earlier.cloned());
                }
            }
        }
        let mut after = Active::new(entries, given, &config.auth.chain, &before);
        after.failed = failed;
        if after.closed.is_some() && before.was_made() {
            after.keep_door_of(&before);
        }
        let (types, languages) = before.differences(&after);
        self.active.store(Arc::new(after));
        Changed { mistakes, types, languages }
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

    /// What a table enables; the earlier instance where nothing has changed.
    fn make(
        &self,
        plugin: &PluginConfig,
        earlier: Option<&Entry>,
        before: &Active,
        folders: &Folders,
    ) -> Result<Made, Fault> {
        let interface = match plugin.kind {
            PluginKind::Auth => AUTH_V1,
            PluginKind::Runner => RUNNER_V1,
            PluginKind::Language => match self.libraries.find(plugin) {
                Ok(_) => LANGUAGE_V1,
                Err(reason) => return given(plugin, before, folders, &reason),
            },
            PluginKind::Store => {
                let message = "this host has no interface for plugins of this kind yet";
                return Err(message.to_owned().into());
            }
        };
        self.entry(plugin, interface, earlier, folders).map(|entry| Made::Entry(Box::new(entry)))
    }

    fn entry(
        &self,
        plugin: &PluginConfig,
        interface: &str,
        earlier: Option<&Entry>,
        folders: &Folders,
    ) -> Result<Entry, Fault> {
        let file = self.libraries.find(plugin)?;
        let signature = signature(&file);
        if let Some(earlier) = earlier
            && earlier.config == *plugin
            && earlier.signature == signature
            && earlier.file == file
        {
            return Ok(earlier.clone());
        }
        let (hash, metadata) = examine(&file, interface).map_err(|error| error.to_string())?;
        if let Some(earlier) = earlier
            && earlier.config == *plugin
            && earlier.hash == hash
        {
            return Ok(Entry { file, signature, ..earlier.clone() });
        }
        let instance = create_in_time(plugin.clone(), file.clone(), folders.clone())?;
        if earlier.is_some() {
            tracing::info!(plugin = plugin.table(), version = metadata.version, "plugin replaced");
        }
        Ok(Entry { config: plugin.clone(), file, metadata, hash, signature, instance })
    }
}

/// What a table enables.
enum Made {
    Entry(Box<Entry>),
    /// A language without a plugin.
    Given(Arc<Language>),
}

fn given(
    plugin: &PluginConfig,
    before: &Active,
    folders: &Folders,
    no_library: &str,
) -> Result<Made, Fault> {
    let interpreter = plugin.interpreter();
    let interpreter = interpreter.map_err(|(path, message)| Fault::config(&path, &message))?;
    let Some(interpreter) = interpreter else {
        let keys: Vec<_> = plugin.settings.keys().map(String::as_str).collect();
        let found = if keys.is_empty() { "none".to_owned() } else { keys.join(", ") };
        return Err(format!("{no_library}; an interpreter without a plugin needs the key `command` (keys given: {found})").into());
    };
    if let Some(earlier) = before.languages.get(&plugin.name)
        && matches!(&**earlier, Language::Given(given) if given.config == *plugin)
    {
        return Ok(Made::Given(Arc::clone(earlier)));
    }
    let language = GivenLanguage::new(plugin.clone(), interpreter, &folders.config)?;
    Ok(Made::Given(Arc::new(Language::Given(language))))
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
fn create_in_time(plugin: PluginConfig, file: PathBuf, folders: Folders) -> Result<Kind, Fault> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let work = move || {
        let _ = sender.send(create(plugin, file, folders));
    };
    let thread = std::thread::Builder::new().name("plugin-create".into()).spawn(work);
    thread.map_err(|error| format!("no thread to create it on: {error}"))?;
    receiver.recv_timeout(CREATE_LIMIT).unwrap_or_else(|_| {
        Err(format!("`create` did not come back within {CREATE_LIMIT:?}").into())
    })
}

fn create(plugin: PluginConfig, file: PathBuf, folders: Folders) -> Result<Kind, Fault> {
    let load = |interface| load(&file, interface).map_err(|error| Fault::from(error.to_string()));
    Ok(match plugin.kind {
        PluginKind::Auth => {
            let made = Authenticator::create(&plugin, &load(AUTH_V1)?, &folders)?;
            Kind::Auth(Arc::new(made))
        }
        PluginKind::Language => {
            let has_settings = !plugin.settings.is_empty();
            let language = PluginLanguage::new(plugin, file, folders);
            // What is written in its table is checked now; the rest can wait for the first function.
            if has_settings {
                language.load()?;
            }
            Kind::Language(Arc::new(Language::Plugin(language)))
        }
        PluginKind::Runner | PluginKind::Store => {
            Kind::Runner(Arc::new(Runner::create(&plugin, &load(RUNNER_V1)?, &folders)?))
        }
    })
}
