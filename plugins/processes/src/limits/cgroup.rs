//! A cgroup for one process and all that it starts: made before it runs, killed as a whole, removed afterwards.

use super::hierarchy::{CONTROLLERS, Hierarchy};
use crate::bounds::Limits;
use crate::spawn::{CGROUP_FILES, CgroupEntry};
use plugin_api::tokio;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Length of the period within which processor time is counted, in microseconds: the kernel's own default.
const CPU_PERIOD_US: u64 = 100_000;
/// Killed processes leave their group when they have been reaped: orphans by the system's first process, in its own time.
const FIRST_REMOVAL_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_REMOVAL_PAUSE: Duration = Duration::from_secs(1);
const REMOVAL_ATTEMPTS: u32 = 60;

/// The folders under which this run of the host makes its groups.
#[derive(Debug)]
pub(crate) struct Cgroups {
    unified: bool,
    /// One for all, or one for each of [`CONTROLLERS`].
    roots: [Option<PathBuf>; 3],
    next: AtomicU64,
}

/// One group.
#[derive(Debug)]
pub(crate) struct Cgroup {
    unified: bool,
    folders: [Option<PathBuf>; 3],
    entries: [Option<File>; CGROUP_FILES],
}

/// Limits that only a cgroup can hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Wanted {
    memory_bytes: Option<u64>,
    processes: Option<u64>,
    cpu: Option<f64>,
}

impl Wanted {
    /// None where the function asks for none of them.
    pub(crate) fn of(limits: &Limits) -> Option<Self> {
        let Limits { memory_bytes, processes, cpu, .. } = *limits;
        let asks = memory_bytes.is_some() || processes.is_some() || cpu.is_some();
        asks.then_some(Self { memory_bytes, processes, cpu })
    }

    /// The same without the limits that are named; none when nothing is left.
    pub(crate) fn without(self, missing: &[&str]) -> Option<Self> {
        let keeps = |name: &str| !missing.contains(&name);
        let memory_bytes = self.memory_bytes.filter(|_| keeps("limits.memory"));
        let processes = self.processes.filter(|_| keeps("limits.processes"));
        let cpu = self.cpu.filter(|_| keeps("limits.cpu"));
        let asks = memory_bytes.is_some() || processes.is_some() || cpu.is_some();
        asks.then_some(Self { memory_bytes, processes, cpu })
    }

    fn asks_for(&self, controller: &str) -> bool {
        match controller {
            "memory" => self.memory_bytes.is_some(),
            "pids" => self.processes.is_some(),
            _ => self.cpu.is_some(),
        }
    }
}

impl Cgroups {
    /// Finds out by doing: `mark` names the folders. The paths are to be told to the keeper.
    pub(crate) fn probe(mark: &str) -> Option<Self> {
        let name = format!("shortedfaas-{mark}");
        let (unified, roots) = match Hierarchy::own()? {
            // A service manager may have put the host into a group below the one that it left to us.
            Hierarchy::Unified(own) => {
                let root = [Some(own.as_path()), own.parent()].into_iter().flatten();
                (
                    true,
                    [root.map(|base| base.join(&name)).find(|root| make_unified(root)), None, None],
                )
            }
            Hierarchy::Separate(own) => (
                false,
                own.map(|own| {
                    let root = own?.join(&name);
                    std::fs::create_dir(&root).ok().map(|()| root)
                }),
            ),
        };
        let groups = Self { unified, roots, next: AtomicU64::new(0) };
        groups.roots.iter().any(Option::is_some).then_some(groups)
    }

    pub(crate) fn roots(&self) -> impl Iterator<Item = &Path> {
        self.roots.iter().flatten().map(PathBuf::as_path)
    }

    /// The limits of `wanted` that cannot be held here; all of them where there are no `groups`.
    pub(crate) fn missing(groups: Option<&Self>, wanted: &Wanted) -> Vec<&'static str> {
        let has = |index: usize| {
            groups.is_some_and(|groups| groups.unified || groups.roots[index].is_some())
        };
        let lacking = CONTROLLERS
            .iter()
            .enumerate()
            .filter(|(index, name)| wanted.asks_for(name) && !has(*index));
        lacking.map(|(_, name)| limit_name(name)).collect()
    }

    /// Makes a group with these limits.
    pub(crate) fn create(&self, wanted: &Wanted) -> io::Result<Cgroup> {
        let name = self.next.fetch_add(1, Ordering::Relaxed).to_string();
        let mut group = Cgroup {
            unified: self.unified,
            folders: Default::default(),
            entries: Default::default(),
        };
        for (index, root) in self.roots.iter().enumerate() {
            let Some(root) =
                root.as_ref().filter(|_| self.unified || wanted.asks_for(CONTROLLERS[index]))
            else {
                continue;
            };
            let folder = root.join(&name);
            std::fs::create_dir(&folder)?;
            group.folders[index] = Some(folder.clone());
            group.entries[index] = Some(if self.unified {
                File::open(&folder)?
            } else {
                OpenOptions::new().write(true).open(folder.join("cgroup.procs"))?
            });
        }
        match group.limit(wanted) {
            Ok(()) => Ok(group),
            Err(error) => {
                group.remove_now();
                Err(error)
            }
        }
    }
}

impl Drop for Cgroups {
    fn drop(&mut self) {
        for root in self.roots() {
            let _ = std::fs::remove_dir(root);
        }
    }
}

impl Cgroup {
    /// How a child comes in.
    pub(crate) fn entry(&self) -> CgroupEntry<'_> {
        match &self.entries {
            [Some(folder), ..] if self.unified => CgroupEntry::Born(folder.as_fd()),
            entries => {
                CgroupEntry::Enters(entries.each_ref().map(|entry| entry.as_ref().map(AsFd::as_fd)))
            }
        }
    }

    /// Moves a process into it.
    pub(crate) fn take(&self, id: i32) -> io::Result<()> {
        self.folders
            .iter()
            .flatten()
            .try_for_each(|folder| std::fs::write(folder.join("cgroup.procs"), id.to_string()))
    }

    /// Kills all that is in it.
    pub(crate) fn kill(&self) {
        for folder in self.folders.iter().flatten() {
            if self.unified && std::fs::write(folder.join("cgroup.kill"), "1").is_ok() {
                return;
            }
            let members = std::fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
            let members = members.lines().filter_map(|line| line.parse().ok());
            for id in members.filter_map(rustix::process::Pid::from_raw) {
                let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
            }
        }
    }

    /// True when the kernel has killed something in it for its memory limit.
    pub(crate) fn was_out_of_memory(&self) -> bool {
        let file = if self.unified { "memory.events" } else { "memory.oom_control" };
        let folder = self.folders[0].as_ref();
        let said = folder.and_then(|folder| std::fs::read_to_string(folder.join(file)).ok());
        said.unwrap_or_default()
            .lines()
            .any(|line| line.strip_prefix("oom_kill ").is_some_and(|count| count != "0"))
    }

    /// Removes it, as soon as the last of its processes is gone.
    pub(crate) fn remove(mut self, runtime: &tokio::runtime::Handle) {
        if self.remove_now() {
            return;
        }
        runtime.spawn(async move {
            let mut pause = FIRST_REMOVAL_PAUSE;
            for _ in 0..REMOVAL_ATTEMPTS {
                tokio::time::sleep(pause).await;
                pause = (2 * pause).min(LONGEST_REMOVAL_PAUSE);
                self.kill();
                if self.remove_now() {
                    return;
                }
            }
        });
    }

    fn remove_now(&mut self) -> bool {
        for folder in &mut self.folders {
            let gone = folder.as_ref().is_none_or(|folder| match std::fs::remove_dir(folder) {
                Ok(()) => true,
                Err(error) => error.kind() == io::ErrorKind::NotFound,
            });
            if gone {
                *folder = None;
            }
        }
        self.folders.iter().all(Option::is_none)
    }

    fn limit(&self, wanted: &Wanted) -> io::Result<()> {
        let quota = wanted.cpu.map(cpu_quota_us);
        if self.unified {
            self.write(0, "memory.max", wanted.memory_bytes)?;
            // Swap would make the limit a matter of speed; where there is none, there is no such file.
            let _ = self.write(0, "memory.swap.max", wanted.memory_bytes.map(|_| 0));
            let _ = self.write(0, "memory.oom.group", wanted.memory_bytes.map(|_| 1));
            self.write(0, "pids.max", wanted.processes)?;
            return self.write(0, "cpu.max", quota.map(|quota| format!("{quota} {CPU_PERIOD_US}")));
        }
        self.write(0, "memory.limit_in_bytes", wanted.memory_bytes)?;
        let _ = self.write(0, "memory.memsw.limit_in_bytes", wanted.memory_bytes);
        self.write(1, "pids.max", wanted.processes)?;
        self.write(2, "cpu.cfs_period_us", quota.map(|_| CPU_PERIOD_US))?;
        self.write(2, "cpu.cfs_quota_us", quota)
    }

    fn write(&self, index: usize, file: &str, value: Option<impl ToString>) -> io::Result<()> {
        match (&self.folders[index], value) {
            (Some(folder), Some(value)) => std::fs::write(folder.join(file), value.to_string()),
            _ => Ok(()),
        }
    }
}

/// True when the folder has been made and groups in it can have limits.
fn make_unified(root: &Path) -> bool {
    let base = root.parent().unwrap_or(root);
    if delegate(base).is_err() || std::fs::create_dir(root).is_err() {
        return false;
    }
    let usable = delegate(root).is_ok();
    if !usable {
        let _ = std::fs::remove_dir(root);
    }
    usable
}

/// Lets groups below have limits. A group that holds processes cannot do that, except the root of the hierarchy.
fn delegate(folder: &Path) -> io::Result<()> {
    let wanted = CONTROLLERS.map(|name| format!("+{name}")).join(" ");
    std::fs::write(folder.join("cgroup.subtree_control"), wanted)
}

fn cpu_quota_us(cores: f64) -> u64 {
    /// The kernel refuses less than a millisecond.
    const LEAST_US: f64 = 1000.0;
    (cores * CPU_PERIOD_US as f64).max(LEAST_US) as u64
}

fn limit_name(controller: &str) -> &'static str {
    match controller {
        "memory" => "limits.memory",
        "pids" => "limits.processes",
        _ => "limits.cpu",
    }
}
