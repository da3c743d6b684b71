//! Reads small files that anybody may have put there: bounded, and never waiting for a pipe's other end.

use super::{Defaults, Manifest, Refusal};
use rustix::fs::{FileType, Mode, OFlags};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Name of the manifest in a function's folder.
const FILE_NAME: &str = "run.json";
/// A manifest is a page; a megabyte is a mistake.
const MOST_BYTES: u64 = 1024 * 1024;

/// Why a file could not be read; the text follows the file's name.
#[derive(Debug, thiserror::Error)]
pub(in crate::functions) enum ReadError {
    #[error("is missing")]
    Missing,
    #[error("is no regular file")]
    NotAFile,
    #[error("is larger than {0} bytes")]
    TooLarge(u64),
    #[error("cannot be read: {0}")]
    Other(std::io::Error),
}

/// Reads and checks the manifest of the function in `folder`. Blocks.
///
/// # Errors
/// Everything that is wrong with it, in one reason.
pub(crate) fn load_manifest(folder: &Path, defaults: &Defaults) -> Result<Manifest, Refusal> {
    let shown = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy();
    match read_bounded(&folder.join(FILE_NAME), MOST_BYTES) {
        Ok(bytes) => Manifest::parse(&bytes, folder, defaults),
        Err(ReadError::Missing) => Err(Refusal::new(format!("no run.json in folder `{shown}`"))),
        Err(ReadError::TooLarge(_)) => {
            Err(Refusal::new("run.json is larger than 1 MiB: keep data in files of its own"))
        }
        Err(error) => Err(Refusal::new(format!("run.json {error}"))),
    }
}

/// Reads a whole file of at most `most` bytes.
pub(in crate::functions) fn read_bounded(path: &Path, most: u64) -> Result<Vec<u8>, ReadError> {
    // NONBLOCK: opening a named pipe would wait for ever for somebody who writes.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| match error {
        rustix::io::Errno::NOENT => ReadError::Missing,
        other => ReadError::Other(other.into()),
    })?;
    let status = rustix::fs::fstat(&file).map_err(|error| ReadError::Other(error.into()))?;
    if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
        return Err(ReadError::NotAFile);
    }
    let mut bytes = Vec::new();
    // The size is not trusted: the file may grow while it is read.
    File::from(file).take(most + 1).read_to_end(&mut bytes).map_err(ReadError::Other)?;
    if bytes.len() as u64 > most {
        return Err(ReadError::TooLarge(most));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(prepare: impl FnOnce(&Path), expected: &str) {
        let folder = tempfile::Builder::new().prefix("x").tempdir().expect("a folder");
        prepare(&folder.path().join(FILE_NAME));
        let reason =
            load_manifest(folder.path(), &Defaults::for_tests()).expect_err(expected).reason;
        assert!(reason.contains(expected), "{reason} does not contain {expected}");
    }

    #[test]
    fn what_cannot_be_a_manifest_is_refused_without_waiting() {
        refused(|_| {}, "no run.json in folder `x");
        refused(|file| std::fs::create_dir(file).expect("made"), "run.json is no regular file");
        refused(
            |file| std::fs::write(file, vec![b' '; 10 << 20]).expect("written"),
            "is larger than 1 MiB",
        );
        refused(
            |file| std::os::unix::fs::symlink("/dev/zero", file).expect("linked"),
            "is no regular file",
        );
        refused(
            |file| {
                rustix::fs::mknodat(rustix::fs::CWD, file, FileType::Fifo, 0o600.into(), 0)
                    .expect("made")
            },
            "is no regular file",
        );
    }
}
