//! What a child does between clone and exec: bare system calls in its parent's memory, while the parent's thread waits.
#![allow(unsafe_code, reason = "bare system calls")]

use super::raw::syscall;
use std::ffi::{c_char, c_void};
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

/// Most descriptors of `cgroup.procs` that a child enters by: one for each controller of a version 1 hierarchy.
pub(crate) const CGROUP_FILES: usize = 3;
/// Most descriptors that a child is given.
pub(crate) const DESCRIPTORS: usize = 5;
const STANDARD: usize = 3;

/// All that the child needs, prepared by its parent; it allocates nothing and reads nothing else.
pub(crate) struct Plan {
    pub(crate) descriptors: [i32; DESCRIPTORS],
    pub(crate) descriptor_count: usize,
    pub(crate) folder: i32,
    pub(crate) path: *const c_char,
    pub(crate) arguments: *const *const c_char,
    pub(crate) environment: *const *const c_char,
    pub(crate) parent: i32,
    /// Where the child writes its id before it runs anything: the keeper looks there.
    pub(crate) slot: *const AtomicI32,
    /// Signals that the host ignores or handles and the program must not inherit so; bit 0 is signal 1.
    pub(crate) signals_to_reset: u64,
    pub(crate) open_files: u64,
    pub(crate) address_space: u64,
    pub(crate) cgroups: [i32; CGROUP_FILES],
    /// A Landlock ruleset, or -1.
    pub(crate) ruleset: i32,
    /// A `sock_fprog` of seccomp, or null.
    pub(crate) filter: *const c_void,
    /// Error number of the step that failed; 0 while all is well.
    pub(crate) failure: AtomicI32,
    /// The step that is being done, one of [`step`].
    pub(crate) step: AtomicU32,
}

/// Steps that may fail.
pub(crate) mod step {
    pub(crate) const GROUP: u32 = 0;
    pub(crate) const CGROUP: u32 = 1;
    pub(crate) const FOLDER: u32 = 2;
    pub(crate) const DESCRIPTORS: u32 = 3;
    pub(crate) const CONFINEMENT: u32 = 4;
    pub(crate) const EXECUTE: u32 = 5;
}

/// A step; an error is a negative number.
type Action = unsafe fn(&Plan) -> isize;

/// The kernel's `sigaction`: handler, flags, restorer, mask. All zero is the default.
const DEFAULT_ACTION: [usize; 4] = [0; 4];
const SIGNAL_SET_BYTES: usize = 8;

/// Entry of the child.
///
/// # Safety
/// `plan` points to a [`Plan`] whose pointers are valid until this process has executed or ended.
pub(crate) unsafe extern "C" fn run(plan: *mut c_void) -> ! {
    // SAFETY: see above; the parent's thread does not touch the plan while it waits.
    let plan = unsafe { &*plan.cast::<Plan>() };
    // SAFETY: as for this function.
    let error = unsafe { prepare_and_execute(plan) };
    plan.failure.store(error, Ordering::Relaxed);
    loop {
        // SAFETY: ends this process.
        unsafe { syscall(libc::SYS_exit_group, [127, 0, 0, 0, 0]) };
    }
}

/// Comes back only with the number of an error.
unsafe fn prepare_and_execute(plan: &Plan) -> i32 {
    // SAFETY: every pointer that is passed is one of the plan's or to a constant.
    unsafe {
        let own_id = syscall(libc::SYS_getpid, [0; 5]);
        if !plan.slot.is_null() {
            (*plan.slot).store(own_id as i32, Ordering::Relaxed);
        }
        let steps: [(u32, Action); 5] = [
            (step::GROUP, own_group),
            (step::CGROUP, enter_cgroups),
            (step::FOLDER, enter_folder),
            (step::DESCRIPTORS, arrange_descriptors),
            (step::CONFINEMENT, confine),
        ];
        for (number, action) in steps {
            plan.step.store(number, Ordering::Relaxed);
            let result = action(plan);
            if result < 0 {
                return -(result as i32);
            }
        }
        reset_signals(plan);
        plan.step.store(step::EXECUTE, Ordering::Relaxed);
        let (path, arguments) = (plan.path as usize, plan.arguments as usize);
        -(syscall(libc::SYS_execve, [path, arguments, plan.environment as usize, 0, 0]) as i32)
    }
}

/// A group of its own, so that all of it can be killed at once; and death with the host.
unsafe fn own_group(plan: &Plan) -> isize {
    // SAFETY: no pointers.
    unsafe {
        let result = syscall(libc::SYS_setpgid, [0; 5]);
        if result < 0 {
            return result;
        }
        let (death, kill) = (libc::PR_SET_PDEATHSIG as usize, libc::SIGKILL as usize);
        syscall(libc::SYS_prctl, [death, kill, 0, 0, 0]);
        // The host may have died before that took effect.
        if syscall(libc::SYS_getppid, [0; 5]) as i32 != plan.parent {
            return -(libc::ESRCH as isize);
        }
        0
    }
}

unsafe fn enter_cgroups(plan: &Plan) -> isize {
    for descriptor in plan.cgroups {
        if descriptor >= 0 {
            // SAFETY: one byte of a constant. "0" stands for the process that writes it.
            let result = unsafe {
                syscall(libc::SYS_write, [descriptor as usize, b"0".as_ptr() as usize, 1, 0, 0])
            };
            if result < 0 {
                return result;
            }
        }
    }
    0
}

unsafe fn enter_folder(plan: &Plan) -> isize {
    // SAFETY: no pointers.
    unsafe { syscall(libc::SYS_fchdir, [plan.folder as usize, 0, 0, 0, 0]) }
}

unsafe fn arrange_descriptors(plan: &Plan) -> isize {
    let count = plan.descriptor_count;
    let mut sources = plan.descriptors;
    // The parent's descriptors are all above the standard three. What is overwritten here by a first one must not be what
    // a later one is made of.
    if count > STANDARD {
        for source in sources.iter_mut().filter(|source| (**source as usize) < count) {
            let duplicate = [*source as usize, libc::F_DUPFD_CLOEXEC as usize, count, 0, 0];
            // SAFETY: no pointers.
            let result = unsafe { syscall(libc::SYS_fcntl, duplicate) };
            if result < 0 {
                return result;
            }
            *source = result as i32;
        }
    }
    for (number, source) in sources.iter().take(count).enumerate() {
        // SAFETY: no pointers.
        let result = unsafe { syscall(libc::SYS_dup3, [*source as usize, number, 0, 0, 0]) };
        if result < 0 {
            return result;
        }
    }
    0
}

/// Limits first; then the last privileges go, and every descriptor that the program has no business with.
unsafe fn confine(plan: &Plan) -> isize {
    // SAFETY: pointers of the plan, which are valid.
    unsafe {
        set_limit(libc::RLIMIT_NOFILE as usize, plan.open_files);
        set_limit(libc::RLIMIT_AS as usize, plan.address_space);
        set_limit(libc::RLIMIT_CORE as usize, 0);
        if plan.ruleset >= 0 || !plan.filter.is_null() {
            let result = syscall(libc::SYS_prctl, [libc::PR_SET_NO_NEW_PRIVS as usize, 1, 0, 0, 0]);
            if result < 0 {
                return result;
            }
        }
        if plan.ruleset >= 0 {
            let ruleset = plan.ruleset as usize;
            let result = syscall(libc::SYS_landlock_restrict_self, [ruleset, 0, 0, 0, 0]);
            if result < 0 {
                return result;
            }
        }
        // Close on exec is set on all of ours; another plugin's may have been forgotten. Marked rather than closed: exec
        // closes them after the host's thread goes on. Kernels before 5.11 cannot mark, those before 5.9 do without.
        let first_other = plan.descriptor_count;
        let others = [first_other, u32::MAX as usize, libc::CLOSE_RANGE_CLOEXEC as usize, 0, 0];
        if syscall(libc::SYS_close_range, others) != 0 {
            syscall(libc::SYS_close_range, [first_other, u32::MAX as usize, 0, 0, 0]);
        }
        if !plan.filter.is_null() {
            let mode = libc::SECCOMP_SET_MODE_FILTER as usize;
            return syscall(libc::SYS_seccomp, [mode, 0, plan.filter as usize, 0, 0]);
        }
        0
    }
}

/// A limit above what the host itself may have is left as it is.
unsafe fn set_limit(resource: usize, limit: u64) {
    if limit == u64::MAX {
        return;
    }
    let pair = [limit, limit];
    // SAFETY: a pair of numbers, as `prlimit64` wants; 0 is this process.
    unsafe { syscall(libc::SYS_prlimit64, [0, resource, pair.as_ptr() as usize, 0, 0]) };
}

/// Default dispositions, then nothing blocked: no handler of the host's can run in here.
unsafe fn reset_signals(plan: &Plan) {
    let mut rest = plan.signals_to_reset;
    while rest != 0 {
        let signal = rest.trailing_zeros() as usize + 1;
        rest &= rest.wrapping_sub(1);
        let action = DEFAULT_ACTION.as_ptr() as usize;
        // SAFETY: a constant that is as large as the kernel's structure.
        unsafe { syscall(libc::SYS_rt_sigaction, [signal, action, 0, SIGNAL_SET_BYTES, 0]) };
    }
    let nothing = [0u64; 1];
    let set = libc::SIG_SETMASK as usize;
    // SAFETY: a set of 64 signals.
    unsafe {
        syscall(libc::SYS_rt_sigprocmask, [set, nothing.as_ptr() as usize, 0, SIGNAL_SET_BYTES, 0])
    };
}
