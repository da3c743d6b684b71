//! What an interpreter says of itself, asked once for each program.

use crate::answer::{real_program, version_in};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A Java on a busy machine may take some seconds.
const LONGEST_PROBE: Duration = Duration::from_secs(10);
/// A version manager's shim stays the same when it is told to choose another program: it is asked again after this.
const SHIM_KEPT: Duration = Duration::from_secs(60);
/// What failed is not tried again for each of a hundred functions.
const FAILURE_KEPT: Duration = Duration::from_secs(5);
/// More than anything sensible prints.
const LONGEST_ANSWER_BYTES: u64 = 64 * 1024;
/// Local programs of functions that are gone: forgotten when there are so many.
const MOST_REMEMBERED: usize = 512;
/// A program that is being installed is busy for a moment.
const BUSY_ATTEMPTS: u32 = 50;
/// Between them.
const BUSY_PAUSE: Duration = Duration::from_millis(10);
/// What a program is asked with, besides what version managers need: no secret of the host's.
const PASSED_VARIABLES: [&str; 6] = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "JAVA_HOME"];
/// Prefixes of version managers' own variables.
const MANAGERS: [&str; 8] =
    ["PYENV_", "RBENV_", "NODENV_", "PLENV_", "PHPENV_", "ASDF_", "MISE_", "VOLTA_"];

/// A program that can be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Absolute; behind a version manager's shim the real one.
    pub path: PathBuf,
    /// As it calls itself (`3.11.7`); empty when it tells none.
    pub version: String,
}

/// Programs that have been asked.
#[derive(Debug, Default)]
pub(crate) struct Probes {
    known: Mutex<HashMap<PathBuf, Arc<Mutex<Option<Known>>>>>,
}

#[derive(Debug)]
struct Known {
    found: Stamp,
    real: Stamp,
    until: Option<Instant>,
    answer: Result<Program, String>,
}

/// Tells a file from the one that replaced it.
#[derive(Debug, PartialEq, Eq)]
struct Stamp(Option<(u64, u64, u64, i64, i64)>);

impl Stamp {
    fn of(path: &Path) -> Self {
        let found = path.metadata().ok();
        Self(found.map(|found| {
            (found.dev(), found.ino(), found.size(), found.mtime(), found.mtime_nsec())
        }))
    }
}

impl Probes {
    /// Asks the program at `path`, unless it has been asked and is the same since. Blocks while it answers.
    ///
    /// # Errors
    /// Why it does not work.
    pub(crate) fn ask(&self, path: &Path, arguments: &[&str]) -> Result<Program, String> {
        let slot = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() > MOST_REMEMBERED {
                known.clear();
            }
            Arc::clone(known.entry(path.to_owned()).or_default())
        };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = slot.as_ref().filter(|known| known.holds(path)) {
            return known.answer.clone();
        }
        let answer = probe(path, arguments);
        let real = answer.as_ref().map_or(path, |program| &program.path);
        let until = match &answer {
            Err(_) => Some(FAILURE_KEPT),
            Ok(_) => is_shim(path, real).then_some(SHIM_KEPT),
        };
        let until = until.map(|kept| Instant::now() + kept);
        *slot = Some(Known {
            found: Stamp::of(path),
            real: Stamp::of(real),
            until,
            answer: answer.clone(),
        });
        answer
    }
}

impl Known {
    fn holds(&self, path: &Path) -> bool {
        let real = self.answer.as_ref().map_or(path, |program| &program.path);
        self.until.is_none_or(|until| Instant::now() < until)
            && self.found == Stamp::of(path)
            && self.real == Stamp::of(real)
    }
}

/// Two files: what is on PATH only leads to the program.
fn is_shim(found: &Path, real: &Path) -> bool {
    Stamp::of(found) != Stamp::of(real)
}

fn probe(path: &Path, arguments: &[&str]) -> Result<Program, String> {
    let shown = || format!("`{} {}`", path.display(), arguments.join(" "));
    let mut child = start(path, arguments)
        .map_err(|error| format!("{} cannot be started: {error}", path.display()))?;
    let output = answer_of(&mut child);
    let Some((status, stdout, stderr)) = output else {
        return Err(format!("{} did not answer within {} s", shown(), LONGEST_PROBE.as_secs()));
    };
    if !status.success() {
        let said = stderr.lines().chain(stdout.lines()).rfind(|line| !line.trim().is_empty());
        return Err(format!(
            "{} failed ({status}): {}",
            shown(),
            said.unwrap_or("it said nothing").trim()
        ));
    }
    let version = version_in(&stdout).or_else(|| version_in(&stderr)).unwrap_or_default();
    Ok(Program { path: real_program(&stdout).unwrap_or_else(|| path.to_owned()), version })
}

fn start(path: &Path, arguments: &[&str]) -> std::io::Result<Child> {
    let passed = |name: &OsStr| {
        let name = name.to_string_lossy();
        PASSED_VARIABLES.contains(&&*name) || MANAGERS.iter().any(|prefix| name.starts_with(prefix))
    };
    let mut command = Command::new(path);
    command
        .args(arguments)
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| passed(name)))
        // A version file of some function's folder must not decide for all of them.
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    for _ in 0..BUSY_ATTEMPTS {
        match command.spawn() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                std::thread::sleep(BUSY_PAUSE);
            }
            done => return done,
        }
    }
    command.spawn()
}

/// What it printed and how it ended; none when it took too long: then it is ended with its group.
fn answer_of(child: &mut Child) -> Option<(std::process::ExitStatus, String, String)> {
    let until = Instant::now() + LONGEST_PROBE;
    let stdout = in_background(child.stdout.take());
    let stderr = in_background(child.stderr.take());
    let texts = [stdout, stderr]
        .map(|text| text.recv_timeout(until.saturating_duration_since(Instant::now())).ok());
    // Not reaped yet where it has not ended, so that the number is still its own.
    if let Ok(group) = i32::try_from(child.id()) {
        let ended = texts.iter().all(Option::is_some) && waits_for_its_end(child, until);
        if let (false, Some(group)) = (ended, rustix::process::Pid::from_raw(group)) {
            let _gone_already =
                rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
    let status = child.wait().ok()?;
    let [Some(stdout), Some(stderr)] = texts else { return None };
    Some((status, stdout, stderr))
}

/// Both pipes are closed, so it ends at once or is not worth the wait.
fn waits_for_its_end(child: &mut Child, until: Instant) -> bool {
    loop {
        match child.try_wait() {
            Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_millis(2)),
            Ok(found) => return found.is_some(),
            Err(_) => return false,
        }
    }
}

fn in_background(pipe: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _what_came = pipe.by_ref().take(LONGEST_ANSWER_BYTES).read_to_end(&mut bytes);
            let _the_rest = std::io::copy(&mut pipe, &mut std::io::sink());
        }
        let _nobody_waits = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn script(folder: &Path, name: &str, text: &str) -> PathBuf {
        // By rename: a new file each time, as package managers do it.
        let (path, young) = (folder.join(name), folder.join("young"));
        std::fs::write(&young, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&young, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::rename(&young, &path).unwrap();
        path
    }

    #[test]
    fn a_shim_leads_to_the_real_program_and_a_changed_one_is_asked_again() {
        let folder = tempfile::tempdir().unwrap();
        let real = script(folder.path(), "real", "");
        let shim = script(folder.path(), "shim", &format!("echo 1.2.3; echo {}", real.display()));
        let probes = Probes::default();
        assert_eq!(
            probes.ask(&shim, &[]),
            Ok(Program { path: real.clone(), version: "1.2.3".into() })
        );
        script(folder.path(), "shim", "echo 4.5");
        assert_eq!(probes.ask(&shim, &[]), Ok(Program { path: shim, version: "4.5".into() }));
    }

    #[test]
    fn a_program_is_asked_once_while_it_stays_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let path =
            script(folder.path(), "tool", &format!("echo asked >>{}; echo 1.0", log.display()));
        let probes = Probes::default();
        for _ in 0..3 {
            assert_eq!(probes.ask(&path, &[]).unwrap().version, "1.0");
        }
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "asked\n");
    }

    #[test]
    fn a_program_that_fails_is_an_error_with_what_it_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = script(folder.path(), "tool", "echo 'tool: version not chosen' >&2; exit 127");
        let error = Probes::default().ask(&path, &["--version"]).unwrap_err();
        assert!(
            error.contains("--version` failed (exit status: 127): tool: version not chosen"),
            "{error}"
        );
        assert!(Probes::default().ask(&folder.path().join("none"), &[]).is_err());
    }
}
