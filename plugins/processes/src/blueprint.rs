//! All that the processes of a function have in common, resolved once.

use crate::arguments::Arguments;
use crate::bounds::Bounds;
use crate::environment::STRING_LIMIT_BYTES;
use plugin_api::{Error, Result};
use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What a process is started with, but for its environment and its descriptors.
#[derive(Debug)]
pub struct Blueprint {
    /// Where it runs, absolute.
    pub folder: CString,
    /// Given to `execve` in the folder.
    pub path: CString,
    /// Its arguments.
    pub arguments: Arguments,
    /// Its limits and privileges.
    pub bounds: Bounds,
}

impl Blueprint {
    /// `argv[0]` is what is executed, so that a program that looks itself up finds the same.
    ///
    /// # Errors
    /// An argument that no process can be given.
    pub fn new(folder: &Path, path: &Path, arguments: &[String], bounds: Bounds) -> Result<Self> {
        let path = c_string("command", path.as_os_str().as_bytes())?;
        let mut strings = vec![path.clone()];
        for (index, argument) in arguments.iter().enumerate() {
            strings.push(c_string(&format!("arguments[{index}]"), argument.as_bytes())?);
        }
        Ok(Self {
            folder: c_string("folder", folder.as_os_str().as_bytes())?,
            path,
            arguments: Arguments::new(strings),
            bounds,
        })
    }

    pub(crate) fn folder_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(self.folder.to_bytes()))
    }
}

fn c_string(key: &str, bytes: &[u8]) -> Result<CString> {
    if bytes.len() >= STRING_LIMIT_BYTES {
        return Err(Error::config(
            key,
            "longer than 128 KiB, which no process can be given: use a file",
        ));
    }
    CString::new(bytes)
        .map_err(|_| Error::config(key, "holds a NUL, which no process can be given"))
}
