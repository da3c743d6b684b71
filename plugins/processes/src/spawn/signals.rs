//! The signals of a thread that starts processes.
#![allow(unsafe_code, reason = "sigaction and pthread_sigmask take pointers")]

use super::raw::syscall;
use std::mem::MaybeUninit;
use std::ptr::null_mut;

/// Last signal; bit 0 of a mask is signal 1.
const LAST_SIGNAL: usize = 64;
const SIGNAL_SET_BYTES: usize = 8;

/// Blocks every signal in this thread; the host's other threads take them.
pub(super) fn block_all_signals() {
    let mut all = MaybeUninit::uninit();
    // SAFETY: `sigfillset` initialises the set that `pthread_sigmask` reads.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), null_mut());
    }
}

/// The signals that this process ignores: an exec would hand that down, and `SIGPIPE` ignored breaks `yes | head`.
/// Asked of the kernel itself: libc keeps two of them for its own use and does not tell.
pub(super) fn ignored() -> u64 {
    let mut mask = 0;
    for signal in 1..=LAST_SIGNAL {
        // Handler, flags, restorer, mask.
        let mut action = [0usize; 4];
        let place = action.as_mut_ptr() as usize;
        // SAFETY: without a new action this only writes the present one, which is as large as the array.
        let result =
            unsafe { syscall(libc::SYS_rt_sigaction, [signal, 0, place, SIGNAL_SET_BYTES, 0]) };
        if result == 0 && action[0] == libc::SIG_IGN {
            mask |= 1u64 << (signal - 1);
        }
    }
    mask
}
