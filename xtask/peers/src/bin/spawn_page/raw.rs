//! Spawning by hand: pipes, then posix_spawn or a clone that shares the memory until the program starts.
#![allow(
    unsafe_code,
    reason = "posix_spawn, clone and waitpid have no safe form that is this bare"
)]

use std::ffi::{CString, c_void};
use std::fs::File;
use std::io::{Error, Read, Result, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

/// Enough for a child that only duplicates two descriptors and executes.
const CHILD_STACK_BYTES: usize = 16 * 1024;

/// Spawns a program, with its arguments behind it, with these descriptors as stdin and stdout; its pid.
pub(crate) type Spawn = fn(&[CString], RawFd, RawFd) -> Result<libc::pid_t>;

/// One call. The body goes into the pipe before the spawn: one that is larger than a pipe (64 KiB) would block for ever, and none is.
pub(crate) fn call(command: &[CString], body: &[u8], spawn: Spawn) -> Result<Vec<u8>> {
    let (stdin_read, stdin_write) = pipe()?;
    let (stdout_read, stdout_write) = pipe()?;
    File::from(stdin_write).write_all(body)?;
    let pid = spawn(command, stdin_read.as_raw_fd(), stdout_write.as_raw_fd())?;
    drop((stdin_read, stdout_write));
    let mut output = Vec::with_capacity(body.len() + 32);
    File::from(stdout_read).read_to_end(&mut output)?;
    let mut status = 0;
    // SAFETY: `status` is valid for the call, `pid` is a child of ours that nobody else waits for.
    let waited = unsafe { libc::waitpid(pid, &raw mut status, 0) };
    if waited == pid && status == 0 { Ok(output) } else { Err(Error::other("the program failed")) }
}

fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    let mut ends = [-1; 2];
    // SAFETY: `ends` has room for two descriptors.
    if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) } != 0 {
        return Err(Error::last_os_error());
    }
    // SAFETY: pipe2 has just given us both, and nobody else knows them.
    Ok(unsafe { (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])) })
}

/// As glibc does it.
pub(crate) fn posix_spawn(command: &[CString], stdin: RawFd, stdout: RawFd) -> Result<libc::pid_t> {
    let arguments = argument_list(command);
    let environment = [ptr::null_mut()];
    let mut pid = 0;
    // SAFETY: the actions are initialised before and destroyed after their use, all pointers live until the call returns.
    let code = unsafe {
        let mut actions = std::mem::zeroed::<libc::posix_spawn_file_actions_t>();
        libc::posix_spawn_file_actions_init(&raw mut actions);
        libc::posix_spawn_file_actions_adddup2(&raw mut actions, stdin, 0);
        libc::posix_spawn_file_actions_adddup2(&raw mut actions, stdout, 1);
        let code = libc::posix_spawn(
            &raw mut pid,
            command[0].as_ptr(),
            &raw const actions,
            ptr::null(),
            arguments.as_ptr().cast(),
            environment.as_ptr(),
        );
        libc::posix_spawn_file_actions_destroy(&raw mut actions);
        code
    };
    if code == 0 { Ok(pid) } else { Err(Error::from_raw_os_error(code)) }
}

/// Pointers to the words, and a null.
fn argument_list(command: &[CString]) -> Vec<*const libc::c_char> {
    command.iter().map(|word| word.as_ptr()).chain([ptr::null()]).collect()
}

struct Start {
    arguments: *const *const libc::c_char,
    environment: [*const libc::c_char; 1],
    stdin: RawFd,
    stdout: RawFd,
}

/// Without glibc's hundred signal system calls; a page without signal handlers does not need them.
pub(crate) fn clone(command: &[CString], stdin: RawFd, stdout: RawFd) -> Result<libc::pid_t> {
    let arguments = argument_list(command);
    let start = Start { arguments: arguments.as_ptr(), environment: [ptr::null()], stdin, stdout };
    let mut stack = std::mem::MaybeUninit::<[u128; CHILD_STACK_BYTES / 16]>::uninit();
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: CLONE_VFORK holds this thread until the child has executed or ended, so `start`, `arguments` and `stack` outlive its use of them;
    // the child has the stack to itself, and makes only system calls.
    let pid = unsafe {
        let top = stack.as_mut_ptr().add(1).cast::<c_void>();
        libc::clone(become_program, top, flags, (&raw const start).cast_mut().cast())
    };
    if pid > 0 { Ok(pid) } else { Err(Error::last_os_error()) }
}

extern "C" fn become_program(start: *mut c_void) -> libc::c_int {
    // SAFETY: `clone` passes a Start that lives until this child has executed or ended.
    unsafe {
        let start = &*start.cast::<Start>();
        libc::dup2(start.stdin, 0);
        libc::dup2(start.stdout, 1);
        libc::execve(*start.arguments, start.arguments, start.environment.as_ptr());
        libc::_exit(127)
    }
}
