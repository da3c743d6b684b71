//! A live process: killed with its whole group, reaped exactly once, never left behind.
#![allow(unsafe_code, reason = "wait4 and getrusage take pointers")]

use crate::limits::Cgroup;
use crate::registry::{Registry, Slot};
use crate::watch::readable;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, kill_process_group, pidfd_send_signal};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

/// How long a killed process is waited for where nobody else can: it is dead already, or stuck in a driver.
const LAST_WAIT: Duration = Duration::from_millis(200);

/// A process that has been started and not been reaped. Dropping it kills its group; it is reaped in the background.
#[derive(Debug)]
pub struct Process {
    live: Option<Live>,
}

#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) id: Pid,
    pub(crate) pidfd: OwnedFd,
    pub(crate) slot: Slot,
    pub(crate) cgroup: Option<Cgroup>,
    pub(crate) registry: Arc<Registry>,
}

/// How a process ended and what it used.
#[derive(Debug, Clone, Copy, Default)]
pub struct Exit {
    /// As `waitpid` gives it.
    pub status: i32,
    /// Processor time, user and system.
    pub cpu: Duration,
    /// 0 when unknown.
    pub max_rss_bytes: u64,
    /// The kernel killed something of it for its memory limit.
    pub out_of_memory: bool,
}

impl Process {
    pub(crate) fn new(
        id: i32,
        pidfd: OwnedFd,
        slot: Slot,
        cgroup: Option<Cgroup>,
        registry: Arc<Registry>,
    ) -> Self {
        let id = Pid::from_raw(id).expect("a started process has an id above zero");
        Self { live: Some(Live { id, pidfd, slot, cgroup, registry }) }
    }

    /// Its id, which nobody else has before it is reaped.
    #[must_use]
    pub fn id(&self) -> i32 {
        self.live().id.as_raw_nonzero().get()
    }

    /// Becomes readable when the process has ended.
    #[must_use]
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.live().pidfd.as_fd()
    }

    /// Where it is listed.
    #[must_use]
    pub fn registry(&self) -> &Arc<Registry> {
        &self.live().registry
    }

    /// Kills it and its group. May be called again.
    pub fn kill(&self) {
        if let Some(live) = &self.live {
            live.kill();
        }
    }

    /// Kills what the ended process has left of its group.
    pub fn kill_leftovers(&self) {
        if let Some(live) = &self.live {
            live.kill_group();
        }
    }

    /// Reaps it, when its pidfd says that it has ended. Nothing but dropping it may follow.
    pub fn reap(&mut self) -> Exit {
        match self.live.take() {
            Some(live) => live.reap(),
            None => Exit::default(),
        }
    }

    fn live(&self) -> &Live {
        self.live.as_ref().expect("only `reap` and `drop` take it, and nothing is asked afterwards")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let Some(live) = self.live.take() else { return };
        live.kill();
        let runtime = live.registry.runtime.clone();
        // Without a runtime the future is dropped, and `Corpse` waits itself.
        let corpse = Corpse(Some(live));
        runtime.spawn(corpse.bury());
    }
}

impl Live {
    pub(crate) fn kill(&self) {
        // It may have left its group; by its pidfd it is met wherever it is.
        let _ = pidfd_send_signal(&self.pidfd, Signal::KILL);
        self.kill_group();
    }

    pub(crate) fn kill_group(&self) {
        let _ = kill_process_group(self.id, Signal::KILL);
        if let Some(cgroup) = &self.cgroup {
            cgroup.kill();
        }
    }

    /// The leader is a zombie and so holds its id: the group is killed before anybody else can be of that id.
    fn reap(mut self) -> Exit {
        self.registry.release(&mut self.slot);
        let mut status = 0;
        let mut usage = MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: two places to write to. All zero is a valid `rusage`, should the call fail.
        let usage = unsafe {
            libc::wait4(self.id.as_raw_nonzero().get(), &raw mut status, 0, usage.as_mut_ptr());
            usage.assume_init()
        };
        Exit {
            status,
            cpu: duration(usage.ru_utime) + duration(usage.ru_stime),
            max_rss_bytes: peak_bytes(&usage),
            out_of_memory: self.leave_cgroup(),
        }
    }

    /// Removes its cgroup. True when the kernel has killed something in it for its memory limit.
    pub(crate) fn leave_cgroup(&mut self) -> bool {
        self.cgroup.take().is_some_and(|cgroup| {
            let killed = cgroup.was_out_of_memory();
            cgroup.remove(&self.registry.runtime);
            killed
        })
    }

    fn has_ended_within(&self, patience: Duration) -> bool {
        let timeout = patience.try_into().ok();
        let mut watched = [PollFd::new(&self.pidfd, PollFlags::IN)];
        poll(&mut watched, timeout.as_ref()).is_ok_and(|ready| ready > 0)
    }
}

/// A killed process that nobody waits for any more.
struct Corpse(Option<Live>);

impl Corpse {
    async fn bury(mut self) {
        let Some(live) = &self.0 else { return };
        // Its own descriptor for the wait: the watch ends before the original is closed.
        if let Ok(watched) = live.pidfd.try_clone().and_then(readable) {
            let _ = watched.readable().await;
        }
        if let Some(live) = self.0.take() {
            live.reap();
        }
    }
}

impl Drop for Corpse {
    fn drop(&mut self) {
        if let Some(live) = self.0.take()
            && live.has_ended_within(LAST_WAIT)
        {
            live.reap();
        }
    }
}

/// The kernel charges a child with the peak of the memory that it shared until it executed, the host's: a small program
/// is shown with that, and only a larger one with its own.
fn peak_bytes(usage: &libc::rusage) -> u64 {
    u64::try_from(usage.ru_maxrss).unwrap_or(0) << 10
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(u64::try_from(time.tv_usec).unwrap_or(0))
}
