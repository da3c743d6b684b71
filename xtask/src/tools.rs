//! Programs that the tests call: looked for by running them, installed where they are missing.

use crate::steps::step;
use std::process::{Command, Stdio};

/// A program, an argument under which it ends well, and the Debian package that has it.
const TOOLS: &[(&str, &str, &str)] = &[
    ("cc", "--version", "gcc"),
    ("jq", "--version", "jq"),
    ("python3", "--version", "python3"),
    ("javac", "-version", "default-jdk-headless"),
    ("setsid", "--version", "util-linux"),
];

/// Installs what is missing.
pub(crate) fn install_missing() -> Result<(), String> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|(_, _, package)| *package).collect();
    if !runs("apt-get", "--version") {
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

type Tool = (&'static str, &'static str, &'static str);

fn missing() -> Vec<Tool> {
    TOOLS.iter().copied().filter(|(program, argument, _)| !runs(program, argument)).collect()
}

fn names(tools: &[Tool]) -> String {
    let named = tools.iter().map(|(program, _, package)| format!("{program} (package {package})"));
    named.collect::<Vec<_>>().join(", ")
}

/// A program that is there may still not run: what counts is that it does.
fn runs(program: &str, argument: &str) -> bool {
    let mut command = Command::new(program);
    command.arg(argument).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
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
