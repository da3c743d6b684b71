//! Built programs that generations use, and those that nobody needs any more.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// What a build that was killed has left behind is surely nobody's then.
const OLD: Duration = Duration::from_secs(60 * 60);
/// Names of built folders are hashes of at least so many digits.
const LEAST_DIGITS: usize = 16;

/// The folders of programs in use.
#[derive(Debug, Default)]
pub(super) struct Programs {
    folders: Mutex<HashMap<PathBuf, Use>>,
}

#[derive(Debug, Default)]
struct Use {
    generations: usize,
    superseded: bool,
}

/// A program in use by one generation: while it exists the file stays.
#[derive(Debug)]
pub(crate) struct Program {
    folder: PathBuf,
    programs: Arc<Programs>,
}

impl Programs {
    /// `folder` is the program's own.
    pub(super) fn hold(self: &Arc<Self>, folder: &Path) -> Program {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = folders.entry(folder.to_owned()).or_default();
        entry.generations += 1;
        entry.superseded = false;
        Program { folder: folder.to_owned(), programs: Arc::clone(self) }
    }

    /// Whether it may be removed at once; if not, it is when the last generation has ended.
    fn supersede(&self, folder: &Path) -> bool {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        match folders.get_mut(folder) {
            None => true,
            Some(entry) => {
                entry.superseded = true;
                false
            }
        }
    }
}

impl Program {
    /// It serves now: removes the older ones beside it. Blocks.
    pub(crate) fn serves(&self) {
        let age = |path: &Path| path.symlink_metadata().and_then(|folder| folder.modified()).ok();
        let (Some(mine), Some(parent)) = (age(&self.folder), self.folder.parent()) else { return };
        for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            let Some(other) = age(&path).filter(|_| path != self.folder) else { continue };
            let built =
                name.len() >= LEAST_DIGITS && name.bytes().all(|byte| byte.is_ascii_hexdigit());
            let left = name.ends_with(".tmp")
                && SystemTime::now().duration_since(other).is_ok_and(|age| age > OLD);
            if left || built && other < mine && self.programs.supersede(&path) {
                remove(&path);
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let mut folders = self.programs.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = folders.get_mut(&self.folder) else { return };
        entry.generations -= 1;
        if entry.generations == 0
            && folders.remove(&self.folder).is_some_and(|last| last.superseded)
        {
            drop(folders);
            remove(&self.folder);
        }
    }
}

fn remove(folder: &Path) {
    if let Err(error) = std::fs::remove_dir_all(folder) {
        tracing::warn!(folder = %folder.display(), "an old build cannot be removed: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    const FIRST: &str = "0000000000000001";
    const SECOND: &str = "0000000000000002";

    struct World {
        place: tempfile::TempDir,
        programs: Arc<Programs>,
    }

    impl World {
        /// Folders, each a second younger than the one before.
        fn with(names: &[&str]) -> Self {
            let place = tempfile::tempdir().expect("a folder");
            let now = SystemTime::now();
            for (seconds, name) in (0..).zip(names) {
                let path = place.path().join(name);
                std::fs::create_dir(&path).expect("made");
                let time = now + Duration::from_secs(seconds);
                File::open(&path).expect("opened").set_modified(time).expect("set");
            }
            Self { place, programs: Arc::default() }
        }

        fn hold(&self, name: &str) -> Program {
            self.programs.hold(&self.place.path().join(name))
        }

        fn check(&self, name: &str, expected: bool) {
            assert_eq!(self.place.path().join(name).exists(), expected, "{name}");
        }
    }

    #[test]
    fn an_older_program_goes_when_a_newer_one_serves_and_nobody_uses_it() {
        let world = World::with(&[FIRST, "target", SECOND]);
        let old = world.hold(FIRST);
        let new = world.hold(SECOND);
        new.serves();
        world.check(FIRST, true);
        drop(old);
        for (name, expected) in [(FIRST, false), ("target", true), (SECOND, true)] {
            world.check(name, expected);
        }
        drop(new);
        world.check(SECOND, true);
    }

    #[test]
    fn what_is_newer_or_serves_again_stays() {
        let world = World::with(&[FIRST, SECOND, "0000000000000003.17.tmp"]);
        world.hold(FIRST).serves();
        world.check(SECOND, true);
        let (old, new) = (world.hold(FIRST), world.hold(SECOND));
        new.serves();
        let again = world.hold(FIRST);
        drop((old, again));
        world.check(FIRST, true);
        new.serves();
        world.check(FIRST, false);
        world.check("0000000000000003.17.tmp", true);
    }
}
