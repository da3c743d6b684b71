//! Starts a guard for a build and waits for it.

use super::guard::{Order, Report};
use super::{Build, PASSED_VARIABLES};
use crate::config::Environment;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// Stops a build from another thread.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    state: Mutex<StopState>,
}

#[derive(Debug, Default)]
enum StopState {
    #[default]
    NotStarted,
    /// As long as this is open the guard works.
    Started {
        _lifeline: ChildStdin,
    },
    Stopped,
}

impl Stop {
    /// Ends the build now, or before it has begun.
    pub(crate) fn stop(&self) {
        self.set(StopState::Stopped);
    }

    fn is_stopped(&self) -> bool {
        matches!(*self.state.lock().unwrap_or_else(PoisonError::into_inner), StopState::Stopped)
    }

    /// Keeps the lifeline, unless it is over already.
    fn started(&self, lifeline: ChildStdin) {
        self.set(StopState::Started { _lifeline: lifeline });
    }

    fn set(&self, state: StopState) {
        let mut current = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*current, StopState::Stopped) {
            *current = state;
        }
    }
}

/// Builds, and returns when nothing of it runs any more; `show`: what is printed goes to standard error as well.
/// Blocks for minutes.
///
/// # Errors
/// Why it failed, with the end of what was printed.
pub(crate) fn build(build: &Build, stop: &Stop, show: bool) -> Result<(), String> {
    let no_guard = |error: std::io::Error| format!("the build cannot be started: {error}");
    let order = Order { build: build.clone(), show };
    let order = serde_json::to_string(&order).map_err(|error| no_guard(error.into()))?;
    if stop.is_stopped() {
        return Err("the build was stopped".to_owned());
    }
    // This program, also where its file has been replaced meanwhile. In a group of its own: a terminal's Ctrl-C ends
    // whoever waits for it, and the guard sees that.
    let mut guard = Command::new("/proc/self/exe")
        .arg0("shortedfaas")
        .arg("build-guard")
        .env_clear()
        .envs(
            PASSED_VARIABLES
                .iter()
                .filter_map(|name| Some((*name, Environment::variable_of_process(name)?))),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(if show { Stdio::inherit() } else { Stdio::null() })
        .process_group(0)
        .spawn()
        .map_err(no_guard)?;
    if let Some(mut lifeline) = guard.stdin.take()
        && writeln!(lifeline, "{order}").is_ok()
    {
        stop.started(lifeline);
    }
    let mut said = String::new();
    if let Some(mut output) = guard.stdout.take() {
        let _ = output.read_to_string(&mut said);
    }
    guard.wait().map_err(no_guard)?;
    let report = serde_json::from_str(&said)
        .unwrap_or_else(|_| Report { error: Some("the build was broken off".to_owned()) });
    match report.error {
        Some(error) => Err(error),
        None => Ok(()),
    }
}
