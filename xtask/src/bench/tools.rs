//! What a run needs: a release build, the static echo, the peers' packages, a directory of its own.

use super::Section;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Packages by the program that shows that they are there.
const PEERS: [(&str, &str); 3] =
    [("webhook", "webhook"), ("nginx", "nginx-light"), ("fcgiwrap", "fcgiwrap")];

/// The host with all that function code in processes needs.
const WORKER_PACKAGES: &[&str] = &[
    "shortedfaas",
    "auth-shared-secret",
    "runner-process",
    "language-python",
    "language-node",
    "language-lua",
    "language-luajit",
    "language-c",
    "language-rust",
];

/// Everything that the sections share; its directory goes when it is dropped.
pub(super) struct Workshop {
    /// Where cargo puts release binaries and plugin libraries.
    pub(super) release: PathBuf,
    /// Where results stay that somebody may want to look into.
    pub(super) results: PathBuf,
    /// The repository.
    pub(super) repository: PathBuf,
    /// A directory of this run's own.
    pub(super) directory: PathBuf,
    /// The static echo.
    pub(super) echo: PathBuf,
    /// The same with a CGI header first.
    pub(super) echo_cgi: PathBuf,
}

impl Workshop {
    /// Builds and installs what `sections` need.
    pub(super) fn set_up(sections: &[Section]) -> Result<Self, String> {
        let repository = repository();
        let target = target_directory()?;
        let directory =
            std::env::temp_dir().join(format!("shortedfaas-bench-{}", std::process::id()));
        let workshop = Self {
            release: target.join("release"),
            results: target.join("bench"),
            echo: directory.join("echo"),
            echo_cgi: directory.join("echo-cgi"),
            repository,
            directory,
        };
        for directory in [&workshop.directory, &workshop.results] {
            std::fs::create_dir_all(directory)
                .map_err(|error| format!("cannot make {}: {error}", directory.display()))?;
        }
        workshop.build(sections)?;
        workshop.compile_echo(&workshop.echo, &[])?;
        workshop.compile_echo(&workshop.echo_cgi, &["--cfg", "cgi"])?;
        install(sections)?;
        Ok(workshop)
    }

    fn build(&self, sections: &[Section]) -> Result<(), String> {
        let mut packages = vec!["bench-peers"];
        let mut add = |these: &[&'static str]| packages.extend(these);
        for section in sections {
            match section {
                Section::Floor => {}
                Section::Workers | Section::Cold => add(WORKER_PACKAGES),
                _ => add(&["shortedfaas", "auth-shared-secret", "runner-executable"]),
            }
        }
        let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
        cargo.current_dir(&self.repository).args(["build", "--release"]);
        succeed(cargo.args(packages.iter().flat_map(|package| ["-p", package])))
    }

    /// rustc alone: a program without libc has no use for cargo's target or profile.
    fn compile_echo(&self, output: &Path, arguments: &[&str]) -> Result<(), String> {
        let mut rustc = Command::new("rustc");
        rustc.current_dir(&self.repository).args(["--edition", "2024", "-O", "-o"]).arg(output);
        rustc.args(["-C", "panic=abort", "-C", "relocation-model=static"]);
        for argument in
            ["-nostartfiles", "-nostdlib", "-static", "-Wl,-z,noseparate-code,--build-id=none,-s"]
        {
            rustc.arg("-C").arg(format!("link-arg={argument}"));
        }
        succeed(rustc.args(arguments).arg("xtask/peers/src/static_echo.rs"))
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        // A directory that stays behind in /tmp is no reason to lose the figures.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_owned()
}

/// xtask itself lies in `TARGET/debug`.
fn target_directory() -> Result<PathBuf, String> {
    let program = std::env::current_exe().map_err(|error| format!("no path of xtask: {error}"))?;
    let target = program.ancestors().nth(2).ok_or("xtask does not lie in a target directory")?;
    Ok(target.to_owned())
}

/// wrk and valgrind are needed; a peer that cannot be had is left out of the table, which says so.
fn install(sections: &[Section]) -> Result<(), String> {
    let times =
        |section: &Section| *section != Section::Memory && *section != Section::Instructions;
    if sections.iter().any(times) {
        install_one("wrk", "wrk")?;
    }
    if sections.contains(&Section::Instructions) {
        install_one("valgrind", "valgrind")?;
    }
    if sections.iter().any(|section| matches!(section, Section::Executables | Section::Floor)) {
        for (program, package) in PEERS {
            if let Err(reason) = install_one(program, package) {
                println!("without {program}: {reason}");
            }
        }
    }
    Ok(())
}

/// Installs a Debian package unless the program is there.
pub(super) fn install_one(program: &str, package: &str) -> Result<(), String> {
    if find(program).is_some() {
        return Ok(());
    }
    let mut apt_get = Command::new("apt-get");
    apt_get.args(["install", "-y", "-q", "--no-install-recommends", package]);
    // A package's service must not start: its port may be somebody's, and it would eat the cores that are measured.
    apt_get.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    if succeed(apt_get.stdout(Stdio::null())).is_err() {
        succeed(Command::new("apt-get").args(["update", "-q"]).stdout(Stdio::null()))?;
        succeed(&mut apt_get)?;
    }
    find(program).map(drop).ok_or_else(|| format!("package {package} has brought no `{program}`"))
}

/// A program on PATH or where Debian puts servers.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|directory| directory.join(program))
        .find(|candidate| candidate.is_file())
}

/// Runs a command to its end.
pub(super) fn succeed(command: &mut Command) -> Result<(), String> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("cannot run {}: {error}", command.get_program().display()))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}")) }
}

/// What a command says on stdout.
pub(super) fn output(command: &mut Command) -> Result<String, String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot run {}: {error}", command.get_program().display()))?;
    if !output.status.success() {
        return Err(format!("{command:?} ended with {}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
