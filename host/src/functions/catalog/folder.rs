//! Looks at a function's folder: where it really is, whether it has changed, what is worth watching.

use super::names::{BUILDS, is_litter, is_skipped_folder};
use std::ffi::OsStr;
use std::fs::{DirEntry, Metadata};
use std::hash::{BuildHasher, Hash};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Levels of sub-directories that are looked at, as deep as people nest what they write themselves.
const DEEPEST: usize = 3;
/// Directories of one function that are watched; the system has a limit for all of them together.
const MOST_DIRECTORIES: usize = 64;
/// Entries of one function that are looked at: a folder of data must not make every look slow.
const MOST_ENTRIES: usize = 4096;
/// File systems count time in ticks: a file this young may change again without its time changing.
const TICK_NANOS: u128 = 100_000_000;

/// What lies at a function's path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing, or a file.
    Missing,
    /// Something that cannot be a function; in its `directories` the cause may be mended.
    Unusable { reason: String, print: u64, directories: Vec<PathBuf> },
    /// A folder.
    Folder(Folder),
}

/// A folder as it was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Folder {
    /// Without symbolic links.
    pub(super) path: PathBuf,
    /// The folder itself and the sub-directories that count.
    pub(super) directories: Vec<PathBuf>,
    /// Regular files that count.
    pub(super) files: Vec<(PathBuf, u64)>,
    /// Differs when something has changed.
    pub(super) print: u64,
    /// So young that a later change may leave `print` as it is.
    pub(super) young: bool,
}

/// Looks at `path`, an entry of `deploy`, which is without symbolic links.
pub(super) fn look(deploy: &Path, path: &Path) -> Look {
    let unusable =
        |reason: String| Look::Unusable { print: hash(&reason), reason, directories: Vec::new() };
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Look::Missing,
        // Not missing: a route must not end because the host may not look for a while.
        _ => unusable(format!("its folder cannot be read: {error}")),
    };
    let entry = match std::fs::symlink_metadata(path) {
        Ok(entry) => entry,
        Err(error) => return unreadable(error),
    };
    let real = if entry.is_symlink() {
        match path.canonicalize() {
            Err(error) => return unusable(format!("its symbolic link leads to nothing: {error}")),
            Ok(real) if !real.starts_with(deploy) || real == deploy => {
                return unusable(leads_out(path.file_name().unwrap_or_default(), &real));
            }
            Ok(real) => real,
        }
    } else {
        path.to_owned()
    };
    let root = match std::fs::metadata(&real) {
        Ok(root) if root.is_dir() => root,
        Ok(_) => return Look::Missing,
        Err(error) => return unreadable(error),
    };
    let mut walk = Walk::new(deploy, &real, &root);
    if let Err(error) = walk.directory(&real, 0) {
        return unreadable(error);
    }
    match walk.leads_out {
        Some(reason) => {
            let Folder { print, directories, .. } = walk.folder;
            Look::Unusable { reason, print, directories }
        }
        None => Look::Folder(walk.folder),
    }
}

struct Walk<'a> {
    deploy: &'a Path,
    folder: Folder,
    /// What is said of a symbolic link in it that leads out of `deploy/`.
    leads_out: Option<String>,
    entries: usize,
    now_nanos: u128,
}

impl<'a> Walk<'a> {
    fn new(deploy: &'a Path, real: &Path, root: &Metadata) -> Self {
        let folder = Folder {
            path: real.to_owned(),
            directories: vec![real.to_owned()],
            files: Vec::new(),
            print: hash((real, root.ino(), root.dev(), root.mode(), root.uid(), root.gid())),
            young: false,
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { deploy, folder, leads_out: None, entries: 0, now_nanos: now.as_nanos() }
    }

    fn directory(&mut self, directory: &Path, depth: usize) -> std::io::Result<()> {
        for entry in std::fs::read_dir(directory)?.flatten() {
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                break;
            }
            self.entry(&entry, depth);
        }
        Ok(())
    }

    fn entry(&mut self, entry: &DirEntry, depth: usize) {
        let name = entry.file_name();
        if is_litter(&name) || is_skipped_folder(&name) {
            return;
        }
        let Ok(metadata) = entry.metadata() else { return };
        let path = entry.path();
        if depth == 0 && name == BUILDS {
            if metadata.is_dir() {
                self.folder.directories.push(path);
            }
            return;
        }
        // A sum does not depend on the order in which the file system lists them.
        self.folder.print = self.folder.print.wrapping_add(print_of(&path, &metadata));
        if metadata.is_dir() {
            if depth < DEEPEST && self.folder.directories.len() < MOST_DIRECTORIES {
                self.folder.directories.push(path.clone());
                // One that has gone or is closed to us is no less a change: its entries are not in the print.
                let _ = self.directory(&path, depth + 1);
            }
            return;
        }
        self.folder.young |= is_young(&metadata, self.now_nanos);
        if metadata.is_symlink() {
            self.link(&name, &path);
        } else if metadata.is_file() {
            self.folder.files.push((path, metadata.len()));
        }
    }

    fn link(&mut self, name: &OsStr, path: &Path) {
        // One that leads to nothing is nobody's business until somebody opens it.
        let Ok(target) = path.canonicalize() else { return };
        if !target.starts_with(self.deploy) {
            self.leads_out.get_or_insert_with(|| leads_out(name, &target));
        } else if let Ok(metadata) = std::fs::metadata(&target) {
            self.folder.print = self.folder.print.wrapping_add(print_of(&target, &metadata));
        }
    }
}

fn leads_out(name: &OsStr, target: &Path) -> String {
    format!(
        "symbolic link `{}` leads out of the deploy folder, to `{}`: put a copy there instead",
        Path::new(name).display(),
        target.display()
    )
}

fn print_of(path: &Path, metadata: &Metadata) -> u64 {
    // The time and size of a directory say nothing that its entries do not, and litter changes them.
    let content =
        (!metadata.is_dir()).then(|| (metadata.len(), metadata.mtime(), metadata.mtime_nsec()));
    hash((path, metadata.ino(), metadata.mode(), metadata.uid(), metadata.gid(), content))
}

fn is_young(metadata: &Metadata, now_nanos: u128) -> bool {
    let seconds = u128::try_from(metadata.mtime()).unwrap_or(0);
    let nanos = u128::try_from(metadata.mtime_nsec()).unwrap_or(0);
    (seconds * 1_000_000_000 + nanos).abs_diff(now_nanos) < TICK_NANOS
}

/// Compared within one process only.
fn hash(value: impl Hash) -> u64 {
    foldhash::quality::FixedState::default().hash_one(value)
}
