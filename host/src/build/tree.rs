//! A command and everything that it starts: run within a time, its output read, ended with it.

use super::tail::Tail;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, kill_process, kill_process_group, pidfd_open, wait,
};
use std::io::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

/// Why a command has not done what it should.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfinished {
    #[error("cannot be started: {0}")]
    NotStarted(std::io::Error),
    #[error("{0}")]
    Failed(String),
    #[error("took too long")]
    TooLong,
    #[error("was stopped")]
    Stopped,
}

/// What bounds a command.
#[derive(Debug)]
pub(super) struct Bounds<'a> {
    /// At its end the command's end has come.
    pub(super) lifeline: BorrowedFd<'a>,
    pub(super) deadline: Instant,
    /// Whether what it prints is shown at once.
    pub(super) show: bool,
}

/// Runs it. When this returns, neither it nor anything that it has started is left.
///
/// The process is a subreaper without other children.
pub(super) fn run(
    mut command: Command,
    bounds: &Bounds<'_>,
    tail: &mut Tail,
) -> Result<(), Unfinished> {
    let pipe = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC);
    let (output, input) = pipe.map_err(|error| Unfinished::NotStarted(error.into()))?;
    let both = input.try_clone().map_err(Unfinished::NotStarted)?;
    command.stdin(Stdio::null()).stdout(input).stderr(both).process_group(0);
    let mut child = command.spawn().map_err(Unfinished::NotStarted)?;
    // Its ends of the pipe are the command's alone from here on.
    drop(command);
    let watched = watch(&child, &output, bounds, tail);
    end_all(&child);
    let status = child.wait().map_err(Unfinished::NotStarted)?;
    reap_all();
    drain(&output, bounds, tail);
    watched?;
    match status.success() {
        true => Ok(()),
        false => Err(Unfinished::Failed(ending(status))),
    }
}

/// Returns when the command has ended by itself.
fn watch(
    child: &Child,
    output: &OwnedFd,
    bounds: &Bounds<'_>,
    tail: &mut Tail,
) -> Result<(), Unfinished> {
    let system = |error: Errno| Unfinished::NotStarted(error.into());
    let process = pidfd_open(Pid::from_child(child), PidfdFlags::empty()).map_err(system)?;
    let mut closed = false;
    loop {
        let left = bounds.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Unfinished::TooLong);
        }
        let mut descriptors = vec![
            PollFd::new(&process, PollFlags::IN),
            PollFd::new(&bounds.lifeline, PollFlags::IN),
        ];
        if !closed {
            descriptors.push(PollFd::new(output, PollFlags::IN));
        }
        match poll(&mut descriptors, Timespec::try_from(left).ok().as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(system(error)),
        }
        let happened = |index: usize| {
            descriptors.get(index).is_some_and(|descriptor| !descriptor.revents().is_empty())
        };
        if happened(1) && is_at_end(bounds.lifeline) {
            return Err(Unfinished::Stopped);
        }
        if happened(2) {
            closed = !read_some(output, bounds, tail);
        }
        if happened(0) {
            return Ok(());
        }
    }
}

/// Nothing is ever said on it.
fn is_at_end(lifeline: BorrowedFd<'_>) -> bool {
    !matches!(rustix::io::read(lifeline, &mut [0; 64]), Ok(1..) | Err(Errno::INTR | Errno::AGAIN))
}

/// False: nobody writes any more.
fn read_some(output: &OwnedFd, bounds: &Bounds<'_>, tail: &mut Tail) -> bool {
    let mut buffer = [0; 8192];
    match rustix::io::read(output, &mut buffer) {
        Ok(0) => false,
        Ok(read) => {
            if bounds.show {
                // Nobody may be reading: that is no reason to fail.
                let _ = std::io::stderr().write_all(&buffer[..read]);
            }
            tail.push(&buffer[..read]);
            true
        }
        Err(error) => error == Errno::INTR,
    }
}

/// What is left in the pipe. All that held its other end have gone.
fn drain(output: &OwnedFd, bounds: &Bounds<'_>, tail: &mut Tail) {
    let readable = |output: &OwnedFd| {
        let mut descriptor = [PollFd::new(output, PollFlags::IN)];
        poll(&mut descriptor, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
    };
    while readable(output) && read_some(output, bounds, tail) {}
}

/// The command's group, which its unreaped number keeps from being another's.
fn end_all(child: &Child) {
    // Fails when none is left.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
}

/// What has left the group has become a child of this process when its own parent ended.
fn reap_all() {
    loop {
        for orphan in orphans() {
            let _ = kill_process(orphan, Signal::KILL);
        }
        match wait(WaitOptions::empty()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return,
        }
    }
}

fn orphans() -> Vec<Pid> {
    let list = std::fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
    list.split_whitespace().filter_map(|word| Pid::from_raw(word.parse().ok()?)).collect()
}

fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited with {code}"),
        (None, signal) => format!("was killed by signal {}", signal.unwrap_or_default()),
    }
}

/// A descriptor that lives as long as the process.
pub(super) fn standard_input() -> impl AsFd {
    std::io::stdin()
}
