//! System calls without libc, and the one that makes a child in our own memory.
#![allow(unsafe_code, reason = "between clone and exec only bare system calls are allowed")]

use libc::c_long;
use std::ffi::c_void;

/// What a new child runs; it must never return and never unwind.
pub(crate) type Entry = unsafe extern "C" fn(*mut c_void) -> !;

/// One system call; the result as the kernel gives it, a negative number being an error.
///
/// # Safety
/// As the system call with that number asks.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) unsafe fn syscall(number: c_long, arguments: [usize; 5]) -> isize {
    let result: isize;
    // SAFETY: the kernel changes rax, rcx and r11 and what the arguments point to.
    unsafe {
        std::arch::asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") arguments[0],
            in("rsi") arguments[1],
            in("rdx") arguments[2],
            in("r10") arguments[3],
            in("r8") arguments[4],
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    result
}

/// One system call; the result as the kernel gives it, a negative number being an error.
///
/// # Safety
/// As the system call with that number asks.
#[cfg(target_arch = "aarch64")]
#[inline(always)]
pub(crate) unsafe fn syscall(number: c_long, arguments: [usize; 5]) -> isize {
    let result: isize;
    // SAFETY: the kernel changes x0 and what the arguments point to.
    unsafe {
        std::arch::asm!(
            "svc #0",
            in("x8") number,
            inlateout("x0") arguments[0] => result,
            in("x1") arguments[1],
            in("x2") arguments[2],
            in("x3") arguments[3],
            in("x4") arguments[4],
            options(nostack),
        );
    }
    result
}

/// `clone` or `clone3` on another stack: the child runs `entry(context)` there, the parent gets the result.
///
/// # Safety
/// `arguments` are those of the call and name a stack that nobody else uses until the child has executed or ended;
/// `entry` does only what is allowed in a child that shares its parent's memory.
#[cfg(target_arch = "x86_64")]
pub(crate) unsafe fn clone_into(
    number: c_long,
    arguments: [usize; 5],
    entry: Entry,
    context: *mut c_void,
) -> isize {
    let result: isize;
    // SAFETY: the parent continues after the block as after any system call; the child never leaves it.
    unsafe {
        std::arch::asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "mov rdi, r12",
            "call r13",
            "ud2",
            "2:",
            inlateout("rax") number as isize => result,
            in("rdi") arguments[0],
            in("rsi") arguments[1],
            in("rdx") arguments[2],
            in("r10") arguments[3],
            in("r8") arguments[4],
            in("r12") context,
            in("r13") entry,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    result
}

/// `clone` or `clone3` on another stack: the child runs `entry(context)` there, the parent gets the result.
///
/// # Safety
/// `arguments` are those of the call and name a stack that nobody else uses until the child has executed or ended;
/// `entry` does only what is allowed in a child that shares its parent's memory.
#[cfg(target_arch = "aarch64")]
pub(crate) unsafe fn clone_into(
    number: c_long,
    arguments: [usize; 5],
    entry: Entry,
    context: *mut c_void,
) -> isize {
    let result: isize;
    // SAFETY: the parent continues after the block as after any system call; the child never leaves it.
    unsafe {
        std::arch::asm!(
            "svc #0",
            "cbnz x0, 2f",
            "mov x29, xzr",
            "mov x0, x20",
            "blr x21",
            "brk #1",
            "2:",
            in("x8") number,
            inlateout("x0") arguments[0] => result,
            in("x1") arguments[1],
            in("x2") arguments[2],
            in("x3") arguments[3],
            in("x4") arguments[4],
            in("x20") context,
            in("x21") entry,
        );
    }
    result
}
