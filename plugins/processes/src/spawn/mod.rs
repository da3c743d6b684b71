//! Starting one process: `clone3` in the host's own memory (nothing is copied, however large the host), then exec.
#![allow(unsafe_code, reason = "makes a child that shares this process's memory until it executes")]

mod child;
pub(crate) mod raw;
mod signals;

pub(crate) use child::{CGROUP_FILES, DESCRIPTORS};
use child::{Plan, step};
use rustix::io::Errno;
use signals::block_all_signals;
use std::ffi::{CStr, c_char, c_void};
use std::marker::PhantomData;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr::null;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};

/// A child's stack until it executes: some frames of bare system calls.
const STACK_BYTES: usize = 32 << 10;
/// `CLONE_CLEAR_SIGHAND` and `CLONE_INTO_CGROUP`, which do not fit libc's type.
const CLEAR_HANDLERS: u64 = 1 << 32;
const INTO_CGROUP: u64 = 1 << 33;

/// A thread that starts processes. It blocks all signals, so that no handler of the host's runs in a child of its;
/// a process dies with the thread that started it, so the thread must live as long as its processes may.
pub(crate) struct SpawningThread {
    stack: Box<Stack>,
    signals_to_reset: u64,
    own_id: i32,
    _stays_in_its_thread: PhantomData<*const ()>,
}

#[repr(align(16))]
struct Stack([u8; STACK_BYTES]);

/// A program and everything that it starts with.
pub(crate) struct Order<'a> {
    /// Seen from `folder`.
    pub(crate) path: &'a CStr,
    /// Both end with a null, and what they point to is alive.
    pub(crate) arguments: &'a [*const c_char],
    pub(crate) environment: &'a [*const c_char],
    /// Numbers 0 and up of the child: at least the standard three, at most [`DESCRIPTORS`].
    pub(crate) descriptors: &'a [BorrowedFd<'a>],
    pub(crate) folder: BorrowedFd<'a>,
    pub(crate) slot: Option<&'a AtomicI32>,
    pub(crate) open_files: Option<u64>,
    pub(crate) address_space_bytes: Option<u64>,
    pub(crate) confinement: Confinement<'a>,
    pub(crate) cgroup: CgroupEntry<'a>,
}

/// What takes privileges away; by default nothing.
#[derive(Default, Clone, Copy)]
pub(crate) struct Confinement<'a> {
    pub(crate) ruleset: Option<BorrowedFd<'a>>,
    pub(crate) filter: Option<&'a libc::sock_fprog>,
}

/// How the child comes into a cgroup of its own.
#[derive(Clone, Copy, Default)]
pub(crate) enum CgroupEntry<'a> {
    /// It stays in the host's.
    #[default]
    None,
    /// Version 2: born there.
    Born(BorrowedFd<'a>),
    /// Version 1: writes itself into `cgroup.procs` of each controller.
    Enters([Option<BorrowedFd<'a>>; CGROUP_FILES]),
}

/// A process that has executed its program.
#[derive(Debug)]
pub(crate) struct Spawned {
    pub(crate) id: i32,
    pub(crate) pidfd: OwnedFd,
}

/// Why no code of the program has run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{step}: {errno}")]
pub struct SpawnError {
    /// Where it stopped.
    pub step: Step,
    /// What the kernel said.
    pub errno: Errno,
}

/// Where starting a process stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Step {
    /// Before there was a process.
    #[error("cannot make pipes")]
    Pipes,
    /// No process could be made.
    #[error("cannot make a process")]
    Clone,
    /// In the child, as in all that follow.
    #[error("cannot make a process group")]
    Group,
    /// Its limits.
    #[error("cannot enter its cgroup")]
    Cgroup,
    /// Where it runs.
    #[error("cannot enter the function's folder")]
    Folder,
    /// What it reads and writes.
    #[error("cannot arrange standard input and output")]
    Descriptors,
    /// Its privileges.
    #[error("cannot take away what `allow` does not give")]
    Confinement,
    /// Its program.
    #[error("cannot execute")]
    Execute,
}

impl SpawningThread {
    /// Makes the calling thread one that starts processes.
    pub(crate) fn claim() -> Self {
        block_all_signals();
        Self {
            stack: Box::new(Stack([0; STACK_BYTES])),
            signals_to_reset: signals::ignored(),
            own_id: std::process::id().cast_signed(),
            _stays_in_its_thread: PhantomData,
        }
    }

    /// Starts a process. Returns when it executes its program, or why it does not.
    pub(crate) fn spawn(&mut self, order: &Order<'_>) -> Result<Spawned, SpawnError> {
        let mut plan = self.plan(order);
        let mut pidfd = -1;
        let id = self.clone_child(order, &mut plan, &mut pidfd)?;
        let errno = plan.failure.load(Ordering::Relaxed);
        // SAFETY: the kernel has just made it for us.
        let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
        if errno == 0 {
            return Ok(Spawned { id, pidfd });
        }
        reap_failed(id);
        let errno = Errno::from_raw_os_error(errno);
        Err(SpawnError { step: step_of(plan.step.load(Ordering::Relaxed)), errno })
    }

    fn plan(&self, order: &Order<'_>) -> Plan {
        let mut descriptors = [-1; DESCRIPTORS];
        for (place, descriptor) in descriptors.iter_mut().zip(order.descriptors) {
            *place = descriptor.as_raw_fd();
        }
        let mut cgroups = [-1; CGROUP_FILES];
        if let CgroupEntry::Enters(files) = order.cgroup {
            cgroups = files.map(|file| file.map_or(-1, |file| file.as_raw_fd()));
        }
        Plan {
            descriptors,
            descriptor_count: order.descriptors.len(),
            folder: order.folder.as_raw_fd(),
            path: order.path.as_ptr(),
            arguments: order.arguments.as_ptr(),
            environment: order.environment.as_ptr(),
            parent: self.own_id,
            slot: order.slot.map_or(null(), std::ptr::from_ref),
            signals_to_reset: self.signals_to_reset,
            open_files: order.open_files.unwrap_or(u64::MAX),
            address_space: order.address_space_bytes.unwrap_or(u64::MAX),
            cgroups,
            ruleset: order.confinement.ruleset.map_or(-1, |ruleset| ruleset.as_raw_fd()),
            filter: order
                .confinement
                .filter
                .map_or(null(), |filter| std::ptr::from_ref(filter).cast()),
            failure: AtomicI32::new(0),
            step: AtomicU32::new(step::GROUP),
        }
    }

    fn clone_child(
        &mut self,
        order: &Order<'_>,
        plan: &mut Plan,
        pidfd: &mut i32,
    ) -> Result<i32, SpawnError> {
        static WITHOUT_CLONE3: AtomicBool = AtomicBool::new(false);
        if !WITHOUT_CLONE3.load(Ordering::Relaxed) {
            let result = self.clone3(order, plan, pidfd);
            // An old kernel, or a sandbox around the host that does not know the call.
            let refused = result == -(libc::ENOSYS as isize) || result == -(libc::EPERM as isize);
            if !refused || matches!(order.cgroup, CgroupEntry::Born(_)) {
                return cloned(result);
            }
            WITHOUT_CLONE3.store(true, Ordering::Relaxed);
        }
        // Handlers are not cleared by this call: every signal is reset instead.
        plan.signals_to_reset = u64::MAX;
        cloned(self.clone_as_of_old(plan, pidfd))
    }

    fn clone3(&mut self, order: &Order<'_>, plan: &mut Plan, pidfd: &mut i32) -> isize {
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD;
        let mut flags = u64::from(flags.cast_unsigned()) | CLEAR_HANDLERS;
        let mut cgroup = 0;
        if let CgroupEntry::Born(folder) = order.cgroup {
            flags |= INTO_CGROUP;
            cgroup = u64::from(folder.as_raw_fd().cast_unsigned());
        }
        let arguments = libc::clone_args {
            flags,
            pidfd: std::ptr::from_mut(pidfd) as u64,
            child_tid: 0,
            parent_tid: 0,
            exit_signal: u64::from(libc::SIGCHLD.cast_unsigned()),
            stack: self.stack.0.as_mut_ptr() as u64,
            stack_size: STACK_BYTES as u64,
            tls: 0,
            set_tid: 0,
            set_tid_size: 0,
            cgroup,
        };
        let pair = [std::ptr::from_ref(&arguments) as usize, size_of_val(&arguments), 0, 0, 0];
        // SAFETY: the stack is ours and this thread waits until the child has executed or ended; `run` makes only
        // bare system calls on what the plan points to, which outlives the call.
        unsafe {
            raw::clone_into(libc::SYS_clone3, pair, child::run, std::ptr::from_mut(plan).cast())
        }
    }

    fn clone_as_of_old(&mut self, plan: &mut Plan, pidfd: &mut i32) -> isize {
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
        let top = self.stack.0.as_mut_ptr_range().end as usize;
        let arguments = [flags as usize, top, std::ptr::from_mut(pidfd) as usize, 0, 0];
        let context: *mut c_void = std::ptr::from_mut(plan).cast();
        // SAFETY: as in `clone3`.
        unsafe { raw::clone_into(libc::SYS_clone, arguments, child::run, context) }
    }
}

fn cloned(result: isize) -> Result<i32, SpawnError> {
    let number = i32::try_from(result).expect("process ids and error numbers are small");
    if number > 0 {
        return Ok(number);
    }
    Err(SpawnError { step: Step::Clone, errno: Errno::from_raw_os_error(-number) })
}

fn step_of(number: u32) -> Step {
    match number {
        step::GROUP => Step::Group,
        step::CGROUP => Step::Cgroup,
        step::FOLDER => Step::Folder,
        step::DESCRIPTORS => Step::Descriptors,
        step::CONFINEMENT => Step::Confinement,
        _ => Step::Execute,
    }
}

/// The child has ended already, or does so at once.
fn reap_failed(id: i32) {
    if let Some(id) = rustix::process::Pid::from_raw(id) {
        let _ = rustix::process::waitpid(Some(id), rustix::process::WaitOptions::empty());
    }
}
