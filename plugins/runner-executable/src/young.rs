//! The first milliseconds of a process: the thread that started it waits for it, with the fewest system calls.

use crate::launch::Launch;
use crate::manifest::Response;
use crate::pace::YOUNG;
use crate::running::{Ended, Running};
use processes::{LaunchError, Read, Starter, read_some};
use rustix::event::{PollFd, PollFlags, poll};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// So long only the end of the process is waited for: its output, when small, waits in the pipe and costs no wake-up.
const QUIET: Duration = Duration::from_millis(1);
/// More on standard error than this is passed on while the process runs.
const ERRORS_LIMIT_BYTES: usize = 64 << 10;

/// How the first milliseconds ended.
#[derive(Debug)]
pub(crate) enum Young {
    Ended(Ended),
    /// It lives on, and is waited for without a thread.
    Grown(Box<Running>),
}

/// What a wait ended with.
enum Waited {
    Exited,
    Output,
    Nothing,
}

/// Starts a process and waits for it while it is young.
pub(crate) fn run(starter: &mut Starter, launch: Launch) -> Result<Young, LaunchError> {
    let deadline = launch.deadline;
    let running = launch.start(starter)?;
    let needs_more = running.stdin.is_some() || running.program.response == Response::Stream;
    if needs_more || running.program.pace.is_long() {
        return Ok(Young::Grown(Box::new(running)));
    }
    let until = deadline.min(running.begun + YOUNG);
    Ok(watch(running, until, &mut starter.scratch))
}

fn watch(mut running: Running, end: Instant, scratch: &mut [u8]) -> Young {
    let mut reads_output = running.program.pace.is_talkative();
    loop {
        let until = if reads_output { end } else { end.min(running.begun + QUIET) };
        match wait(&running, reads_output, until) {
            Waited::Exited => return Young::Ended(running.finish(scratch)),
            Waited::Output => read_all(&mut running, scratch),
            Waited::Nothing if reads_output => return Young::Grown(Box::new(running)),
            Waited::Nothing => reads_output = true,
        }
        let too_much = running.output.len() as u64 > running.program.output_limit_bytes
            || running.errors.len() > ERRORS_LIMIT_BYTES;
        if too_much {
            return Young::Grown(Box::new(running));
        }
    }
}

fn wait(running: &Running, reads_output: bool, until: Instant) -> Waited {
    let remaining = until.saturating_duration_since(Instant::now());
    let timeout = remaining.try_into().ok();
    let exit = PollFd::from_borrowed_fd(running.process.pidfd(), PollFlags::IN);
    // Without a pipe the exit is watched twice, which does no harm.
    let descriptors = [&running.stdout, &running.stderr]
        .map(|pipe| pipe.as_ref().map_or(running.process.pidfd(), AsFd::as_fd));
    let ready = |watched: &PollFd<'_>| !watched.revents().is_empty();
    if !reads_output {
        let mut set = [exit];
        let _ = poll(&mut set, timeout.as_ref());
        return if ready(&set[0]) { Waited::Exited } else { Waited::Nothing };
    }
    let [stdout, stderr] = descriptors.map(|pipe| PollFd::from_borrowed_fd(pipe, PollFlags::IN));
    let mut set = [exit, stdout, stderr];
    let _ = poll(&mut set, timeout.as_ref());
    match set.each_ref().map(ready) {
        [true, ..] => Waited::Exited,
        [_, false, false] => Waited::Nothing,
        _ => Waited::Output,
    }
}

fn read_all(running: &mut Running, scratch: &mut [u8]) {
    let pairs =
        [(&mut running.stdout, &mut running.output), (&mut running.stderr, &mut running.errors)];
    for (pipe, into) in pairs {
        if pipe.as_ref().is_some_and(|pipe| read_some(pipe, into, scratch) == Read::Closed) {
            *pipe = None;
        }
    }
}
