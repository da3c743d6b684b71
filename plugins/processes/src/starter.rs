//! From a blueprint to a running process: cgroup, privileges, then the spawn.

use crate::blueprint::Blueprint;
use crate::environment::Block;
use crate::fault::LaunchError;
use crate::limits::Cgroup;
use crate::pipes::PIPE_BYTES;
use crate::process::Process;
use crate::registry::{Registry, Slot};
use crate::spawn::{Confinement, DESCRIPTORS, Order, SpawnError, Spawned, SpawningThread, Step};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use std::ffi::c_char;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A program that is being written cannot be executed; a copy of it is finished soon.
const BUSY_ATTEMPTS: u32 = 20;
const BUSY_PAUSE: Duration = Duration::from_millis(2);
/// Reads of this size empty a pipe of the default capacity at once.
const SCRATCH_BYTES: usize = PIPE_BYTES + 1;
const STANDARD: usize = 3;

/// What a thread that starts processes owns.
pub struct Starter {
    thread: SpawningThread,
    registry: Arc<Registry>,
    nothing: OwnedFd,
    pointers: Vec<*const c_char>,
    /// Room to read into.
    pub scratch: Box<[u8]>,
}

/// A process that has executed its program.
#[derive(Debug)]
pub struct Started {
    /// Dropping it kills it.
    pub process: Process,
    /// When it was begun to be started.
    pub begun: Instant,
    /// How long that took.
    pub start: Duration,
}

impl Starter {
    /// For the calling thread, which from now on is one that starts processes.
    pub(crate) fn claim(registry: Arc<Registry>) -> std::io::Result<Self> {
        let thread = SpawningThread::claim();
        registry.keep();
        Ok(Self {
            thread,
            registry,
            nothing: std::fs::File::open("/dev/null")?.into(),
            pointers: Vec::new(),
            scratch: vec![0; SCRATCH_BYTES].into_boxed_slice(),
        })
    }

    /// Starts a process in `folder`, which was opened by [`open_folder`]. The descriptors become those of the child from
    /// number 0 on, where there is none it is `/dev/null`; they are three to five.
    ///
    /// # Errors
    /// No code of the program has run.
    pub fn start(
        &mut self,
        blueprint: &Blueprint,
        folder: &OwnedFd,
        environment: &Block,
        descriptors: &[Option<BorrowedFd<'_>>],
    ) -> Result<Started, LaunchError> {
        let wanted = blueprint.bounds.cgroup.as_ref();
        let cgroup = self.registry.cgroup_for(wanted).map_err(LaunchError::Cgroup)?;
        let mut slot = self.registry.reserve().ok_or(LaunchError::Ending)?;
        let begun = Instant::now();
        environment.pointers(&mut self.pointers);
        let spawned = self.spawn(blueprint, folder.as_fd(), descriptors, &slot, cgroup.as_ref());
        let start = begun.elapsed();
        match spawned {
            Ok(Spawned { id, pidfd }) => {
                let registry = Arc::clone(&self.registry);
                Ok(Started {
                    process: Process::new(id, pidfd, slot, cgroup, registry),
                    begun,
                    start,
                })
            }
            Err(error) => {
                self.registry.release(&mut slot);
                if let Some(cgroup) = cgroup {
                    cgroup.remove(&self.registry.runtime);
                }
                Err(error)
            }
        }
    }

    fn spawn(
        &mut self,
        blueprint: &Blueprint,
        folder: BorrowedFd<'_>,
        descriptors: &[Option<BorrowedFd<'_>>],
        slot: &Slot,
        cgroup: Option<&Cgroup>,
    ) -> Result<Spawned, LaunchError> {
        let bounds = &blueprint.bounds;
        let ruleset = match &bounds.landlock {
            Some(landlock) => {
                Some(landlock.ruleset(blueprint.folder_path()).map_err(LaunchError::Landlock)?)
            }
            None => None,
        };
        let filter = bounds.filter.as_ref().map(|filter| libc::sock_fprog {
            len: u16::try_from(filter.len()).expect("a filter of a dozen steps"),
            filter: filter.as_ptr().cast_mut(),
        });
        let mut theirs = [self.nothing.as_fd(); DESCRIPTORS];
        for (place, given) in theirs.iter_mut().zip(descriptors) {
            *place = given.unwrap_or(*place);
        }
        let count = descriptors.len().clamp(STANDARD, DESCRIPTORS);
        let order = Order {
            path: &blueprint.path,
            arguments: blueprint.arguments.pointers(),
            environment: &self.pointers,
            descriptors: &theirs[..count],
            folder,
            slot: self.registry.cell(slot),
            open_files: bounds.open_files,
            address_space_bytes: bounds.address_space_bytes,
            confinement: Confinement {
                ruleset: ruleset.as_ref().map(AsFd::as_fd),
                filter: filter.as_ref(),
            },
            cgroup: cgroup.map(Cgroup::entry).unwrap_or_default(),
        };
        Ok(spawn_patiently(&mut self.thread, &order)?)
    }
}

/// The folder of a function as it is now; its processes stay in it wherever it is moved.
///
/// # Errors
/// It is not there any more.
pub fn open_folder(blueprint: &Blueprint) -> Result<OwnedFd, LaunchError> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    open(&blueprint.folder, flags, Mode::empty())
        .map_err(|errno| SpawnError { step: Step::Folder, errno }.into())
}

fn spawn_patiently(thread: &mut SpawningThread, order: &Order<'_>) -> Result<Spawned, SpawnError> {
    for _ in 0..BUSY_ATTEMPTS {
        match thread.spawn(order) {
            Err(SpawnError { errno: Errno::TXTBSY, .. }) => std::thread::sleep(BUSY_PAUSE),
            result => return result,
        }
    }
    thread.spawn(order)
}
