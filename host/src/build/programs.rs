//! Built programs that generations use, and those that nobody needs any more.

use super::Build;
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What a build that was killed has left behind is surely nobody's then.
const OLD: Duration = Duration::from_secs(60 * 60);
/// Names of built folders are hashes of at least so many digits.
const LEAST_DIGITS: usize = 16;

/// A program in use by one generation, which starts it as long as it lives, whatever becomes of the file: its folder may
/// be replaced while the next program is still being built.
#[derive(Debug)]
pub(crate) struct Program {
    path: PathBuf,
    /// None: no descriptor is left, and the file has to stay.
    kept: Option<OwnedFd>,
}

impl Program {
    pub(crate) fn of(build: &Build) -> Self {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let kept = rustix::fs::open(&build.output, flags, Mode::empty()).ok();
        Self { path: build.output.clone(), kept }
    }

    /// What is executed.
    pub(crate) fn command(&self) -> String {
        match &self.kept {
            Some(kept) => format!("/proc/{}/fd/{}", std::process::id(), kept.as_raw_fd()),
            None => self.path.to_string_lossy().into_owned(),
        }
    }

    /// It serves now: removes the older ones beside it. Blocks.
    pub(crate) fn serves(&self) {
        let age = |path: &Path| path.symlink_metadata().and_then(|folder| folder.modified()).ok();
        let Some(folder) = self.path.parent() else { return };
        let (Some(mine), Some(all)) = (age(folder), folder.parent()) else { return };
        for entry in std::fs::read_dir(all).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            let Some(other) = age(&path).filter(|_| path != folder) else { continue };
            let digits = name.bytes().all(|byte| byte.is_ascii_hexdigit());
            let older = digits && name.len() >= LEAST_DIGITS && other < mine;
            let left = name.ends_with(".tmp")
                && SystemTime::now().duration_since(other).is_ok_and(|age| age > OLD);
            if (older || left)
                && let Err(error) = std::fs::remove_dir_all(&path)
            {
                tracing::warn!(folder = %path.display(), "an old build cannot be removed: {error}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    const FIRST: &str = "0000000000000001";
    const SECOND: &str = "0000000000000002";

    /// Folders, each a second younger than the one before; what is left when `name` serves.
    fn check(folders: &[&str], name: &str, expected: &[&str]) {
        let place = tempfile::tempdir().expect("a folder");
        let start = SystemTime::now() - 2 * OLD;
        for (seconds, name) in (0..).zip(folders) {
            let path = place.path().join(name);
            std::fs::create_dir(&path).expect("made");
            std::fs::write(path.join("program"), name).expect("written");
            let time = start + Duration::from_secs(seconds);
            File::open(&path).expect("opened").set_modified(time).expect("set");
        }
        let output = place.path().join(name).join("program");
        Program::of(&Build { commands: Vec::new(), output }).serves();
        let left = std::fs::read_dir(place.path()).expect("read").flatten();
        let mut left: Vec<_> =
            left.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        left.sort();
        assert_eq!(left, expected);
    }

    #[test]
    fn older_programs_and_abandoned_builds_go_when_one_serves() {
        check(&[FIRST, "cargo", SECOND], SECOND, &[SECOND, "cargo"]);
        check(&[FIRST, SECOND], FIRST, &[FIRST, SECOND]);
        let abandoned = format!("{SECOND}.17.tmp");
        check(&[&abandoned, FIRST, "x.tmp"], FIRST, &[FIRST]);
    }

    #[test]
    fn a_program_can_be_executed_when_its_file_is_gone() {
        let place = tempfile::tempdir().expect("a folder");
        let output = place.path().join("program");
        std::fs::copy("/bin/true", &output).expect("copied");
        let program = Program::of(&Build { commands: Vec::new(), output: output.clone() });
        std::fs::remove_file(&output).expect("removed");
        let status = std::process::Command::new(program.command()).status().expect("started");
        assert!(status.success());
    }
}
