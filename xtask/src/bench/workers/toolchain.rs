//! Interpreters and peers of function code: the interpreters of this machine, the peers installed below `target/bench`.

use super::super::tools::{Workshop, find, install_one, output, succeed};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Peers on Python, by pip into an environment of the benchmark's own.
const PYTHON_PACKAGES: &[&str] = &[
    "functions-framework==3.10.2",
    "granian==2.8.7",
    "gunicorn==27.0.1",
    "httptools==0.9.0",
    "uvicorn==0.54.0",
    "uvloop==0.23.0",
];

/// The peer on Node, by npm.
const NODE_PACKAGE: &str = "@google-cloud/functions-framework";
const NODE_PACKAGE_VERSION: &str = "3.5.1";

/// Unpacked, not installed: Debian's nginx with Lua and Debian's `luajit` cannot both be installed.
const NGINX_LUA_PACKAGES: &[&str] = &[
    "libluajit2-5.1-2",
    "libnginx-mod-http-lua",
    "libnginx-mod-http-ndk",
    "libpcre3",
    "lua-cjson",
    "lua-resty-core",
    "lua-resty-lrucache",
];

/// What is there. What could not be had is none, and a line on stdout has said why.
pub(super) struct Toolchain {
    /// The interpreter in an environment without packages.
    pub(super) python: Option<PathBuf>,
    /// Where the peers' programs lie.
    pub(super) python_peers: Option<PathBuf>,
    /// Node.
    pub(super) node: Option<PathBuf>,
    /// The folder that holds `node_modules`.
    pub(super) node_peers: Option<PathBuf>,
    /// Lua 5.4.
    pub(super) lua: Option<PathBuf>,
    /// LuaJIT.
    pub(super) luajit: Option<PathBuf>,
    /// A C compiler.
    pub(super) cc: Option<PathBuf>,
    /// nginx, and the folder into which its modules have been unpacked.
    pub(super) nginx: Option<(PathBuf, PathBuf)>,
}

impl Toolchain {
    /// The interpreters alone.
    pub(super) fn interpreters(workshop: &Workshop) -> Self {
        let python = |program| plain_python(program, &workshop.results);
        let program = |program: &str, package: &str| -> Result<PathBuf, String> {
            install_one(program, package)?;
            find(program).ok_or_else(|| format!("no `{program}` on PATH"))
        };
        Self {
            python: noted("python", program("python3", "python3").and_then(python)),
            node: noted("node", program("node", "nodejs")),
            lua: noted("lua", program("lua5.4", "lua5.4")),
            luajit: noted("luajit", program("luajit", "luajit")),
            cc: noted("c", program("cc", "gcc")),
            python_peers: None,
            node_peers: None,
            nginx: None,
        }
    }

    /// The interpreters and everything that is measured against.
    pub(super) fn with_peers(workshop: &Workshop) -> Self {
        let mut toolchain = Self::interpreters(workshop);
        let results = &workshop.results;
        if let Some(python) = &toolchain.python {
            toolchain.python_peers = noted("peers on Python", python_peers(python, results));
        }
        if toolchain.node.is_some() {
            toolchain.node_peers = noted("peers on Node", node_peers(results));
        }
        toolchain.nginx = noted("nginx with Lua", nginx(results));
        toolchain
    }

    /// One line that names all versions.
    pub(super) fn versions(&self) -> String {
        let asked = [
            (self.python.as_deref(), "--version"),
            (self.node.as_deref(), "--version"),
            (self.lua.as_deref(), "-v"),
            (self.luajit.as_deref(), "-v"),
            (self.cc.as_deref(), "--version"),
            (self.nginx.as_ref().map(|(nginx, _)| nginx.as_path()), "-v"),
        ];
        let mut versions: Vec<String> = asked
            .into_iter()
            .filter_map(|(program, argument)| version(program?, argument))
            .collect();
        if self.python_peers.is_some() {
            versions.extend(PYTHON_PACKAGES.iter().map(|package| package.replace("==", " ")));
        }
        if self.node_peers.is_some() {
            versions.push(format!("{NODE_PACKAGE} {NODE_PACKAGE_VERSION}"));
        }
        versions.join("; ")
    }
}

fn noted<T>(what: &str, had: Result<T, String>) -> Option<T> {
    had.inspect_err(|reason| println!("without {what}: {reason}")).ok()
}

/// A version manager's shim costs 80 ms a start, and what lies in the machine's site-packages may cost 20: neither is Python's start.
fn plain_python(program: PathBuf, results: &Path) -> Result<PathBuf, String> {
    let mut command = Command::new(program);
    command.args(["-I", "-c", "import os, sys; print(os.path.realpath(sys.executable))"]);
    let itself = output(&mut command)?;
    let folder = results.join("plain-python");
    once(&folder, &itself, || {
        let mut venv = Command::new(itself.trim());
        succeed(venv.args(["-m", "venv", "--clear", "--without-pip"]).arg(&folder))
    })?;
    Ok(folder.join("bin/python3"))
}

fn python_peers(python: &Path, results: &Path) -> Result<PathBuf, String> {
    let folder = results.join("python");
    let wanted = format!("{}\n{}\n", python.display(), PYTHON_PACKAGES.join("\n"));
    once(&folder, &wanted, || {
        succeed(Command::new(python).args(["-m", "venv", "--clear"]).arg(&folder))?;
        let mut pip = Command::new(folder.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(PYTHON_PACKAGES);
        succeed(&mut pip)
    })?;
    Ok(folder.join("bin"))
}

fn node_peers(results: &Path) -> Result<PathBuf, String> {
    let folder = results.join("node");
    let wanted = format!(
        r#"{{"private": true, "dependencies": {{"{NODE_PACKAGE}": "{NODE_PACKAGE_VERSION}"}}}}"#
    );
    once(&folder, &wanted, || {
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(folder.join("package.json"), &wanted))
            .map_err(|error| format!("cannot write into {}: {error}", folder.display()))?;
        let mut npm = Command::new("npm");
        npm.current_dir(&folder).args(["install", "--silent", "--no-audit", "--no-fund"]);
        succeed(&mut npm)
    })?;
    Ok(folder)
}

fn nginx(results: &Path) -> Result<(PathBuf, PathBuf), String> {
    install_one("nginx", "nginx-light")?;
    let nginx = find("nginx").ok_or("no `nginx` on PATH")?;
    let folder = results.join("nginx-lua");
    once(&folder, &NGINX_LUA_PACKAGES.join("\n"), || {
        let packages = folder.join("packages");
        fs::create_dir_all(&packages)
            .map_err(|error| format!("cannot make {}: {error}", packages.display()))?;
        let mut download = Command::new("apt-get");
        download.current_dir(&packages).args(["download", "-q"]).args(NGINX_LUA_PACKAGES);
        succeed(&mut download)?;
        let unreadable = |error| format!("cannot read {}: {error}", packages.display());
        for package in fs::read_dir(&packages).map_err(unreadable)?.flatten() {
            succeed(Command::new("dpkg-deb").arg("-x").arg(package.path()).arg(&folder))?;
        }
        Ok(())
    })?;
    Ok((nginx, folder))
}

/// Does not make again what was made from the same list.
fn once(
    folder: &Path,
    wanted: &str,
    make: impl FnOnce() -> Result<(), String>,
) -> Result<(), String> {
    let made = folder.join("made-of");
    if fs::read_to_string(&made).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    eprintln!("installing into {}", folder.display());
    make()?;
    fs::write(&made, wanted).map_err(|error| format!("cannot write {}: {error}", made.display()))
}

fn version(program: &Path, argument: &str) -> Option<String> {
    // nginx and old Pythons say it on stderr.
    let said = Command::new(program).arg(argument).output().ok()?;
    let text = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
    // Lua adds a copyright.
    let line = text.lines().next()?.split("  ").next()?.split(" --").next()?.trim();
    let name = program.file_name()?.to_string_lossy();
    Some(if line.starts_with('v') { format!("{name} {line}") } else { line.to_owned() })
}
