//! A live process that a child of ours has started for us: all that a process of our own is, but that its parent reaps it.

use crate::bounds::Bounds;
use crate::fault::LaunchError;
use crate::process::Live;
use crate::registry::Registry;
use crate::spawn::{SpawnError, Step};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A process that its parent will not reap before it is asked to. Dropping it kills its group.
#[derive(Debug)]
pub struct Adopted {
    live: Live,
    listed: bool,
}

impl Adopted {
    /// Lists it and bounds it: it has done nothing yet, and is in a group of its own.
    ///
    /// # Errors
    /// It is not there, or cannot be bounded; what there is of it is the caller's to end.
    pub fn new(id: i32, bounds: &Bounds, registry: &Arc<Registry>) -> Result<Self, LaunchError> {
        let failed = |errno| LaunchError::from(SpawnError { step: Step::Clone, errno });
        let pid = Pid::from_raw(id).ok_or_else(|| failed(rustix::io::Errno::SRCH))?;
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).map_err(failed)?;
        let cgroup = registry.cgroup_for(bounds.cgroup.as_ref()).map_err(LaunchError::Cgroup)?;
        let slot = registry.reserve();
        let Some(slot) = slot else {
            if let Some(cgroup) = cgroup {
                cgroup.remove(&registry.runtime);
            }
            return Err(LaunchError::Ending);
        };
        if let Some(cell) = registry.cell(&slot) {
            cell.store(id, Ordering::Relaxed);
        }
        let live = Live { id: pid, pidfd, slot, cgroup, registry: Arc::clone(registry) };
        let adopted = Self { live, listed: true };
        if let Some(cgroup) = &adopted.live.cgroup {
            cgroup.take(id).map_err(LaunchError::Cgroup)?;
        }
        Ok(adopted)
    }

    /// Its id, which nobody else has before its parent has been asked to reap it.
    #[must_use]
    pub fn id(&self) -> i32 {
        self.live.id.as_raw_nonzero().get()
    }

    /// Becomes readable when the process has ended.
    #[must_use]
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.live.pidfd.as_fd()
    }

    /// Kills it and its group. May be called again.
    pub fn kill(&self) {
        self.live.kill();
    }

    /// Kills what the ended process has left of its group.
    pub fn kill_leftovers(&self) {
        self.live.kill_group();
    }

    /// Before its parent is asked to reap it. True when the kernel has killed something of it for its memory limit.
    pub fn leave(mut self) -> bool {
        self.unlist()
    }

    fn unlist(&mut self) -> bool {
        self.listed = false;
        self.live.registry.release(&mut self.live.slot);
        self.live.leave_cgroup()
    }
}

impl Drop for Adopted {
    fn drop(&mut self) {
        if self.listed {
            self.kill();
            self.unlist();
        }
    }
}
