//! Pipes to a process, and reads of them that do not wait.

use crate::fault::LaunchError;
use crate::spawn::{SpawnError, Step};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};
use std::os::fd::{AsFd, OwnedFd};

/// Capacity of a pipe by default.
pub const PIPE_BYTES: usize = 64 << 10;
/// The largest capacity that everybody may ask for.
pub const LARGEST_PIPE_BYTES: usize = 1 << 20;

/// What a read found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// So many bytes.
    Bytes(usize),
    /// Nothing now.
    Empty,
    /// Nothing ever again.
    Closed,
}

/// A pipe that no other process inherits: reading end, writing end.
///
/// # Errors
/// The system is short of something.
pub fn pipe() -> Result<(OwnedFd, OwnedFd), LaunchError> {
    pipe_with(PipeFlags::CLOEXEC).map_err(failed)
}

/// Neither reads nor writes wait any more, whoever has this end.
///
/// # Errors
/// The kernel refuses, for which there is no reason.
pub fn set_nonblocking(end: impl AsFd) -> Result<(), LaunchError> {
    fcntl_setfl(end, OFlags::NONBLOCK).map_err(failed)
}

/// Lets a pipe hold `bytes`, as far as everybody may ask for it. Where that is refused it stays as it is.
pub fn enlarge(end: impl AsFd, bytes: usize) {
    if bytes > PIPE_BYTES {
        let _ = fcntl_setpipe_size(end, bytes.min(LARGEST_PIPE_BYTES));
    }
}

/// One read, which does not wait, appended to `into`.
pub fn read_some(from: impl AsFd, into: &mut Vec<u8>, scratch: &mut [u8]) -> Read {
    loop {
        match rustix::io::read(&from, &mut *scratch) {
            Ok(0) => return Read::Closed,
            Ok(count) => {
                into.extend_from_slice(&scratch[..count]);
                return Read::Bytes(count);
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Read::Empty,
            Err(_) => return Read::Closed,
        }
    }
}

fn failed(errno: Errno) -> LaunchError {
    SpawnError { step: Step::Pipes, errno }.into()
}
