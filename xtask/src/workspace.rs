//! Where things are, and cargo as it was called.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the root of the repository")
}

/// Where cargo builds: `CARGO_TARGET_DIR`, or `target/` of the repository.
pub(crate) fn target_folder() -> PathBuf {
    // Relative to the working directory, as cargo takes it.
    let named = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    match named.map(std::path::absolute) {
        Some(Ok(folder)) => folder,
        _ => root().join("target"),
    }
}

/// A cargo command that runs in the root of the repository.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).env("CARGO_TARGET_DIR", target_folder()).args(arguments);
    command
}

/// How a command line is shown.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words =
        words.map(|word| Path::new(word).file_name().filter(|_| word.len() > 60).unwrap_or(word));
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
