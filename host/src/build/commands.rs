//! All commands of a build, in a folder that takes its name when they have succeeded.

use super::tail::Tail;
use super::tree::{Bounds, Unfinished, run};
use super::{BUILD_FOLDER, Build, BuildCommand, LONGEST};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds; the error is for the operator.
pub(super) fn run_all(build: &Build, bounds: &Bounds<'_>) -> Result<(), String> {
    let folder = Unnamed::make(build.folder())?;
    for command in &build.commands {
        let mut tail = Tail::default();
        if let Err(unfinished) = run(made(command, &folder.path), bounds, &mut tail) {
            // Somebody else may have been quicker.
            return if build.is_done() { Ok(()) } else { Err(told(command, unfinished, tail)) };
        }
    }
    folder.name(build)
}

fn made(command: &BuildCommand, folder: &Path) -> Command {
    let folder = folder.to_string_lossy();
    let filled = |text: &String| text.replace(BUILD_FOLDER, &folder);
    let mut words = command.command.iter().map(filled);
    let mut made = Command::new(words.next().unwrap_or_default());
    made.args(words).current_dir(filled(&command.folder));
    made.envs(command.environment.iter().map(|(name, value)| (name, filled(value))));
    made
}

fn told(command: &BuildCommand, unfinished: Unfinished, tail: Tail) -> String {
    let program = command.command.first().map(Path::new).and_then(Path::file_name);
    let program = program.unwrap_or_default().to_string_lossy();
    let said = tail.text();
    let said = if said.is_empty() { said } else { format!(": {said}") };
    match unfinished {
        Unfinished::TooLong => {
            format!("the build took longer than {} minutes{said}", LONGEST.as_secs() / 60)
        }
        Unfinished::Stopped => "the build was stopped".to_owned(),
        other => format!("the build failed, `{program}` {other}{said}"),
    }
}

/// Where a build works; removed when it has come to nothing.
struct Unnamed {
    path: PathBuf,
}

impl Unnamed {
    fn make(named: &Path) -> Result<Self, String> {
        let name = named.file_name().unwrap_or_default().to_string_lossy();
        // The ending is one that the watching of functions passes over.
        let path = named.with_file_name(format!("{name}.{}.tmp", std::process::id()));
        let cannot = |error: std::io::Error| {
            format!("the build's folder `{}` cannot be made: {error}", path.display())
        };
        if let Err(error) = std::fs::remove_dir_all(&path)
            && error.kind() != ErrorKind::NotFound
        {
            return Err(cannot(error));
        }
        std::fs::create_dir_all(&path).map_err(cannot)?;
        Ok(Self { path })
    }

    fn name(self, build: &Build) -> Result<(), String> {
        let file = build.output.file_name().unwrap_or_default();
        if !self.path.join(file).is_file() {
            return Err(format!("the build has not made its output `{}`", build.output.display()));
        }
        let mut named = std::fs::rename(&self.path, build.folder());
        if named.is_err() && !build.is_done() {
            // What somebody left there is not the output.
            named = std::fs::remove_dir_all(build.folder())
                .and_then(|()| std::fs::rename(&self.path, build.folder()));
        }
        match named {
            Err(error) if !build.is_done() => {
                Err(format!("the build's output cannot be put into place: {error}"))
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Unnamed {
    fn drop(&mut self) {
        // Not there when it has been named.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
