//! Making the keeper, and what it is between its birth and the host's end.
#![allow(unsafe_code, reason = "a fork that goes on without exec may only make bare system calls")]

use super::sweep;
use super::table::{Shared, Table};
use crate::spawn::raw::syscall;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, WaitOptions, waitpid};
use std::os::fd::{AsRawFd, OwnedFd};

/// Its name in a list of processes; the kernel keeps 15 bytes of it.
const NAME: &[u8] = b"shortedfaas-keep\0";
/// Private memory from this size on is given back: the host's heap and stacks, of which the keeper needs nothing.
const UNMAPPED_FROM_BYTES: usize = 512 << 10;

/// The host's handle on its keeper.
#[derive(Debug, Default)]
pub(crate) struct Keeper {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    NotStarted,
    /// The pipe's write end is the host's alone: the keeper reads its end when the host has gone.
    Running {
        id: Pid,
        host_lives: OwnedFd,
    },
    Failed,
}

impl Keeper {
    /// Starts the keeper unless that has been done.
    pub(crate) fn start(&mut self, table: &Table) {
        if !matches!(self.state, State::NotStarted) {
            return;
        }
        self.state = match fork(table) {
            Ok((id, host_lives)) => State::Running { id, host_lives },
            Err(error) => {
                tracing::warn!(%error, "no keeper: grandchildren of functions may outlive a killed host");
                State::Failed
            }
        };
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let State::Running { id, host_lives } = std::mem::take(&mut self.state) {
            drop(host_lives);
            let _ = waitpid(Some(id), WaitOptions::empty());
        }
    }
}

/// A real fork, early, while the host is small: it shares what it does not change, and gives the rest back.
fn fork(table: &Table) -> rustix::io::Result<(Pid, OwnedFd)> {
    let (host_ended, host_lives) = pipe_with(PipeFlags::CLOEXEC)?;
    let shared = table.shared();
    let watched = host_ended.as_raw_fd();
    let flags = libc::SIGCHLD as usize;
    // SAFETY: a fork; the child never leaves `keep`, which makes only bare system calls.
    let result = unsafe { syscall(libc::SYS_clone, [flags, 0, 0, 0, 0]) };
    if result == 0 {
        // SAFETY: this is the child, alone in a copy of the host's memory.
        unsafe { keep(watched, shared) };
    }
    let result = i32::try_from(result).expect("process ids and error numbers are small");
    match Pid::from_raw(result) {
        Some(id) if result > 0 => Ok((id, host_lives)),
        _ => Err(rustix::io::Errno::from_raw_os_error(-result)),
    }
}

/// The keeper's life. All signals are blocked, as in the thread that made it.
unsafe fn keep(watched: i32, shared: &Shared) -> ! {
    // SAFETY: no pointers but to constants and to the stack.
    unsafe {
        block_signals();
        syscall(libc::SYS_setsid, [0; 5]);
        syscall(libc::SYS_prctl, [libc::PR_SET_NAME as usize, NAME.as_ptr() as usize, 0, 0, 0]);
        syscall(libc::SYS_chdir, [c"/".as_ptr() as usize, 0, 0, 0, 0]);
        // Whoever waits for the end of the host's output must not wait for the keeper.
        syscall(libc::SYS_dup3, [watched as usize, 0, 0, 0, 0]);
        syscall(libc::SYS_close_range, [1, u32::MAX as usize, 0, 0, 0]);
        give_memory_back(std::ptr::from_ref(shared) as usize);
        let mut byte = [0u8; 1];
        while syscall(libc::SYS_read, [0, byte.as_mut_ptr() as usize, 1, 0, 0])
            == -(libc::EINTR as isize)
        {}
        sweep::sweep(shared);
        loop {
            syscall(libc::SYS_exit_group, [0; 5]);
        }
    }
}

unsafe fn block_signals() {
    let all = [u64::MAX; 1];
    let how = libc::SIG_SETMASK as usize;
    // SAFETY: a set of 64 signals.
    unsafe { syscall(libc::SYS_rt_sigprocmask, [how, all.as_ptr() as usize, 0, 8, 0]) };
}

/// Unmaps large private memory without a file: heaps, stacks of other threads. What changes there in the host would
/// otherwise be kept twice.
unsafe fn give_memory_back(shared: usize) {
    let mut regions = [(0usize, 0usize); 256];
    let mut count = 0;
    sweep::each_line(c"/proc/self/maps", &mut |line| {
        if let Some(region) = large_private_region(line)
            && let Some(place) = regions.get_mut(count)
        {
            *place = region;
            count += 1;
        }
    });
    let on_stack = std::ptr::from_ref(&count) as usize;
    let thread = thread_block();
    for (start, end) in regions {
        let needed = [on_stack, thread, shared].iter().any(|used| (start..end).contains(used));
        if end > start && !needed {
            // SAFETY: this process has one thread, which uses none of it.
            unsafe { syscall(libc::SYS_munmap, [start, end - start, 0, 0, 0]) };
        }
    }
}

/// Start and end of a line of `maps` like `7f..-7f.. rw-p 00000000 00:00 0 `, when it is large.
fn large_private_region(line: &[u8]) -> Option<(usize, usize)> {
    let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let range = words.next()?;
    let is_private = words.next()? == b"rw-p";
    let (_offset, _device) = (words.next()?, words.next()?);
    let has_no_file = words.next()? == b"0";
    let dash = range.iter().position(|byte| *byte == b'-')?;
    let start = hexadecimal(range.get(..dash)?)?;
    let end = hexadecimal(range.get(dash.wrapping_add(1)..)?)?;
    let is_large = end.wrapping_sub(start) >= UNMAPPED_FROM_BYTES;
    (is_private && has_no_file && is_large).then_some((start, end))
}

fn hexadecimal(text: &[u8]) -> Option<usize> {
    text.iter().try_fold(0usize, |number, byte| {
        let digit = char::from(*byte).to_digit(16)?;
        Some((number << 4) | digit as usize)
    })
}

/// Where this thread's own variables are.
fn thread_block() -> usize {
    let address: usize;
    // SAFETY: reads a register, or the word that points to itself.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        std::arch::asm!("mov {}, fs:[0]", out(reg) address, options(nostack, readonly));
        #[cfg(target_arch = "aarch64")]
        std::arch::asm!("mrs {}, tpidr_el0", out(reg) address, options(nostack, nomem));
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_large_private_memory_without_a_file_is_given_back() {
        for (line, expected) in [
            ("7f0000000000-7f0000200000 rw-p 00000000 00:00 0 ", true),
            ("7f0000000000-7f0000200000 rw-p 00000000 00:00 0   [heap]", true),
            ("7f0000000000-7f0000001000 rw-p 00000000 00:00 0 ", false),
            ("7f0000000000-7f0000200000 rw-s 00000000 00:01 7  /dev/zero (deleted)", false),
            ("7f0000000000-7f0000200000 rw-p 00001000 08:01 77 /usr/lib/libc.so", false),
            ("7f0000000000-7f0000200000 r-xp 00000000 00:00 0  [vdso]", false),
            ("nonsense", false),
        ] {
            assert_eq!(large_private_region(line.as_bytes()).is_some(), expected, "{line}");
        }
    }
}
