//! The files that a function is built from.

use plugin_api::{Error, Result};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Levels of folders that are looked at.
const DEEPEST: usize = 16;
/// More files than anybody writes; a folder that holds more has something else in it.
const MOST_FILES: usize = 10_000;
/// Larger files are data, not sources, and change what is built only where a source embeds them.
const LARGEST_BYTES: u64 = 64 << 20;
/// Folders that hold what others fetched or compiled.
const SKIPPED_FOLDERS: [&str; 2] = ["node_modules", "target"];

/// A file of the function's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Relative to the folder.
    pub path: PathBuf,
    /// What is in it.
    pub content: Vec<u8>,
}

impl Source {
    /// Whether its name ends so.
    #[must_use]
    pub fn has_ending(&self, endings: &[&str]) -> bool {
        has_ending(&self.path, endings)
    }

    /// The text, as well as it can be read.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.content).into_owned()
    }
}

/// The files with one of the endings or names, in the order of their paths. Where one of them holds one of `embedding`, all
/// other files count too, but for run.json, which says nothing that a program is made of.
///
/// # Errors
/// The folder or a file in it cannot be read.
pub fn sources(folder: &Path, wanted: &[&str], embedding: &[&str]) -> Result<Vec<Source>> {
    let mut all = Vec::new();
    list(folder, Path::new(""), 0, &mut all)?;
    all.sort();
    let (chosen, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|path| {
        has_ending(path, wanted)
            || path.file_name().and_then(OsStr::to_str).is_some_and(|name| wanted.contains(&name))
    });
    let mut sources = read_all(folder, chosen)?;
    let embeds =
        |source: &Source| embedding.iter().any(|mark| contains(&source.content, mark.as_bytes()));
    if sources.iter().any(embeds) {
        let others = others.into_iter().filter(|path| path != Path::new("run.json")).collect();
        sources.extend(read_all(folder, others)?);
        sources.sort_by(|one, other| one.path.cmp(&other.path));
    }
    Ok(sources)
}

fn list(folder: &Path, below: &Path, depth: usize, into: &mut Vec<PathBuf>) -> Result<()> {
    let unreadable = |error: std::io::Error| {
        Error::config("", format!("`{}` cannot be read: {error}", folder.join(below).display()))
    };
    for entry in std::fs::read_dir(folder.join(below)).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let (name, path) = (entry.file_name(), below.join(entry.file_name()));
        let kind = entry.file_type().map_err(unreadable)?;
        let hidden = name.as_encoded_bytes().starts_with(b".");
        let skipped = SKIPPED_FOLDERS.iter().any(|skipped| name == *skipped);
        if kind.is_dir() && !hidden && !skipped && depth < DEEPEST {
            list(folder, &path, depth + 1, into)?;
        } else if !kind.is_dir() && folder.join(&path).is_file() {
            into.push(path);
        }
        if into.len() > MOST_FILES {
            let message =
                format!("the folder holds more than {MOST_FILES} files: keep data elsewhere");
            return Err(Error::config("", message));
        }
    }
    Ok(())
}

fn read_all(folder: &Path, paths: Vec<PathBuf>) -> Result<Vec<Source>> {
    let read = |path: PathBuf| {
        let full = folder.join(&path);
        let content = match full.metadata() {
            // Its size and time tell whether it has changed.
            Ok(found) if found.len() > LARGEST_BYTES => {
                Ok(format!("{} {:?}", found.len(), found.modified().ok()).into_bytes())
            }
            _ => std::fs::read(&full),
        };
        let content = content.map_err(|error| {
            Error::config("", format!("`{}` cannot be read: {error}", path.display()))
        })?;
        Ok(Source { path, content })
    };
    paths.into_iter().map(read).collect()
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    path.extension().and_then(OsStr::to_str).is_some_and(|ending| endings.contains(&ending))
}

fn contains(content: &[u8], mark: &[u8]) -> bool {
    content.windows(mark.len().max(1)).any(|window| window == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)], expected: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let found = sources(folder.path(), &["c", "h", "Makefile"], &["#embed"]).unwrap();
        let names: Vec<_> = found.iter().map(|source| source.path.to_str().unwrap()).collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn sources_count_and_other_files_only_where_they_are_embedded() {
        let files = [
            ("b.c", ""),
            ("run.json", "{}"),
            ("data.txt", ""),
            ("deep/er/a.h", ""),
            ("Makefile", ""),
        ];
        check(&files, &["Makefile", "b.c", "deep/er/a.h"]);
        check(&[(".build/1/a.c", ""), ("target/a.c", ""), (".hidden/a.c", ""), ("x.o", "")], &[]);
        check(
            &[("a.c", "#embed \"data.txt\""), ("data.txt", ""), ("run.json", "{}")],
            &["a.c", "data.txt"],
        );
    }
}
