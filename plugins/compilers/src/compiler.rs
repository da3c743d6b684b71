//! The compiler of a language, and what it can link.

use languages::{Interpreters, Program};
use plugin_api::{Error, Result};
use std::path::Path;
use std::process::{Command, Stdio};

/// Finds the compiler as interpreters are found.
///
/// # Errors
/// There is none, with the command that installs it.
pub fn compiler(known: &Interpreters, command: Option<&str>, folder: &Path) -> Result<Program> {
    known
        .find(command, folder)
        .map_err(|error| Error::config("", error.message().replacen("interpreter", "compiler", 1)))
}

/// Whether this C compiler finds what a static program is made of. Such a one starts a quarter sooner. Blocks some milliseconds.
#[must_use]
pub fn can_link_statically(compiler: &Path) -> bool {
    ["libc.a", "rcrt1.o"].iter().all(|file| {
        let asked = Command::new(compiler)
            .arg(format!("-print-file-name={file}"))
            .current_dir("/")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output();
        // What it does not find it answers as it was asked.
        let answer = asked.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        answer.is_ok_and(|path| path.starts_with('/') && Path::new(&path).is_file())
    })
}
