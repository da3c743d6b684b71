//! Interpreters that npm has and Debian has not: kept beside the target folder, linked into its `tools/bin`.

use super::runs;
use crate::steps::step;
use crate::workspace::target_folder;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program, its package with version for x86-64 and for aarch64, and where in the package it is.
///
/// The packages with the plain names hold a script that starts the program: it would not hand on the descriptors.
const TOOLS: &[(&str, &str, &str, &str)] = &[
    ("bun", "@oven/bun-linux-x64@1.4.5", "@oven/bun-linux-aarch64@1.4.5", "bin/bun"),
    ("deno", "@deno/linux-x64-glibc@2.9.6", "@deno/linux-arm64-glibc@2.9.6", "deno"),
];

fn tools_folder() -> PathBuf {
    target_folder().join("tools")
}

fn bin_folder() -> PathBuf {
    tools_folder().join("bin")
}

/// PATH with what was installed here, after all that the system has.
pub(crate) fn path_with_tools() -> OsString {
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    path.push(":");
    path.push(bin_folder());
    path
}

/// Installs what is neither on PATH nor here.
pub(super) fn install_missing() -> Result<(), String> {
    let missing: Vec<_> = TOOLS.iter().filter(|(name, ..)| !is_there(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let package = |tool: &(&str, &'static str, &'static str, &str)| match std::env::consts::ARCH {
        "aarch64" => tool.2,
        _ => tool.1,
    };
    let folder = tools_folder();
    std::fs::create_dir_all(bin_folder())
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    let names: Vec<&str> = missing.iter().map(|tool| tool.0).collect();
    let mut install = Command::new("npm");
    install.args(["install", "--no-save", "--no-audit", "--no-fund", "--prefix"]).arg(&folder);
    // All of them each time: npm removes what it is not told of.
    install.args(TOOLS.iter().map(package));
    step(&names.join(" "), &mut install)?;
    for tool in missing {
        let package = package(tool);
        let name = package.rsplit_once('@').map_or(package, |(name, _)| name);
        link(&folder.join("node_modules").join(name).join(tool.3), &bin_folder().join(tool.0))?;
        if !is_there(tool.0) {
            return Err(format!("installed, and does not run: {} of {package}", tool.0));
        }
    }
    Ok(())
}

fn is_there(name: &str) -> bool {
    let own = bin_folder().join(name);
    runs(name, &["--version"]) || own.to_str().is_some_and(|own| runs(own, &["--version"]))
}

fn link(program: &Path, link: &Path) -> Result<(), String> {
    let _ = std::fs::remove_file(link);
    std::os::unix::fs::symlink(program, link)
        .map_err(|error| format!("{}: {error}", link.display()))
}
