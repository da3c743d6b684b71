//! What runs the functions of a language: a plugin's instance, or an interpreter that the configuration gives wholly.

use super::create::{Folders, create, in_background};
use super::fault::{Fault, FaultKind};
use super::given_language::GivenLanguage;
use super::library::load;
use super::runner::Spec;
use crate::config::PluginConfig;
use abi_stable::std_types::{RResult, RString};
use plugin_abi::{AbiError, Instance, LANGUAGE_V1, LanguageV1};
use serde::Deserialize;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// A language that is on.
pub(crate) enum Language {
    Plugin(PluginLanguage),
    Given(GivenLanguage),
}

/// A language plugin. Its library is loaded with the first function of the language: who has none pays nothing for it.
pub(crate) struct PluginLanguage {
    config: PluginConfig,
    file: PathBuf,
    folders: Folders,
    loaded: Mutex<Option<Loaded>>,
}

/// What the host reads of a plan; the whole of it goes to the runner.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PlanView {
    pub(crate) command: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) version: String,
    pub(crate) build: Option<Value>,
    pub(crate) warning: Option<String>,
}

/// A first function for `shortedfaas new`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sample {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) files: Vec<(String, String)>,
}

/// What a language can do.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Description {
    pub(crate) types: Vec<String>,
    pub(crate) samples: Vec<Sample>,
}

#[derive(Clone, Copy)]
struct Loaded {
    table: &'static LanguageV1,
    instance: Instance,
}

impl Language {
    /// What it can do. Blocks.
    pub(crate) fn describe(&self) -> Result<Description, Fault> {
        match self {
            Self::Plugin(plugin) => plugin.describe(),
            Self::Given(given) => Ok(given.describe()),
        }
    }

    /// What runs the function. Blocks some seconds where an interpreter must be asked.
    pub(crate) fn plan(&self, spec: &Spec) -> Result<Value, Fault> {
        match self {
            Self::Plugin(plugin) => plugin.plan(spec),
            Self::Given(given) => given.plan(spec),
        }
    }
}

impl PluginLanguage {
    /// A plugin whose library has been checked but not loaded.
    pub(super) fn new(config: PluginConfig, file: PathBuf, folders: Folders) -> Self {
        Self { config, file, folders, loaded: Mutex::new(None) }
    }

    /// Loads it now, so that mistakes of its table are known. Blocks.
    pub(super) fn load(&self) -> Result<(), Fault> {
        self.loaded().map(|_| ())
    }

    fn loaded(&self) -> Result<Loaded, Fault> {
        let mut slot = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = *slot {
            return Ok(loaded);
        }
        let library = load(&self.file, LANGUAGE_V1).map_err(|error| error.to_string())?;
        let table = library.interface::<LanguageV1>(LANGUAGE_V1)?;
        let instance = create(table.create, &self.config, &self.folders)?;
        Ok(*slot.insert(Loaded { table, instance }))
    }

    fn describe(&self) -> Result<Description, Fault> {
        let Loaded { table, instance } = self.loaded()?;
        serde_json::from_value(self.read((table.describe)(instance))?)
            .map_err(|error| self.odd(&error))
    }

    fn plan(&self, spec: &Spec) -> Result<Value, Fault> {
        let Loaded { table, instance } = self.loaded()?;
        self.read((table.plan)(instance, spec.to_abi()))
    }

    fn read(&self, answer: RResult<RString, AbiError>) -> Result<Value, Fault> {
        match answer {
            RResult::RErr(error) => Err(error.into()),
            RResult::ROk(json) => serde_json::from_str(&json).map_err(|error| self.odd(&error)),
        }
    }

    fn odd(&self, error: &serde_json::Error) -> Fault {
        let table = self.config.table();
        Fault::of(FaultKind::Plugin, &format!("the plugin {table} answered nonsense: {error}"))
    }
}

impl Drop for PluginLanguage {
    fn drop(&mut self) {
        let slot = self.loaded.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(Loaded { table, instance }) = slot.take() {
            let destroy = table.destroy;
            in_background(move || destroy(instance));
        }
    }
}
