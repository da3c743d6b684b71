//! A process that runs, with our ends of its pipes.

use crate::program::Program;
use bytes::Bytes;
use processes::{Exit, LARGEST_PIPE_BYTES, Process, Read, read_some, was_replaced};
use rustix::fs::{Access, AtFlags, accessat};
use rustix::io::Errno;
use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a pipe holds at most: an ended process cannot have left more, however much others go on writing.
const DRAIN_LIMIT_BYTES: usize = LARGEST_PIPE_BYTES + (64 << 10);

/// Dropping it kills the process and its group: it is the first field that goes.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) process: Process,
    pub(crate) program: Arc<Program>,
    /// Open while there is something to write, now or later.
    pub(crate) stdin: Option<OwnedFd>,
    pub(crate) unwritten: Bytes,
    pub(crate) stdout: Option<OwnedFd>,
    pub(crate) stderr: Option<OwnedFd>,
    pub(crate) output: Vec<u8>,
    pub(crate) errors: Vec<u8>,
    /// The function's folder when the process was started: the same one, wherever it has been moved since.
    pub(crate) folder: OwnedFd,
    pub(crate) begun: Instant,
    pub(crate) start: Duration,
}

/// A process that has ended and been reaped.
#[derive(Debug)]
pub(crate) struct Ended {
    /// What has not been taken before.
    pub(crate) output: Vec<u8>,
    pub(crate) errors: Vec<u8>,
    pub(crate) exit: Exit,
    pub(crate) start: Duration,
    pub(crate) lived: Duration,
    /// It ended because the host does.
    pub(crate) by_host: bool,
    /// The function's folder was taken away while it ran.
    pub(crate) replaced: bool,
}

impl Running {
    /// The process has ended: kills what it left of its group, takes what is in the pipes, reaps it.
    pub(crate) fn finish(&mut self, scratch: &mut [u8]) -> Ended {
        let stdout = self.stdout.take();
        let stderr = self.stderr.take();
        self.finish_with(stdout.as_ref(), stderr.as_ref(), scratch)
    }

    /// The same with pipes that somebody else has.
    pub(crate) fn finish_with(
        &mut self,
        stdout: Option<&OwnedFd>,
        stderr: Option<&OwnedFd>,
        scratch: &mut [u8],
    ) -> Ended {
        let lived = self.begun.elapsed();
        self.process.kill_leftovers();
        drain(stdout, &mut self.output, scratch);
        drain(stderr, &mut self.errors, scratch);
        let by_host = self.process.registry().is_ending();
        let exit = self.process.reap();
        self.program.pace.note(lived, (self.output.len() + self.errors.len()) as u64);
        Ended {
            output: std::mem::take(&mut self.output),
            errors: std::mem::take(&mut self.errors),
            exit,
            start: self.start,
            lived,
            by_host,
            replaced: exit.status != 0 && has_lost_its_folder(&self.program, &self.folder),
        }
    }
}

/// True when the folder that the process was started in is no longer the function's, or has lost what it needs.
fn has_lost_its_folder(program: &Program, folder: &OwnedFd) -> bool {
    let lost = |name: &CString| {
        accessat(folder, name, Access::EXISTS, AtFlags::empty()) == Err(Errno::NOENT)
    };
    was_replaced(&program.blueprint.folder, folder) || program.witnesses.iter().any(lost)
}

fn drain(from: Option<&OwnedFd>, into: &mut Vec<u8>, scratch: &mut [u8]) {
    let Some(from) = from else { return };
    let mut drained = 0;
    while drained < DRAIN_LIMIT_BYTES {
        match read_some(from, into, scratch) {
            // A pipe fills the buffer as long as it has something.
            Read::Bytes(count) if count == scratch.len() => drained += count,
            _ => return,
        }
    }
}
