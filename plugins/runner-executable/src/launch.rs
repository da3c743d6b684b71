//! From a call to a running process: pipes, input, folder, limits, then the spawn.

use crate::program::Program;
use crate::running::Running;
use bytes::{Buf, Bytes};
use processes::{
    Block, LaunchError, PIPE_BYTES, Starter, enlarge, open_folder, pipe, set_nonblocking,
};
use rustix::io::Errno;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

/// A pipe takes so much at once without blocking, however short of memory the system is.
const SMALLEST_PIPE_BYTES: usize = 4096;

/// One call, as a process needs it.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) program: Arc<Program>,
    pub(crate) environment: Block,
    pub(crate) input: Bytes,
    /// More input will come.
    pub(crate) more_input: bool,
    pub(crate) deadline: Instant,
}

/// Both ends of the child's standard streams.
struct Pipes {
    stdin: Option<(OwnedFd, Option<OwnedFd>)>,
    stdout: (OwnedFd, OwnedFd),
    stderr: (OwnedFd, OwnedFd),
}

impl Launch {
    /// Starts the process; what it is given of its input so far is in its pipe before it runs.
    pub(crate) fn start(mut self, starter: &mut Starter) -> Result<Running, LaunchError> {
        let program = Arc::clone(&self.program);
        let folder = open_folder(&program.blueprint)?;
        let mut pipes = Pipes::new(&mut self)?;
        let theirs = [
            pipes.stdin.as_ref().map(|(theirs, _)| theirs.as_fd()),
            Some(pipes.stdout.1.as_fd()),
            Some(pipes.stderr.1.as_fd()),
        ];
        let started = starter.start(&program.blueprint, &folder, &self.environment, &theirs)?;
        Ok(Running {
            process: started.process,
            program,
            stdin: pipes.stdin.take().and_then(|(_, ours)| ours),
            unwritten: self.input,
            stdout: Some(pipes.stdout.0),
            stderr: Some(pipes.stderr.0),
            output: Vec::new(),
            errors: Vec::new(),
            folder,
            begun: started.begun,
            start: started.start,
        })
    }
}

impl Pipes {
    fn new(launch: &mut Launch) -> Result<Self, LaunchError> {
        let stdin = Self::stdin(launch)?;
        let stdout = pipe()?;
        let stderr = pipe()?;
        for ours in [&stdout.0, &stderr.0] {
            set_nonblocking(ours)?;
        }
        Ok(Self { stdin, stdout, stderr })
    }

    /// None for no input at all. Our end is closed when all of it is in the pipe: the program then reads its end at once.
    fn stdin(launch: &mut Launch) -> Result<Option<(OwnedFd, Option<OwnedFd>)>, LaunchError> {
        if launch.input.is_empty() && !launch.more_input {
            return Ok(None);
        }
        let (theirs, ours) = pipe()?;
        if launch.input.len() > SMALLEST_PIPE_BYTES || launch.more_input {
            set_nonblocking(&ours)?;
        }
        if launch.input.len() > PIPE_BYTES {
            // Where that is refused the rest is written while the program reads.
            enlarge(&ours, launch.input.len());
        }
        while !launch.input.is_empty() {
            match rustix::io::write(&ours, &launch.input) {
                Ok(count) => launch.input.advance(count),
                Err(Errno::INTR) => {}
                Err(_) => break,
            }
        }
        let all_in = launch.input.is_empty() && !launch.more_input;
        Ok(Some((theirs, (!all_in).then_some(ours))))
    }
}
