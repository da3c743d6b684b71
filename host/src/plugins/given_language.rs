//! An interpreter that is given wholly in the configuration: `[languages.tcl] command = "tclsh"`, with a `launcher` for function code.

use super::fault::{Fault, FaultKind};
use super::language::Description;
use super::runner::Spec;
use crate::config::{Interpreter, PluginConfig};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A command line and, for `interpreted`, a launcher of the protocol in `launchers/PROTOCOL.md`.
pub(crate) struct GivenLanguage {
    pub(super) config: PluginConfig,
    words: Vec<String>,
    /// Absolute.
    launcher: Option<PathBuf>,
}

impl GivenLanguage {
    pub(super) fn new(
        config: PluginConfig,
        interpreter: Interpreter,
        config_folder: &Path,
    ) -> Result<Self, Fault> {
        let launcher = interpreter.launcher.map(|file| config_folder.join(file));
        if let Some(file) = launcher.as_ref().filter(|file| !file.is_file()) {
            let message = format!("the launcher {} is not there", file.display());
            return Err(Fault::config("launcher", &message));
        }
        Ok(Self { config, words: interpreter.words, launcher })
    }

    pub(super) fn describe(&self) -> Description {
        let with_launcher = self.launcher.as_ref().map(|_| "interpreted".to_owned());
        let types = ["launched".to_owned()].into_iter().chain(with_launcher).collect();
        Description { types, samples: Vec::new() }
    }

    pub(super) fn plan(&self, spec: &Spec) -> Result<Value, Fault> {
        let (command, leading) = self.words.split_first().expect("made of a command that is there");
        if spec.kind == "launched" {
            return Ok(json!({ "command": command, "arguments": leading }));
        }
        let table = self.config.table();
        let Some(launcher) = self.launcher.as_ref().filter(|_| spec.kind == "interpreted") else {
            return Err(broken(&format!(
                "the language of {table} runs no `{}` function: give it a `launcher` there for `interpreted`, or enable its plugin",
                spec.kind
            )));
        };
        let manifest: Value = serde_json::from_str(&spec.manifest_json).unwrap_or_default();
        let file = handler_file(&manifest, Path::new(&spec.folder))?;
        let program = on_path(command).ok_or_else(|| {
            broken(&format!("the interpreter `{command}` of {table} is not installed: install it, or correct `command`"))
        })?;
        let arguments: Vec<String> = leading.iter().cloned().chain([text(launcher)]).collect();
        Ok(json!({
            "command": text(&program), "arguments": arguments, "file": file, "handler": manifest["handler"],
        }))
    }
}

/// The first of the function's `arguments`.
fn handler_file(manifest: &Value, folder: &Path) -> Result<String, Fault> {
    let Some(file) = manifest["arguments"][0].as_str() else {
        return Err(broken("`arguments` names no file: write the handler's file there"));
    };
    match folder.join(file).is_file() {
        true => Ok(file.to_owned()),
        false => Err(broken(&format!("the handler's file `{file}` is not in the folder"))),
    }
}

fn on_path(command: &str) -> Option<PathBuf> {
    let runs = |path: &PathBuf| {
        path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    if command.contains('/') {
        return Some(PathBuf::from(command)).filter(runs);
    }
    let search = crate::config::Environment::variable_of_process("PATH")?;
    std::env::split_paths(&search).map(|folder| folder.join(command)).find(runs)
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn broken(message: &str) -> Fault {
    Fault::of(FaultKind::Config, message)
}
