//! A server and all below it on one core, for as long as one connection is measured.

use super::processes;
use std::fs;
use std::process::{Command, Stdio};

/// Holds a server's processes on one core; gives them all cores back when it is dropped.
pub(super) struct Pinned {
    leaders: Vec<u32>,
    core: String,
    all: String,
}

impl Pinned {
    /// Binds the leaders and everything below them to the first core that this process may use.
    pub(super) fn new(leaders: &[u32]) -> Result<Self, String> {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let all = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        let all = all.map(str::trim).ok_or("the kernel does not say which cores there are")?;
        let core = all.split([',', '-']).next().unwrap_or_default();
        let pinned = Self { leaders: leaders.to_vec(), core: core.into(), all: all.into() };
        pinned.bind(&pinned.core);
        Ok(pinned)
    }

    /// A program on the same core.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("taskset");
        command.args(["-c", &self.core, program]);
        command
    }

    /// Workers that start in between are bound as the one who starts them is.
    fn bind(&self, cores: &str) {
        for process in processes::family(&self.leaders) {
            let mut taskset = Command::new("taskset");
            taskset.args(["-a", "-c", "-p", cores, &process.pid.to_string()]);
            // One that has ended in between cannot be bound, and need not be.
            let _ = taskset.stdout(Stdio::null()).stderr(Stdio::null()).status();
        }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        self.bind(&self.all);
    }
}
