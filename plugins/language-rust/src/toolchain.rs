//! The compiler behind rustup's shim: the one that the function's folder asks for.

use languages::{Interpreters, Program};
use plugin_api::{Error, Result};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Files that make rustup choose another toolchain.
const CHOOSING: [&str; 2] = ["rust-toolchain.toml", "rust-toolchain"];
/// `rustup default` may choose another one; who asks for each of a hundred functions needs not know at once.
const KEPT: Duration = Duration::from_secs(60);

/// What was asked for: the program and what the folder says.
type Asked = (PathBuf, Option<Vec<u8>>);

/// Toolchains that have been asked for.
#[derive(Debug, Default)]
pub(crate) struct Toolchains {
    known: Mutex<HashMap<Asked, (Instant, PathBuf)>>,
}

impl Toolchains {
    /// The real compiler. Blocks while one is asked.
    pub(crate) fn real(
        &self,
        compilers: &Interpreters,
        found: &Program,
        folder: &Path,
    ) -> Result<Program> {
        let choice = CHOOSING.iter().find_map(|name| std::fs::read(folder.join(name)).ok());
        let asked = (found.path.clone(), choice);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = known.get(&asked).filter(|(since, _)| since.elapsed() < KEPT);
        let sysroot = match kept {
            Some((_, sysroot)) => sysroot.clone(),
            None => {
                let sysroot = sysroot(&found.path, folder)?;
                known.insert(asked, (Instant::now(), sysroot.clone()));
                sysroot
            }
        };
        drop(known);
        let real = sysroot.join("bin/rustc");
        match real.is_file() && real != found.path {
            true => compilers.find(Some(&real.to_string_lossy()), folder),
            // A distribution's compiler has another layout.
            false => Ok(found.clone()),
        }
    }
}

fn sysroot(rustc: &Path, folder: &Path) -> Result<PathBuf> {
    let asked = Command::new(rustc)
        .args(["--print", "sysroot"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output();
    match asked {
        Ok(output) if output.status.success() => {
            Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
        }
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(Error::config("", format!("`{}` does not work: {}", rustc.display(), said.trim())))
        }
        Err(error) => {
            Err(Error::config("", format!("`{}` cannot be started: {error}", rustc.display())))
        }
    }
}
