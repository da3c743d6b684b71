//! A host in the making: its folder, its configuration, its functions, its environment.

use super::finished::Finished;
use super::{Folder, Host};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Everything a host is started with. The folder goes when the host goes.
pub(crate) struct Setup {
    folder: TempDir,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    working_folder: PathBuf,
    config_is_named: bool,
    files: super::processes::OpenFiles,
}

impl Setup {
    /// The executable runner, no authentication, nothing deployed.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("shortedfaas-test-").tempdir().unwrap();
        let setup = Self {
            working_folder: folder.path().to_owned(),
            folder,
            arguments: Vec::new(),
            environment: Vec::new(),
            config_is_named: true,
            files: super::processes::OpenFiles::Inherited,
        };
        std::fs::create_dir(setup.deploy_folder()).unwrap();
        std::fs::create_dir(setup.path("staging")).unwrap();
        setup.config("[runners.executable]\n")
    }

    /// A path in the host's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn deploy_folder(&self) -> PathBuf {
        self.path("deploy")
    }

    pub(crate) fn config_file(&self) -> PathBuf {
        self.path("shortedfaas.toml")
    }

    /// The whole configuration file.
    pub(crate) fn config(self, text: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.config_file(), text).unwrap();
        self
    }

    /// The configuration with the executable runner on, and this besides.
    pub(crate) fn config_with(self, more: &str) -> Self {
        self.config(format!("[runners.executable]\n{more}"))
    }

    pub(crate) fn function(self, name: &str, folder: &Folder) -> Self {
        folder.write(&self.deploy_folder().join(name));
        self
    }

    pub(crate) fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// One more argument of `shortedfaas serve`.
    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Does not say `--config`.
    pub(crate) fn without_naming_the_config(mut self) -> Self {
        self.config_is_named = false;
        self
    }

    pub(crate) fn working_folder(mut self, folder: PathBuf) -> Self {
        self.working_folder = folder;
        self
    }

    /// Most descriptors that the host may have open.
    pub(crate) fn open_files(mut self, limit: u64) -> Self {
        self.files = super::processes::OpenFiles::AtMost(limit);
        self
    }

    /// Starts it on a free port and waits until it says where it listens.
    #[track_caller]
    pub(crate) fn start(self) -> Host {
        let with_port = self.argument("--listen").argument("127.0.0.1:0");
        Host::start(with_port)
    }

    /// Runs it as it is, to its end.
    #[track_caller]
    pub(crate) fn run(&self) -> Finished {
        Finished::of(self.command(), &self.path("log"))
    }

    /// The command line; standard output is piped, standard error goes to the file `log`.
    pub(crate) fn command(&self) -> Command {
        require_plugins();
        let mut command = self.files.command(env!("CARGO_BIN_EXE_shortedfaas"));
        command.arg("serve").current_dir(&self.working_folder);
        if self.config_is_named {
            command.arg("--config").arg(self.config_file());
            command.arg("--deploy").arg(self.deploy_folder());
        }
        command.args(&self.arguments);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().to_ascii_lowercase().starts_with("shortedfaas") {
                command.env_remove(name);
            }
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let log = std::fs::File::create(self.path("log")).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        command
    }

    /// For a failing test: what there was.
    pub(crate) fn describe(&self) -> String {
        let config = std::fs::read(self.config_file()).unwrap_or_default();
        let log = std::fs::read(self.path("log")).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        format!(
            "arguments: {:?}\nenvironment: {:?}\nconfig:\n{}\ndeployed: {:?}\nlog ({} lines, the last):\n{}",
            self.arguments,
            self.environment,
            String::from_utf8_lossy(&config),
            names_in(&self.deploy_folder()),
            lines.len(),
            lines[lines.len().saturating_sub(40)..].join("\n"),
        )
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.take(20).map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// `cargo test` builds the binary, but no plugin libraries.
fn require_plugins() {
    let folder = plugin_folder();
    for name in ["librunner_executable.so", "libauth_shared_secret.so"] {
        let found = folder.join(name).is_file();
        assert!(found, "{name} is not in {}: run `cargo build --workspace`", folder.display());
    }
}

/// Where the binary and its plugins are.
pub(crate) fn plugin_folder() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_shortedfaas")).parent().unwrap().to_owned()
}
