//! From how a process ended to what its invocation ended as.

use crate::grown::Cause;
use crate::program::Program;
use crate::running::Ended;
use plugin_api::{End, Error, ErrorKind, Outcome, Result};
use processes::{exit_code, killed_by};
use std::time::Duration;

/// A program that fails so soon without a word, in a folder that was taken away meanwhile, has failed for that reason.
const STARTING: Duration = Duration::from_secs(1);

/// `output_bytes` is all that the program has printed.
///
/// # Errors
/// What is not the program's doing.
pub(crate) fn end_of(
    program: &Program,
    ended: &Ended,
    cause: Cause,
    output_bytes: u64,
) -> Result<End> {
    let (outcome, error) = match cause {
        Cause::Input(error) => return Err(error),
        Cause::Deadline => (Outcome::TimedOut, timed_out(program)),
        Cause::OutputLimit => (Outcome::Failed, too_much(program)),
        Cause::Itself => by_itself(program, ended, output_bytes)?,
    };
    Ok(End {
        outcome,
        exit_code: exit_code(ended.exit.status),
        error,
        cold: true,
        start: ended.start,
        cpu: ended.exit.cpu,
        max_rss_bytes: ended.exit.max_rss_bytes,
    })
}

fn by_itself(program: &Program, ended: &Ended, output_bytes: u64) -> Result<(Outcome, String)> {
    let status = ended.exit.status;
    let code = libc::WEXITSTATUS(status);
    Ok(if output_bytes > program.output_limit_bytes {
        (Outcome::Failed, too_much(program))
    } else if status == 0 {
        (Outcome::Succeeded, String::new())
    } else if ended.by_host {
        (Outcome::Cancelled, "stopped: the host is ending".to_owned())
    } else if ended.exit.out_of_memory {
        (Outcome::Failed, "killed: over limits.memory".to_owned())
    } else if libc::WIFSIGNALED(status) {
        (Outcome::Failed, killed_by(libc::WTERMSIG(status)))
    } else if ended.replaced && output_bytes == 0 && ended.lived < STARTING {
        let text = "the folder was replaced while the program was starting";
        return Err(Error::new(ErrorKind::Gone, text));
    } else {
        (Outcome::Failed, format!("exited with code {code}"))
    })
}

/// The end of a process that was killed and is not dead.
pub(crate) fn end_of_lost(program: &Program, cause: Cause) -> Result<End> {
    let (outcome, error) = match cause {
        Cause::Input(error) => return Err(error),
        Cause::OutputLimit => (Outcome::Failed, too_much(program)),
        Cause::Deadline | Cause::Itself => (Outcome::TimedOut, timed_out(program)),
    };
    let error = format!("{error}; its process was killed and has not ended yet");
    Ok(End { outcome, error, cold: true, ..End::default() })
}

pub(crate) fn timed_out(program: &Program) -> String {
    format!("timed out; its `timeout` is {} ms", program.timeout_ms)
}

fn too_much(program: &Program) -> String {
    format!("output larger than `limits.output`, {} bytes", program.output_limit_bytes)
}
