//! `shortedfaas build FOLDER`: compiles a function as its language says, whether or not a host is running.

use super::Failure;
use super::arguments::{BuildArguments, Places};
use super::serve;
use crate::app::defaults;
use crate::build::{Build, Builder, Stop, build as run_build};
use crate::config::{Config, PluginKind};
use crate::functions::{Manifest, load_manifest};
use crate::plugins::{Language, Libraries, PlanView, Plugins, Spec};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A build may change what it is a build of: cargo writes a lock file where there is none.
const MOST_ROUNDS: u32 = 3;

pub(super) fn build(arguments: BuildArguments) -> Result<(), Failure> {
    let done = build_folder(&arguments);
    if arguments.json {
        let (program, error) = match &done {
            Ok(Built { program, .. }) => (program.as_ref(), None),
            Err(Failure::Failed(error) | Failure::Usage(error)) => (None, Some(error)),
        };
        let built = matches!(&done, Ok(Built { fresh: true, .. }));
        println!("{}", json!({ "program": program, "built": built, "error": error }));
    }
    let built = done?;
    match (&built.program, built.fresh) {
        _ if arguments.json => {}
        (None, _) => println!("nothing to build: {}", built.note),
        (Some(program), true) => println!("built {}", program.display()),
        (Some(program), false) => println!("built already: {}", program.display()),
    }
    Ok(())
}

struct Built {
    program: Option<PathBuf>,
    /// It was not there before.
    fresh: bool,
    note: String,
}

fn build_folder(arguments: &BuildArguments) -> Result<Built, Failure> {
    let shown = arguments.folder.display();
    let folder = arguments.folder.canonicalize().ok().filter(|folder| folder.is_dir());
    let folder = folder.ok_or_else(|| Failure::Usage(format!("`{shown}` is no folder")))?;
    let (config, plugins, mistakes) = languages(&arguments.places)?;
    let defaults = defaults(&config, &plugins).with_all_types();
    let manifest = load_manifest(&folder, &defaults);
    let manifest =
        manifest.map_err(|refusal| Failure::Usage(format!("{shown}: {}", refusal.reason)))?;
    if !manifest.needs_plan() || manifest.kind != "compiled" {
        let note = format!("{shown} is of type `{}`", manifest.kind);
        return Ok(Built { program: None, fresh: false, note });
    }
    let name = manifest.language.as_str();
    let language = plugins.language(name).ok_or_else(|| {
        let missing =
            format!("no language `{name}` is enabled: add [languages.{name}] to shortedfaas.toml");
        Failure::Usage(if mistakes.is_empty() { missing } else { mistakes.join("\n") })
    })?;
    run(&language, &manifest, &folder, arguments)
}

fn run(
    language: &Language,
    manifest: &Manifest,
    folder: &Path,
    arguments: &BuildArguments,
) -> Result<Built, Failure> {
    let mut fresh = false;
    for _ in 0..MOST_ROUNDS {
        let build = plan(language, manifest, folder)?;
        if build.is_done() {
            return Ok(Built { program: Some(build.output), fresh, note: String::new() });
        }
        run_build(&build, &Stop::default(), !arguments.json).map_err(|error| {
            // What the compiler said has been shown already.
            let shown = if arguments.json { error.as_str() } else { headline(&error) };
            Failure::Failed(shown.to_owned())
        })?;
        fresh = true;
    }
    Err(Failure::Failed("the sources change while they are built: try again when they rest".into()))
}

fn headline(error: &str) -> &str {
    error.split_once(": ").map_or(error, |(headline, _)| headline)
}

fn plan(language: &Language, manifest: &Manifest, folder: &Path) -> Result<Build, Failure> {
    let failed = |error: String| Failure::Failed(error);
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let spec = Spec {
        name: folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        kind: manifest.kind.clone(),
        folder: text(folder),
        deploy_folder: text(folder.parent().unwrap_or(folder)),
        generation: 1,
        manifest_json: manifest.runner_json(None),
    };
    let plan: Value = language.plan(&spec).map_err(|fault| failed(fault.to_string()))?;
    let view = PlanView::deserialize(&plan).map_err(|error| failed(error.to_string()))?;
    let build = view.build.ok_or_else(|| failed("its language has no build".to_owned()))?;
    Build::read(build).map_err(failed)
}

/// The languages that are on, and what is wrong with those that are not.
pub(super) fn languages(places: &Places) -> Result<(Config, Arc<Plugins>, Vec<String>), Failure> {
    let setup = places.setup();
    let mut config = serve::configuration(&serve::arguments(&setup))?;
    config.plugins.retain(|plugin| plugin.kind == PluginKind::Language);
    let plugins = Arc::new(Plugins::new(Libraries::new(setup.plugins), Builder::idle()));
    let mistakes = plugins.apply(&config).mistakes;
    Ok((config, plugins, mistakes))
}
