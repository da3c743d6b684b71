//! The host under test: a configuration, a deploy folder, the plugins beside the binary.

use super::server::{Server, Starter};
use super::tools::Workshop;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SECRET: &str = "benchmark";
const AUTH: &str = "[auth]\nchain = [\"shared-secret\"]\n[auth.shared-secret]\n";

/// A host that is ready to be started, perhaps under another program.
pub(super) struct Host {
    directory: PathBuf,
    command: Command,
}

/// Runs the static echo once per call; auth and history on.
pub(super) fn executables(workshop: &Workshop) -> Result<Host, String> {
    let directory = workshop.directory.join("executables");
    let deploy = directory.join("deploy");
    function(&deploy, &workshop.echo, "echo", r#"{"type": "executable", "command": "./echo"}"#)?;
    Host::new(workshop, directory, &deploy, "[runners.executable]\n")
}

/// Gives bodies back in process through a runner that does nothing; auth and history on.
pub(super) fn noop(workshop: &Workshop) -> Result<Host, String> {
    let directory = workshop.directory.join("noop");
    let deploy = directory.join("deploy");
    let library = workshop.release.join("librunner_noop.so");
    function(&deploy, &library, "noop.so", r#"{"type": "native", "command": "noop.so"}"#)?;
    let runner = format!("[runners.noop]\nlibrary = \"{}\"\n", library.display());
    Host::new(workshop, directory, &deploy, &runner)
}

/// Serves the shipped functions; auth and history on.
pub(super) fn shipped(workshop: &Workshop) -> Result<Host, String> {
    let directory = workshop.directory.join("shipped");
    Host::new(workshop, directory, &workshop.repository.join("deploy"), "[runners.executable]\n")
}

impl Host {
    /// A host with these runners and languages; auth and history on.
    pub(super) fn new(
        workshop: &Workshop,
        directory: PathBuf,
        deploy: &Path,
        plugins: &str,
    ) -> Result<Self, String> {
        let config = directory.join("shortedfaas.toml");
        fs::create_dir_all(&directory)
            .and_then(|()| fs::write(&config, format!("{AUTH}{plugins}")))
            .map_err(|error| format!("cannot write {}: {error}", config.display()))?;
        let mut command = Command::new(workshop.release.join("shortedfaas"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(&config);
        command.arg("--deploy").arg(deploy).arg("--plugins").arg(&workshop.release);
        command.env("ShortedFaaS_SharedSecret", SECRET);
        Ok(Self { directory, command })
    }

    /// Starts it.
    pub(super) fn start(self, name: &str) -> Result<Server, String> {
        let mut starter = Starter::new(&self.directory)?;
        starter.start(&self.command)?;
        let mut server = starter.announced(name)?;
        server.authorization = Some(authorization());
        Ok(server)
    }

    /// The same as an argument of `outer`.
    pub(super) fn under(mut self, mut outer: Command) -> Self {
        outer.arg(self.command.get_program()).args(self.command.get_args());
        for (name, value) in self.command.get_envs() {
            outer.env(name, value.unwrap_or_default());
        }
        self.command = outer;
        self
    }
}

/// The header that the host wants. Who is compared with its bare path gets it too: a header more is 700 instructions.
pub(super) fn authorization() -> String {
    format!("SharedSecret {SECRET}")
}

fn function(deploy: &Path, program: &Path, name: &str, manifest: &str) -> Result<(), String> {
    let folder = deploy.join("echo");
    fs::create_dir_all(&folder)
        .and_then(|()| fs::copy(program, folder.join(name)))
        .and_then(|_| fs::write(folder.join("run.json"), manifest))
        .map_err(|error| format!("cannot deploy {}: {error}", folder.display()))
}
