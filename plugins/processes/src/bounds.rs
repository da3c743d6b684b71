//! What bounds the processes of a function: limits and privileges, as its manifest says and as this system can hold them.

use crate::limits::{Landlock, Wanted, rulesets_are_known, without_network};
use crate::registry::Registry;
use plugin_api::{Error, Result};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Bounds of one process; none: no bound.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Of it and all that it starts.
    pub memory_bytes: Option<u64>,
    /// Cores.
    pub cpu: Option<f64>,
    /// It and all that it starts, at once.
    pub processes: Option<u64>,
    /// At once, in each process.
    pub open_files: Option<u64>,
    /// Of one invocation.
    pub output_bytes: Option<u64>,
}

/// Least privilege: what the process may do besides reading its own folder and the system's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Allow {
    /// More that it may read.
    pub read: Vec<String>,
    /// What it may read and write.
    pub write: Vec<String>,
    /// Whether it may use the network.
    pub net: bool,
    /// Whether it may execute other programs.
    pub exec: bool,
}

/// Files that a process needs beyond its function's folder and the system's.
#[derive(Debug, Default, Clone)]
pub struct Needs {
    /// Programs that it executes: it itself, its interpreter. Absolute.
    pub executed: Vec<PathBuf>,
    /// What it reads. Absolute.
    pub read: Vec<PathBuf>,
}

/// What a process of a function is bounded by.
#[derive(Debug, Default)]
pub struct Bounds {
    pub(crate) open_files: Option<u64>,
    /// Set where a memory limit is asked for and no cgroup can hold it.
    pub(crate) address_space_bytes: Option<u64>,
    pub(crate) cgroup: Option<Wanted>,
    pub(crate) landlock: Option<Landlock>,
    pub(crate) filter: Option<Vec<libc::sock_filter>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: None,
            cpu: None,
            processes: None,
            open_files: Some(1024),
            output_bytes: Some(16 << 20),
        }
    }
}

impl Bounds {
    /// Also says, in `warnings`, what cannot be held here.
    ///
    /// # Errors
    /// A path of `allow` does not exist.
    pub fn new(
        limits: &Limits,
        allow: Option<&Allow>,
        folder: &Path,
        needs: Needs,
        registry: &Registry,
        warnings: &mut Vec<String>,
    ) -> Result<Self> {
        let mut bounds =
            Self { open_files: limits.open_files.map(at_most_our_own), ..Self::default() };
        bounds.limit(limits, registry, warnings);
        if let Some(allow) = allow {
            bounds.restrict(allow, folder, needs, warnings)?;
        }
        Ok(bounds)
    }

    /// The cgroup that is wanted, and the address space where a cgroup cannot hold the memory.
    fn limit(&mut self, limits: &Limits, registry: &Registry, warnings: &mut Vec<String>) {
        let Some(wanted) = Wanted::of(limits) else { return };
        let missing = registry.missing_limits(&wanted);
        for limit in &missing {
            warnings.push(if *limit == "limits.memory" {
                self.address_space_bytes = limits.memory_bytes;
                "`limits.memory` bounds the address space of each process only: no cgroup can be made here".to_owned()
            } else {
                format!("`{limit}` is not enforced: no cgroup can be made here")
            });
        }
        self.cgroup = wanted.without(&missing);
    }

    fn restrict(
        &mut self,
        allow: &Allow,
        folder: &Path,
        needs: Needs,
        warnings: &mut Vec<String>,
    ) -> Result<()> {
        for (key, paths) in [("read", &allow.read), ("write", &allow.write)] {
            for (index, path) in paths.iter().enumerate() {
                if !folder.join(path).exists() {
                    let text = format!("`{path}` does not exist: create it or take it out");
                    return Err(Error::config(format!("allow.{key}[{index}]"), text));
                }
            }
        }
        self.filter = (!allow.net).then(without_network);
        let version = rulesets_are_known();
        if version == 0 {
            warnings
                .push("`allow` is enforced for `net` only: this kernel has no Landlock".to_owned());
        } else {
            self.landlock = Some(Landlock::new(allow, version, needs));
        }
        Ok(())
    }
}

impl Needs {
    /// Those of a program, which may be a script.
    #[must_use]
    pub fn of_program(program: &Path) -> Self {
        let mut executed = vec![program.to_owned()];
        executed.extend(crate::format::interpreters(program));
        Self { executed, read: Vec::new() }
    }
}

/// A limit above the host's own cannot be set without a privilege that the host may lack.
fn at_most_our_own(open_files: u64) -> u64 {
    let own = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    own.maximum.map_or(open_files, |maximum| open_files.min(maximum))
}
