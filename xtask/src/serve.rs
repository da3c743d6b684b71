//! `cargo xtask serve`: the workspace, plugins included, built and serving.

use crate::workspace::{cargo, root, target_folder};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Builds all, then becomes the host.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let built = cargo(&["build", "--release", "--workspace"]).status();
    match built {
        Ok(status) if status.success() => {}
        Ok(status) => return Err(format!("the build ended with {status}")),
        Err(error) => return Err(format!("cargo cannot be started: {error}")),
    }
    let program = target_folder().join("release/shortedfaas");
    let mut host = Command::new(&program);
    host.arg("serve");
    let named = arguments
        .iter()
        .any(|argument| argument == "--config" || argument.starts_with("--config="));
    if !named {
        host.arg("--config").arg(root().join("shortedfaas.toml"));
    }
    // The process becomes the host: Ctrl-C and signals of a supervisor reach it itself.
    let error = host.args(arguments).exec();
    Err(format!("{} cannot be started: {error}", program.display()))
}
