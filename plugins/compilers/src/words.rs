//! The words of `arguments`: files to build and flags for the compiler.

use plugin_api::{Error, Result};
use std::ffi::OsStr;
use std::path::{Component, Path};

/// `arguments` of a compiled function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// Files of the folder, relative to it; none: all.
    pub files: Vec<String>,
    /// Everything else, in its order.
    pub flags: Vec<String>,
}

/// Takes the words with one of the endings for files.
///
/// # Errors
/// A file is not in the folder.
pub fn words(folder: &Path, arguments: &[String], endings: &[&str]) -> Result<Words> {
    let mut words = Words::default();
    for word in arguments {
        let path = Path::new(word);
        let ending = path.extension().and_then(OsStr::to_str);
        if word.starts_with('-') || !ending.is_some_and(|ending| endings.contains(&ending)) {
            words.flags.push(word.clone());
            continue;
        }
        let inside =
            path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !inside || !folder.join(path).is_file() {
            let message =
                format!("the file `{word}` is not in the folder: add it, or correct `arguments`");
            return Err(Error::config("arguments", message));
        }
        words.files.push(word.strip_prefix("./").unwrap_or(word).to_owned());
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arguments: &[&str], expected: Result<(&[&str], &[&str]), &str>) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("src")).unwrap();
        for name in ["a.c", "src/b.c"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        match (words(folder.path(), &arguments, &["c"]), expected) {
            (Ok(words), Ok((files, flags))) => assert_eq!(
                (&words.files[..], &words.flags[..]),
                (
                    &files.iter().map(ToString::to_string).collect::<Vec<_>>()[..],
                    &flags.iter().map(ToString::to_string).collect::<Vec<_>>()[..],
                )
            ),
            (Err(error), Err(part)) => assert!(error.message().contains(part), "{error:?}"),
            (answer, _) => panic!("{answer:?}"),
        }
    }

    #[test]
    fn files_of_the_folder_are_told_from_flags() {
        check(&[], Ok((&[], &[])));
        check(
            &["./a.c", "-lm", "src/b.c", "-DX=a.c", "-I", "inc"],
            Ok((&["a.c", "src/b.c"], &["-lm", "-DX=a.c", "-I", "inc"])),
        );
        check(&["c.c"], Err("`c.c` is not in the folder"));
        check(&["../a.c"], Err("`../a.c` is not in the folder"));
    }
}
