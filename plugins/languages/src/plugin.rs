//! The plugin that a constant [`Language`] becomes.

use crate::answer::is_at_least;
use crate::wording::alternatives;
use crate::{
    Context, Describe, Interpreters, Language, LauncherFolder, Program, Settings, handler_file,
};
use plugin_api::{
    CommandLine, Description, Error, FunctionSpec, Host, LanguagePlugin, Plan, Result, Sample,
    serde,
};
use std::marker::PhantomData;
use std::path::Path;

/// A language plugin for an interpreted language: `export_plugin!(language: Plugin<Ruby>)`.
#[derive(Debug)]
pub struct Plugin<D> {
    settings: Settings,
    interpreters: Interpreters,
    launcher: LauncherFolder,
    described: PhantomData<fn() -> D>,
}

/// Keys of a function's manifest that matter here.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(crate = "plugin_api::serde", default)]
pub struct Keys {
    /// `command`, where run.json has one.
    pub command: Option<String>,
    /// `arguments`, as words.
    pub arguments: Vec<String>,
    /// `handler`.
    pub handler: Option<String>,
    /// `signature`; none: `shortedfaas`.
    pub signature: Option<String>,
}

impl<D: Describe> Plugin<D> {
    /// With settings from somewhere else than the usual table; `config_folder` is [`plugin_api::Folders::config`].
    #[must_use]
    pub fn with(settings: Settings, config_folder: &Path) -> Self {
        let language = D::LANGUAGE;
        Self {
            interpreters: Interpreters::new(language, &settings, config_folder),
            launcher: LauncherFolder::new(language.launcher),
            settings,
            described: PhantomData,
        }
    }

    fn launched(&self, program: &Program) -> Plan {
        let options = D::LANGUAGE.launched_options.iter().map(ToString::to_string);
        Plan {
            command: text(&program.path),
            arguments: self.settings.arguments.iter().cloned().chain(options).collect(),
            version: program.version.clone(),
            ..Plan::default()
        }
    }

    fn interpreted(
        &self,
        function: &FunctionSpec,
        keys: &Keys,
        program: &Program,
        launcher_folder: &Path,
    ) -> Result<Plan> {
        let language: &Language = D::LANGUAGE;
        check_age(language, program)?;
        let found = handler_file(language, &function.folder, &function.deploy_folder, keys)?;
        let launcher = language.launcher.first().map_or("", |file| file.name);
        let mut arguments = self.settings.arguments.clone();
        arguments.extend(found.before);
        arguments.extend(language.options.iter().map(ToString::to_string));
        arguments.push(text(&launcher_folder.join(launcher)));
        let command = text(&program.path);
        let template = language.template.map(|words| CommandLine {
            command: command.clone(),
            arguments: arguments
                .iter()
                .cloned()
                .chain(words.iter().map(ToString::to_string))
                .collect(),
        });
        arguments.extend(found.after);
        Ok(Plan {
            command,
            arguments,
            version: program.version.clone(),
            file: Some(found.file),
            handler: found.handler,
            template,
            ..Plan::default()
        })
    }
}

impl<D: Describe> LanguagePlugin for Plugin<D> {
    type Config = Settings;

    fn new(config: Settings, host: Host) -> Result<Self> {
        Ok(Self::with(config, &host.folders().config))
    }

    fn description(&self) -> Description {
        let language: &Language = D::LANGUAGE;
        let owned = |(name, content): &(&str, &str)| ((*name).to_owned(), (*content).to_owned());
        let samples = language.samples.iter().map(|sample| Sample {
            kind: sample.kind.to_owned(),
            files: sample.files.iter().map(owned).collect(),
        });
        Description {
            types: language.types().iter().map(ToString::to_string).collect(),
            samples: samples.collect(),
        }
    }

    fn plan(&self, function: &FunctionSpec) -> Result<Plan> {
        let language: &Language = D::LANGUAGE;
        let keys: Keys = function.manifest()?;
        check(language, function, &keys)?;
        let program = self.interpreters.find(keys.command.as_deref(), &function.folder)?;
        let folder = match function.kind.as_str() {
            "launched" => None,
            _ => Some(self.launcher.path()?),
        };
        let mut plan = match &folder {
            None => self.launched(&program),
            Some(folder) => self.interpreted(function, &keys, &program, folder)?,
        };
        let launcher_folder = folder.as_deref();
        let context = Context { function, keys: &keys, program: &program, launcher_folder };
        (language.complete)(&context, &mut plan)?;
        Ok(plan)
    }
}

fn check(language: &Language, function: &FunctionSpec, keys: &Keys) -> Result<()> {
    let (name, kind) = (language.name, function.kind.as_str());
    if !language.types().contains(&kind) {
        let types = alternatives(language.types());
        return Err(Error::config("type", format!("is `{kind}`: functions in {name} are {types}")));
    }
    let signature = keys.signature.as_deref().unwrap_or("shortedfaas");
    if kind == "interpreted" && !language.signatures.contains(&signature) {
        let known = alternatives(language.signatures);
        return Err(Error::config("signature", format!("is `{signature}`: {name} takes {known}")));
    }
    Ok(())
}

fn check_age(language: &Language, program: &Program) -> Result<()> {
    let (major, minor) = language.oldest;
    if is_at_least(&program.version, language.oldest) {
        return Ok(());
    }
    Err(Error::config(
        "",
        format!(
            "{} is {} {}, and functions in it need {major}.{minor} or newer: run `{}`, or name a newer one as `command` in [languages.{}]",
            program.path.display(),
            language.name,
            program.version,
            language.install,
            language.name
        ),
    ))
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
