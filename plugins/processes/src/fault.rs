//! Why a process could not be started, and whose fault that is.

use crate::spawn::{SpawnError, Step};
use plugin_api::{Error, ErrorKind};
use rustix::io::Errno;

/// How soon a caller may try again when the system is short of something.
const RETRY_AFTER_MS: u32 = 1000;

/// No code of the program has run.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The process could not be made, or its program not executed.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// No cgroup that holds its limits.
    #[error("cannot make a cgroup for the process: {0}")]
    Cgroup(std::io::Error),
    /// No ruleset that takes its privileges away.
    #[error("cannot make the rules of `allow`: {0}")]
    Landlock(std::io::Error),
    /// No thread to start it on.
    #[error("cannot make a thread that starts processes: {0}")]
    Thread(String),
    /// Nothing is started any more.
    #[error("the host is ending")]
    Ending,
}

impl LaunchError {
    /// `command` is named in the text.
    #[must_use]
    pub fn into_error(self, command: &str) -> Error {
        let kind = match &self {
            Self::Spawn(error) => kind(error),
            Self::Cgroup(_) | Self::Thread(_) | Self::Ending => ErrorKind::Unavailable,
            Self::Landlock(_) => ErrorKind::Plugin,
        };
        let text = match (&self, kind) {
            (_, ErrorKind::BadRequest) => {
                "the request's headers, path or query are too large for the environment of a process".to_owned()
            }
            (Self::Spawn(SpawnError { step: Step::Execute, errno }), _) => {
                format!("cannot execute `{command}`: {errno}")
            }
            _ => self.to_string(),
        };
        match kind {
            ErrorKind::Unavailable => Error::unavailable(text, RETRY_AFTER_MS),
            kind => Error::new(kind, text),
        }
    }
}

fn kind(error: &SpawnError) -> ErrorKind {
    match error.errno {
        Errno::TOOBIG => ErrorKind::BadRequest,
        Errno::AGAIN | Errno::NOMEM | Errno::MFILE | Errno::NFILE | Errno::NOBUFS => {
            ErrorKind::Unavailable
        }
        // Gone, being written, or no longer what it was when the function was prepared.
        Errno::NOENT
        | Errno::NOTDIR
        | Errno::TXTBSY
        | Errno::NOEXEC
        | Errno::ACCESS
        | Errno::STALE
        | Errno::LIBBAD
        | Errno::ISDIR
        | Errno::LOOP
            if matches!(error.step, Step::Execute | Step::Folder) =>
        {
            ErrorKind::Gone
        }
        _ => ErrorKind::Plugin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(step: Step, errno: Errno, kind: ErrorKind, part: &str) {
        let error = LaunchError::from(SpawnError { step, errno }).into_error("./run");
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(part), "{error}");
    }

    #[test]
    fn an_error_says_whose_fault_it_is() {
        check(Step::Execute, Errno::NOENT, ErrorKind::Gone, "cannot execute `./run`: No such file");
        check(Step::Execute, Errno::TXTBSY, ErrorKind::Gone, "`./run`");
        check(Step::Folder, Errno::NOENT, ErrorKind::Gone, "the function's folder");
        check(Step::Execute, Errno::TOOBIG, ErrorKind::BadRequest, "too large");
        check(Step::Clone, Errno::AGAIN, ErrorKind::Unavailable, "cannot make a process");
        check(Step::Pipes, Errno::MFILE, ErrorKind::Unavailable, "cannot make pipes");
        check(Step::Confinement, Errno::INVAL, ErrorKind::Plugin, "`allow`");
    }
}
