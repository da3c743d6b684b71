//! What /proc says about processes.

use super::{eventually, until};
use std::path::Path;
use std::process::Command;

/// True when there is no such process, or only its entry, not yet collected by its parent.
pub(crate) fn is_gone(pid: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return true };
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    matches!(state, None | Some('Z' | 'X'))
}

/// Kills a process.
#[track_caller]
pub(crate) fn kill(pid: u32) {
    let pid = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

/// Waits for the end of a process.
#[track_caller]
pub(crate) fn expect_gone(pid: u32) {
    until(&format!("process {pid} is gone"), || is_gone(pid));
}

/// The process ids which a function wrote into a file, one a line, as soon as there are `count`.
#[track_caller]
pub(crate) fn pids_in(file: &Path, count: usize) -> Vec<u32> {
    eventually(&format!("{count} process ids in {}", file.display()), || {
        let text = std::fs::read_to_string(file).ok()?;
        let whole = &text[..text.rfind('\n')?];
        let pids: Vec<u32> = whole.lines().filter_map(|line| line.trim().parse().ok()).collect();
        (pids.len() >= count).then_some(pids)
    })
}

/// A number of /proc/PID/status: `Threads`, or `VmRSS` in KiB.
#[track_caller]
pub(crate) fn status_of(pid: u32, key: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(key)).expect("the key is in status");
    line.split_whitespace().nth(1).expect("a value follows").parse().expect("it is a number")
}

/// The processes whose parent it is, those not yet collected too.
pub(crate) fn children_of(pid: u32) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|child| parent_of(*child) == Some(pid)).collect()
}

fn parent_of(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    rest.split(' ').nth(1)?.parse().ok()
}

/// How many descriptors a process has open.
pub(crate) fn open_files_of(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// The limit on descriptors under which a program is started.
pub(crate) enum OpenFiles {
    Inherited,
    AtMost(u64),
}

impl OpenFiles {
    /// A command that runs `program` under the limit.
    pub(crate) fn command(&self, program: &str) -> Command {
        match self {
            Self::Inherited => Command::new(program),
            Self::AtMost(limit) => {
                let mut command = Command::new("sh");
                command.args(["-c", &format!("ulimit -n {limit}; exec \"$0\" \"$@\""), program]);
                command
            }
        }
    }
}
