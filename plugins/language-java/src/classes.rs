//! The launcher's classes, compiled by the Java that runs them.

use crate::Java;
use languages::{Describe, Program};
use plugin_api::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// One compiles, the others wait for its result.
static COMPILING: Mutex<()> = Mutex::new(());

/// Where things are, as arguments.
pub(crate) struct Launcher {
    /// The launcher's class path.
    pub(crate) classes: String,
    /// Where it keeps what it compiles itself.
    pub(crate) compiled: String,
}

/// The launcher in `folder` for one Java. Blocks a second or two the first time.
pub(crate) fn of(folder: &Path, java: &Program) -> Result<Launcher> {
    let _one_at_a_time = COMPILING.lock().unwrap_or_else(PoisonError::into_inner);
    // An older Java cannot read what a newer one has compiled.
    let classes = folder.join(format!("classes-{}", java.version));
    let compiled = folder.join("compiled");
    std::fs::create_dir_all(&compiled).map_err(|error| failed(&compiled, &error.to_string()))?;
    if !classes.is_dir() {
        compile(folder, java, &classes)?;
    }
    Ok(Launcher { classes: text(&classes), compiled: text(&compiled) })
}

fn compile(folder: &Path, java: &Program, classes: &Path) -> Result<()> {
    let making = folder.join("making");
    let _there_is_none = std::fs::remove_dir_all(&making);
    let sources: Vec<PathBuf> =
        Java::LANGUAGE.launcher.iter().map(|file| folder.join(file.name)).collect();
    let mut command = Command::new(&java.path);
    // Concatenation as of old: the newer one costs every cold start its set-up.
    command.args([
        "-m",
        "jdk.compiler/com.sun.tools.javac.Main",
        "-XDstringConcat=inline",
        "-nowarn",
    ]);
    command.arg("-d").arg(&making).args(&sources).current_dir(folder).stdin(Stdio::null());
    let output = command.output().map_err(|error| failed(&java.path, &error.to_string()))?;
    if output.status.success() {
        return std::fs::rename(&making, classes)
            .map_err(|error| failed(classes, &error.to_string()));
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    if said.contains("jdk.compiler not found") {
        let (path, install) = (java.path.display(), Java::LANGUAGE.install);
        return Err(Error::config(
            "",
            format!("{path} has no compiler, which function code in Java needs: run `{install}`"),
        ));
    }
    Err(failed(&java.path, said.trim()))
}

fn failed(path: &Path, why: &str) -> Error {
    Error::plugin(format!("the launcher for Java cannot be compiled: {}: {why}", path.display()))
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launcher_folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("shortedfaas")).unwrap();
        for file in Java::LANGUAGE.launcher {
            std::fs::write(folder.path().join(file.name), file.content).unwrap();
        }
        folder
    }

    #[test]
    fn the_launcher_is_compiled_once() {
        let folder = launcher_folder();
        let java = Program { path: "/usr/bin/env".into(), version: "1".to_owned() };
        assert!(of(folder.path(), &java).is_err(), "env is no Java");
        let java = Program { path: which("java"), version: "17.0.1".to_owned() };
        let launcher = of(folder.path(), &java).unwrap();
        let class = Path::new(&launcher.classes).join("shortedfaas/Launcher.class");
        let made = class.metadata().unwrap().modified().unwrap();
        of(folder.path(), &java).unwrap();
        assert_eq!(class.metadata().unwrap().modified().unwrap(), made);
        assert!(Path::new(&launcher.compiled).is_dir());
    }

    fn which(name: &str) -> PathBuf {
        let search = std::env::var_os("PATH").unwrap();
        std::env::split_paths(&search)
            .map(|folder| folder.join(name))
            .find(|path| path.is_file())
            .unwrap()
    }
}
