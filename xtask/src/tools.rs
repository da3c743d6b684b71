//! Programs that the tests call: looked for by running them, installed where they are missing.

mod npm;

use crate::steps::step;
use std::process::{Command, Stdio};

pub(crate) use npm::path_with_tools;

/// A program, arguments under which it ends well, and the Debian package that has it.
type Tool = (&'static str, &'static [&'static str], &'static str);

const TOOLS: &[Tool] = &[
    ("cc", &["--version"], "gcc"),
    ("jq", &["--version"], "jq"),
    ("setsid", &["--version"], "util-linux"),
    // A language each; those that Debian has not: npm.rs.
    ("python3", &["--version"], "python3"),
    ("python3", &["-c", "import ensurepip, venv"], "python3-venv"),
    ("node", &["--version"], "nodejs"),
    ("npm", &["--version"], "npm"),
    ("lua5.4", &["-v"], "lua5.4"),
    ("luajit", &["-v"], "luajit"),
    ("ruby", &["--version"], "ruby"),
    ("php", &["--version"], "php-cli"),
    ("perl", &["-MJSON::PP", "-e1"], "perl"),
    ("javac", &["-version"], "default-jdk-headless"),
    ("go", &["version"], "golang-go"),
    ("tclsh", &["/dev/null"], "tcl"),
];

/// Installs what is missing.
pub(crate) fn install_missing() -> Result<(), String> {
    install_packages()?;
    npm::install_missing()
}

fn install_packages() -> Result<(), String> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|(_, _, package)| *package).collect();
    if !runs("apt-get", &["--version"]) {
        return Err(format!("install these by hand, there is no apt-get: {}", names(&missing)));
    }
    step("package lists", as_root("apt-get").args(["update", "-qq"]))?;
    let mut install = as_root("apt-get");
    install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(&packages);
    step(&packages.join(" "), &mut install)?;
    let still = self::missing();
    if still.is_empty() {
        Ok(())
    } else {
        Err(format!("installed, and not there: {}", names(&still)))
    }
}

fn missing() -> Vec<Tool> {
    TOOLS.iter().copied().filter(|(program, arguments, _)| !runs(program, arguments)).collect()
}

fn names(tools: &[Tool]) -> String {
    let named = tools.iter().map(|(program, _, package)| format!("{program} (package {package})"));
    named.collect::<Vec<_>>().join(", ")
}

/// A program that is there may still not run: what counts is that it does.
fn runs(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The program as it is for root, else through sudo.
fn as_root(program: &str) -> Command {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    let mut command = if is_root {
        Command::new(program)
    } else {
        let mut sudo = Command::new("sudo");
        sudo.args(["--preserve-env=DEBIAN_FRONTEND", program]);
        sudo
    };
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}
