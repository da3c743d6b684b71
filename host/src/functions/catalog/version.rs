//! A short fingerprint of a function's content, the same on every host that holds the same files.

use super::folder::Folder;
use crate::functions::manifest::read_bounded;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;

/// Larger files count by their size: hashing a model of gigabytes at every start would take minutes.
const MOST_FILE_BYTES: u64 = 1024 * 1024;
const MOST_BYTES: u64 = 16 * 1024 * 1024;
/// Of the hash: enough to tell deployments apart, short enough to read out.
const BYTES_SHOWN: usize = 6;

/// Reads the folder's files. Blocks.
pub(super) fn version(folder: &mut Folder) -> String {
    folder.files.sort();
    let mut hasher = Sha256::new();
    let mut budget = MOST_BYTES;
    for (path, size) in &folder.files {
        let name = path.strip_prefix(&folder.path).unwrap_or(path);
        hasher.update(name.as_os_str().as_bytes());
        // A length before each part: "ab" + "c" is not "a" + "bc".
        hasher.update([0]);
        hasher.update(size.to_le_bytes());
        if *size <= MOST_FILE_BYTES.min(budget) {
            budget -= size;
            hasher.update(read_bounded(path, MOST_FILE_BYTES).unwrap_or_default());
        }
    }
    hasher.finalize()[..BYTES_SHOWN].iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}
