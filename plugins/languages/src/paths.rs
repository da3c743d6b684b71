//! Where programs and a function's files lie.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

/// Every executable file of this name on `search`, in its order.
pub(crate) fn all_on_path(name: &str, search: &OsStr) -> Vec<PathBuf> {
    if name.is_empty() || name.contains(['/', '\0']) {
        return Vec::new();
    }
    let folders = std::env::split_paths(search).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(name)).filter(|path| is_program(path)).collect()
}

/// A regular file that somebody may execute.
pub(crate) fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// The path below `folder` that `word` names, `.` and `..` done away with; none when it leads out of it or is the folder itself.
pub(crate) fn inside(word: &str, folder: &Path) -> Option<PathBuf> {
    let path = Path::new(word);
    let relative = if path.is_absolute() { path.strip_prefix(folder).ok()? } else { path };
    let mut plain = PathBuf::new();
    for part in relative.components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::CurDir => {}
            Component::ParentDir if plain.pop() => {}
            _ => return None,
        }
    }
    (!plain.as_os_str().is_empty()).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_its_folder() {
        let check = |word: &str, expected: Option<&str>| {
            assert_eq!(inside(word, Path::new("/d/f")), expected.map(PathBuf::from), "{word}");
        };
        check("lambda.lua", Some("lambda.lua"));
        check("./src/../lambda.lua", Some("lambda.lua"));
        check("/d/f/lambda.lua", Some("lambda.lua"));
        check("../g/lambda.lua", None);
        check("src/../../f/lambda.lua", None);
        check("/etc/passwd", None);
        check(".", None);
        check("", None);
    }

    #[test]
    fn a_name_with_a_slash_is_not_sought() {
        assert!(all_on_path("sh", OsStr::new("/bin")).contains(&PathBuf::from("/bin/sh")));
        assert!(all_on_path("bin/sh", OsStr::new("/")).is_empty());
        assert!(all_on_path("passwd", OsStr::new("/etc")).is_empty());
        assert!(all_on_path("", OsStr::new("/bin")).is_empty());
    }
}
