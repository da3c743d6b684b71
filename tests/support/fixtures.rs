//! Plugin libraries built for the tests, once a run, outside the workspace and with settings of their own.

use super::library::Library;
use super::setup::plugin_folder;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

/// The workspace of the fixture plugins, in the repository.
const PLUGINS: &str = "tests/fixtures/plugins";

/// Does on request what a plugin should never do.
pub(crate) static PROBE: LazyLock<Library> =
    LazyLock::new(|| Build::new(repository().join(PLUGINS), "probe", "dev").library());

/// The smallest auth plugin: fat LTO, optimised for size, stripped.
pub(crate) static LEAN: LazyLock<Library> =
    LazyLock::new(|| Build::new(repository().join(PLUGINS), "lean", "lean").library());

/// The example of docs/plugins.md, built as its own Cargo.toml says.
pub(crate) static API_KEY: LazyLock<Library> = LazyLock::new(|| {
    let folder = repository().join("docs/examples/auth-api-key");
    Build::new(folder, "auth-api-key", "release").library()
});

/// Root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// All that is built for the tests is in one place beside the host's own.
fn target_folder() -> PathBuf {
    plugin_folder().parent().unwrap().join("fixtures")
}

/// One package to be built.
struct Build {
    folder: PathBuf,
    package: &'static str,
    profile: &'static str,
    target: PathBuf,
    settings: Vec<(&'static str, String)>,
}

impl Build {
    fn new(folder: PathBuf, package: &'static str, profile: &'static str) -> Self {
        Self { folder, package, profile, target: target_folder(), settings: Vec::new() }
    }

    fn command(&self, verb: &str) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // What cargo tells the tests about the host's package is not meant for another package.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_BIN_") {
                cargo.env_remove(&name);
            }
        }
        cargo.current_dir(&self.folder).args([verb, "--quiet", "--package", self.package]);
        cargo.args(["--profile", self.profile]).arg("--target-dir").arg(&self.target);
        cargo.envs(self.settings.iter().map(|(name, value)| (name, value)));
        cargo
    }

    #[track_caller]
    fn library(&self) -> Library {
        succeed(self.command("build"));
        let folder = if self.profile == "dev" { "debug" } else { self.profile };
        let name = format!("lib{}.so", self.package.replace('-', "_"));
        Library::read(&self.target.join(folder).join(name))
    }
}

#[track_caller]
fn succeed(mut command: Command) -> Output {
    let shown = format!("{:?} {:?}", command.get_program(), command.get_args());
    let output = command.output().unwrap_or_else(|error| panic!("{shown}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{shown}: {}\n{errors}", output.status);
    output
}

/// What the compiler says to a plugin that is built with `panic = "abort"`.
pub(crate) fn errors_of_aborting_build() -> String {
    let build = Build::new(repository().join(PLUGINS), "lean", "dev");
    let output =
        build.command("rustc").args(["--lib", "--", "-C", "panic=abort"]).output().unwrap();
    assert!(!output.status.success(), "a plugin that aborts was built");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A file of the repository, a text of it, and another text in its place.
pub(crate) type Change<'a> = (&'a str, &'a str, &'a str);

/// The lean plugin, built against a plugin-api with other texts.
pub(crate) fn lean_against_changed_api(changes: &[Change<'_>]) -> Library {
    let root = target_folder().join("changed-api");
    let mut found = 0;
    for folder in ["plugin-api", PLUGINS] {
        copy_sources(Path::new(folder), &root, &mut |name, mut text| {
            for (_, from, to) in changes.iter().filter(|(file, ..)| name == Path::new(file)) {
                found += text.matches(from).count();
                text = text.replace(from, to);
            }
            text
        });
    }
    assert_eq!(found, changes.len(), "each text stands in its file once");
    let workspace = std::fs::read_to_string(repository().join("Cargo.toml")).unwrap();
    let members = "members = [\"plugin-api\", \"plugin-api/abi\"]";
    let workspace: Vec<&str> = workspace
        .lines()
        .filter(|line| !line.starts_with("default-members"))
        .map(|line| if line.starts_with("members") { members } else { line })
        .collect();
    write_if_other(&root.join("Cargo.toml"), workspace.join("\n").as_bytes());
    Build::new(root.join(PLUGINS), "lean", "dev").library()
}

/// The lean plugin, built by the nightly compiler with its layouts shuffled; none where there is no such compiler.
pub(crate) fn lean_of_nightly() -> Option<Library> {
    let rustup = Command::new("rustup").args(["which", "--toolchain", "nightly", "rustc"]).output();
    let rustc =
        String::from_utf8(rustup.ok().filter(|found| found.status.success())?.stdout).ok()?;
    let mut build = Build::new(repository().join(PLUGINS), "lean", "dev");
    build.target = target_folder().join("nightly");
    build.settings =
        vec![("RUSTC", rustc.trim().to_owned()), ("RUSTFLAGS", "-Zrandomize-layout".to_owned())];
    Some(build.library())
}

/// A library of C: metadata, and a call of a function that nobody has.
pub(crate) fn library_of_c(name: &str, definitions: &[&str]) -> Library {
    std::fs::create_dir_all(target_folder()).unwrap();
    let file = target_folder().join(format!("lib{name}.so"));
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(&file).args(definitions);
    succeed({
        compiler.arg(repository().join(PLUGINS).join("undefined.c"));
        compiler
    });
    Library::read(&file)
}

/// Copies a folder of the repository, but for what was built and what is not text; `change` may change each file.
fn copy_sources(folder: &Path, to: &Path, change: &mut impl FnMut(&Path, String) -> String) {
    std::fs::create_dir_all(to.join(folder)).unwrap();
    for entry in std::fs::read_dir(repository().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = folder.join(entry.file_name());
        if !entry.path().is_dir() {
            if let Ok(text) = std::fs::read_to_string(entry.path()) {
                write_if_other(&to.join(&name), change(&name, text).as_bytes());
            }
        } else if entry.file_name() != "target" {
            copy_sources(&name, to, change);
        }
    }
}

/// Keeps the time stamp of a file that is right already: cargo builds what is newer.
fn write_if_other(file: &Path, content: &[u8]) {
    if std::fs::read(file).ok().as_deref() != Some(content) {
        std::fs::write(file, content).unwrap();
    }
}
