//! The private folder in which a launcher's files lie.

use crate::LauncherFile;
use crate::at_exit::remove_launchers_at_exit;
use plugin_api::{Error, Result};
use rustix::process::geteuid;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// First part of such a folder's name; a random one follows.
const PREFIX: &str = "shortedfaas-launcher-";

/// Launcher files that are in use; an instance that takes another's place shares them, so that its workers find them for as long as they start.
static IN_USE: Mutex<Vec<(&'static [LauncherFile], Weak<Folder>)>> = Mutex::new(Vec::new());

/// Files in a folder that nobody else can look into. Written with the first use, removed with the last copy of this.
///
/// The folder is locked as long as it lives. Those of hosts that have died are not: they are removed when the next one is made.
#[derive(Debug, Clone)]
pub struct LauncherFolder {
    files: &'static [LauncherFile],
    current: Arc<Mutex<Option<Arc<Folder>>>>,
}

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    /// Held for its lock.
    _lock: File,
}

impl LauncherFolder {
    /// Nothing is written yet.
    #[must_use]
    pub fn new(files: &'static [LauncherFile]) -> Self {
        Self { files, current: Arc::default() }
    }

    /// The folder with every file in it, absolute; what somebody has deleted or changed is written anew.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn path(&self) -> Result<PathBuf> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = current.as_ref().filter(|folder| folder.is_whole(self.files)) {
            return Ok(folder.path.clone());
        }
        let folder = shared(self.files).map_err(|error| {
            Error::plugin(format!("the launcher cannot be written to a private folder: {error}"))
        })?;
        Ok(current.insert(folder).path.clone())
    }
}

/// The folder that another instance uses, or a new one.
fn shared(files: &'static [LauncherFile]) -> std::io::Result<Arc<Folder>> {
    let mut in_use = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
    in_use.retain(|(_, folder)| folder.strong_count() > 0);
    let same = in_use.iter().filter(|(known, _)| *known == files);
    if let Some(folder) =
        same.filter_map(|(_, folder)| folder.upgrade()).find(|folder| folder.is_whole(files))
    {
        return Ok(folder);
    }
    remove_launchers_at_exit();
    let folder = Arc::new(Folder::write(files)?);
    in_use.push((files, Arc::downgrade(&folder)));
    Ok(folder)
}

/// Removes every folder that is in use: the process ends.
pub(crate) fn remove_all() {
    let mut in_use = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
    for folder in in_use.drain(..).filter_map(|(_, folder)| folder.upgrade()) {
        let _gone_already = std::fs::remove_dir_all(&folder.path);
    }
}

impl Folder {
    fn write(files: &[LauncherFile]) -> std::io::Result<Self> {
        let mut last = None;
        for place in places() {
            remove_abandoned(&place);
            match Self::write_below(&place, files) {
                Ok(folder) => return Ok(folder),
                Err(error) => {
                    last = Some(std::io::Error::new(
                        error.kind(),
                        format!("{}: {error}", place.display()),
                    ))
                }
            }
        }
        Err(last.unwrap_or_else(|| std::io::Error::other("there is no temporary folder")))
    }

    fn write_below(place: &Path, files: &[LauncherFile]) -> std::io::Result<Self> {
        // Between its making and its lock another host may take it for abandoned.
        for _ in 0..3 {
            match Self::write_new(place, files) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                done => return done,
            }
        }
        Self::write_new(place, files)
    }

    fn write_new(place: &Path, files: &[LauncherFile]) -> std::io::Result<Self> {
        let path = tempfile::Builder::new()
            .prefix(PREFIX)
            .rand_bytes(16)
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700))
            .tempdir_in(place)?
            .keep();
        let lock = File::open(&path)?;
        lock.lock()?;
        let folder = Self { path, _lock: lock };
        for file in files {
            let to = folder.path.join(file.name);
            if let Some(parent) = to.parent() {
                DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
            }
            let mut to = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&to)?;
            to.write_all(file.content)?;
        }
        Ok(folder)
    }

    fn is_whole(&self, files: &[LauncherFile]) -> bool {
        let same = |file: &LauncherFile| {
            std::fs::read(self.path.join(file.name)).is_ok_and(|found| found == file.content)
        };
        files.iter().all(same)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone_already = std::fs::remove_dir_all(&self.path);
    }
}

/// Where the folder may lie, the best first.
fn places() -> Vec<PathBuf> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let own = |path: &PathBuf| {
        path.is_absolute()
            && path
                .metadata()
                .is_ok_and(|found| found.is_dir() && found.uid() == geteuid().as_raw())
    };
    runtime.filter(own).into_iter().chain([std::env::temp_dir()]).collect()
}

/// Removes folders that no host holds any more. A host's lock goes with it, however it ends.
fn remove_abandoned(place: &Path) {
    let Ok(entries) = place.read_dir() else { return };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        let path = entry.path();
        // Not through a link, and nothing of somebody else's: the place is everybody's.
        let own = ours
            && path
                .symlink_metadata()
                .is_ok_and(|found| found.is_dir() && found.uid() == geteuid().as_raw());
        if !own {
            continue;
        }
        let Ok(folder) = File::open(&path) else { continue };
        match folder.try_lock() {
            Ok(()) => {
                let _half_gone = std::fs::remove_dir_all(&path);
            }
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const FILES: &[LauncherFile] = &[
        LauncherFile { name: "launcher.x", content: b"main" },
        LauncherFile { name: "parts/one.x", content: b"part" },
    ];

    fn content(folder: &Path) -> Vec<Vec<u8>> {
        FILES.iter().map(|file| std::fs::read(folder.join(file.name)).unwrap()).collect()
    }

    #[test]
    fn files_lie_in_a_private_folder_and_are_written_anew_when_somebody_deletes_them() {
        let launcher = LauncherFolder::new(FILES);
        let first = launcher.path().unwrap();
        assert_eq!(first.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(content(&first), [b"main", b"part"]);
        assert_eq!(launcher.path().unwrap(), first);
        std::fs::remove_file(first.join("parts/one.x")).unwrap();
        let second = launcher.path().unwrap();
        assert_eq!(content(&second), [b"main", b"part"]);
        std::fs::remove_dir_all(&second).unwrap();
        let third = launcher.path().unwrap();
        assert_eq!(content(&third), [b"main", b"part"]);
        drop(launcher);
        assert!([first, second, third].iter().all(|folder| !folder.exists()));
    }

    #[test]
    fn an_instance_that_takes_anothers_place_shares_its_folder() {
        const OTHER: &[LauncherFile] = &[LauncherFile { name: "other.x", content: b"other" }];
        let before = LauncherFolder::new(OTHER);
        let after = LauncherFolder::new(OTHER);
        let folder = before.path().unwrap();
        assert_eq!(after.path().unwrap(), folder);
        drop(before);
        assert!(folder.join("other.x").is_file());
        drop(after);
        assert!(!folder.exists());
    }

    #[test]
    fn only_folders_that_no_host_holds_are_cleaned_away() {
        let place = tempfile::tempdir().unwrap();
        let held = Folder::write_below(place.path(), FILES).unwrap();
        let abandoned = place.path().join(format!("{PREFIX}dead"));
        let foreign = place.path().join("something-else");
        let linked = place.path().join(format!("{PREFIX}link"));
        std::fs::create_dir_all(abandoned.join("parts")).unwrap();
        std::fs::create_dir(&foreign).unwrap();
        std::os::unix::fs::symlink(&foreign, &linked).unwrap();
        remove_abandoned(place.path());
        assert!(!abandoned.exists());
        assert!(held.path.exists() && foreign.exists() && linked.exists());
    }
}
