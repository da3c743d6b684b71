//! Files of a function's folder, as code in a state may read them.

use std::path::{Component, Path};

/// More than this is not for a table in memory.
const LONGEST_BYTES: u64 = 64 << 20;

/// The contents of a file in `folder`.
///
/// # Errors
/// In the words of a C library, as Lua code expects them.
pub(crate) fn read_within(folder: &Path, name: &Path) -> Result<Vec<u8>, String> {
    let relative = name.strip_prefix(folder).unwrap_or(name);
    let inside =
        relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !inside {
        return Err("outside the function's folder".to_owned());
    }
    let missing = |_| "No such file or directory".to_owned();
    let path = folder.join(relative).canonicalize().map_err(missing)?;
    let home = folder.canonicalize().map_err(missing)?;
    let metadata = path.metadata().map_err(missing)?;
    match (path.starts_with(home), metadata.is_file(), metadata.len() <= LONGEST_BYTES) {
        (false, _, _) => Err("outside the function's folder".to_owned()),
        (_, false, _) => Err("Is a directory".to_owned()),
        (_, _, false) => Err("File too large".to_owned()),
        _ => std::fs::read(path).map_err(|error| error.to_string()),
    }
}
