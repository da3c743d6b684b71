//! From a call to a running process: pipes, input, folder, limits, then the spawn.

use crate::environment::Block;
use crate::fault::LaunchError;
use crate::limits::Cgroup;
use crate::process::Process;
use crate::program::Program;
use crate::registry::Registry;
use crate::running::Running;
use crate::spawn::{Confinement, Order, SpawnError, Spawned, SpawningThread, Step};
use bytes::{Buf, Bytes};
use rustix::fs::{Mode, OFlags, fcntl_setfl, open};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};
use std::ffi::{OsStr, c_char};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A pipe takes so much at once without blocking, however short of memory the system is.
const SMALLEST_PIPE_BYTES: usize = 4096;
/// Capacity of a pipe by default, and the largest that everybody may ask for.
const PIPE_BYTES: usize = 64 << 10;
pub(crate) const LARGEST_PIPE_BYTES: usize = 1 << 20;
/// A program that is being written cannot be executed; a copy of it is finished soon.
const BUSY_ATTEMPTS: u32 = 20;
const BUSY_PAUSE: Duration = Duration::from_millis(2);
/// Reads of this size empty a pipe of the default capacity at once.
const SCRATCH_BYTES: usize = PIPE_BYTES + 1;

/// One call, as a process needs it.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) program: Arc<Program>,
    pub(crate) environment: Block,
    pub(crate) input: Bytes,
    /// More input will come.
    pub(crate) more_input: bool,
    pub(crate) deadline: Instant,
}

/// What a thread that starts processes owns.
pub(crate) struct Launcher {
    thread: SpawningThread,
    registry: Arc<Registry>,
    nothing: OwnedFd,
    pointers: Vec<*const c_char>,
    pub(crate) scratch: Box<[u8]>,
}

/// Both ends of the child's standard streams.
struct Pipes {
    stdin: Option<(OwnedFd, Option<OwnedFd>)>,
    stdout: (OwnedFd, OwnedFd),
    stderr: (OwnedFd, OwnedFd),
}

impl Launcher {
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

    /// Starts the process; what it is given of its input so far is in its pipe before it runs.
    pub(crate) fn launch(&mut self, mut launch: Launch) -> Result<Running, LaunchError> {
        let program = Arc::clone(&launch.program);
        let folder = open_folder(&program)?;
        let cgroup = self.registry.cgroup_for(&program).map_err(LaunchError::Cgroup)?;
        let mut pipes = Pipes::new(&mut launch)?;
        let mut slot = self.registry.reserve().ok_or(LaunchError::Ending)?;
        let begun = Instant::now();
        let spawned = self.spawn(&launch, &pipes, folder.as_fd(), &slot, cgroup.as_ref());
        let start = begun.elapsed();
        let spawned = match spawned {
            Ok(spawned) => spawned,
            Err(error) => {
                self.registry.release(&mut slot);
                if let Some(cgroup) = cgroup {
                    cgroup.remove(&self.registry.runtime);
                }
                return Err(error);
            }
        };
        let Spawned { id, pidfd } = spawned;
        Ok(Running {
            process: Process::new(id, pidfd, slot, cgroup, Arc::clone(&self.registry)),
            program,
            stdin: pipes.stdin.take().and_then(|(_, ours)| ours),
            unwritten: launch.input,
            stdout: Some(pipes.stdout.0),
            stderr: Some(pipes.stderr.0),
            output: Vec::new(),
            errors: Vec::new(),
            folder,
            begun,
            start,
        })
    }

    fn spawn(
        &mut self,
        launch: &Launch,
        pipes: &Pipes,
        folder: BorrowedFd<'_>,
        slot: &crate::registry::Slot,
        cgroup: Option<&Cgroup>,
    ) -> Result<Spawned, LaunchError> {
        let program = &launch.program;
        launch.environment.pointers(&mut self.pointers);
        let ruleset = match &program.landlock {
            Some(landlock) => {
                Some(landlock.ruleset(folder_path(program)).map_err(LaunchError::Landlock)?)
            }
            None => None,
        };
        let filter = program.filter.as_ref().map(|filter| libc::sock_fprog {
            len: u16::try_from(filter.len()).expect("a filter of a dozen steps"),
            filter: filter.as_ptr().cast_mut(),
        });
        let stdin = pipes.stdin.as_ref().map_or(self.nothing.as_fd(), |(theirs, _)| theirs.as_fd());
        let order = Order {
            path: &program.path,
            arguments: program.arguments.pointers(),
            environment: &self.pointers,
            standard: [stdin, pipes.stdout.1.as_fd(), pipes.stderr.1.as_fd()],
            folder,
            slot: self.registry.cell(slot),
            open_files: program.open_files,
            address_space_bytes: program.address_space_bytes,
            confinement: Confinement {
                ruleset: ruleset.as_ref().map(AsFd::as_fd),
                filter: filter.as_ref(),
            },
            cgroup: cgroup.map(Cgroup::entry).unwrap_or_default(),
        };
        Ok(spawn_patiently(&mut self.thread, &order)?)
    }
}

impl Pipes {
    fn new(launch: &mut Launch) -> Result<Self, LaunchError> {
        let stdin = Self::stdin(launch)?;
        let stdout = pipe()?;
        let stderr = pipe()?;
        for ours in [&stdout.0, &stderr.0] {
            fcntl_setfl(ours, OFlags::NONBLOCK).map_err(pipes_failed)?;
        }
        Ok(Self { stdin, stdout, stderr })
    }

    /// None for no input at all. Our end is closed when all of it is in the pipe: the program then reads its end at once.
    fn stdin(launch: &mut Launch) -> Result<Option<(OwnedFd, Option<OwnedFd>)>, LaunchError> {
        if launch.input.is_empty() && !launch.more_input {
            return Ok(None);
        }
        let (theirs, ours) = pipe()?;
        if launch.input.len() > SMALLEST_PIPE_BYTES || launch.more_input {
            fcntl_setfl(&ours, OFlags::NONBLOCK).map_err(pipes_failed)?;
        }
        if launch.input.len() > PIPE_BYTES {
            // Where that is refused the rest is written while the program reads.
            let _ = fcntl_setpipe_size(&ours, launch.input.len().min(LARGEST_PIPE_BYTES));
        }
        while !launch.input.is_empty() {
            match rustix::io::write(&ours, &launch.input) {
                Ok(count) => launch.input.advance(count),
                Err(Errno::INTR) => {}
                Err(_) => break,
            }
        }
        let all_in = launch.input.is_empty() && !launch.more_input;
        Ok(Some((theirs, (!all_in).then_some(ours))))
    }
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

fn open_folder(program: &Program) -> Result<OwnedFd, LaunchError> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    open(&program.folder, flags, Mode::empty())
        .map_err(|errno| SpawnError { step: Step::Folder, errno }.into())
}

fn folder_path(program: &Program) -> &Path {
    Path::new(OsStr::from_bytes(program.folder.to_bytes()))
}

fn pipe() -> Result<(OwnedFd, OwnedFd), LaunchError> {
    pipe_with(PipeFlags::CLOEXEC).map_err(pipes_failed)
}

fn pipes_failed(errno: Errno) -> LaunchError {
    SpawnError { step: Step::Pipes, errno }.into()
}
