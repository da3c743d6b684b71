//! A program without libc that gives its input back: what a call of it costs is the server's own.
//!
//! Compiled by `cargo xtask bench` with rustc alone, not by cargo. With an argument it gives that back instead of stdin (webhook
//! hands the body over so); with `--cfg cgi` it prints a CGI header first.
#![no_builtins]
#![no_std]
#![no_main]
#![allow(unsafe_code, reason = "there is nothing below but system calls")]

use core::arch::{asm, global_asm};

const READ: usize = 0;
const WRITE: usize = 1;
const EXIT: usize = 60;
const STDIN: usize = 0;
const STDOUT: usize = 1;
const CHUNK_BYTES: usize = 16 * 1024;

// The kernel starts a program with argc and argv on the stack and no return address.
global_asm!(".globl _start", "_start:", "mov rdi, rsp", "and rsp, -16", "call {}", "ud2", sym start);

extern "C" fn start(stack: *const usize) -> ! {
    if cfg!(cgi) {
        let header = b"Content-Type: text/plain\r\n\r\n";
        write_all(header.as_ptr(), header.len());
    }
    // SAFETY: the kernel puts argc there, then argc pointers to texts that end in a zero byte.
    unsafe {
        if *stack > 1 {
            let argument = *stack.add(2) as *const u8;
            let mut length = 0;
            while *argument.add(length) != 0 {
                length += 1;
            }
            write_all(argument, length);
            exit(0);
        }
    }
    let mut chunk = core::mem::MaybeUninit::<[u8; CHUNK_BYTES]>::uninit();
    loop {
        let length = call(READ, STDIN, chunk.as_mut_ptr() as usize, CHUNK_BYTES);
        match length {
            0 => exit(0),
            1.. => write_all(chunk.as_ptr().cast(), length as usize),
            _ => exit(1),
        }
    }
}

fn write_all(mut bytes: *const u8, mut length: usize) {
    while length > 0 {
        let written = call(WRITE, STDOUT, bytes as usize, length);
        if written < 0 {
            exit(1);
        }
        length -= written as usize;
        // SAFETY: the kernel never says that it has written more than it was given.
        bytes = unsafe { bytes.add(written as usize) };
    }
}

fn exit(code: usize) -> ! {
    call(EXIT, code, 0, 0);
    loop {}
}

fn call(number: usize, first: usize, second: usize, third: usize) -> isize {
    let result;
    // SAFETY: read, write and exit of Linux on x86-64; the kernel checks every pointer, and clobbers rcx and r11 only.
    unsafe {
        asm!("syscall", inlateout("rax") number => result, in("rdi") first, in("rsi") second, in("rdx") third,
             lateout("rcx") _, lateout("r11") _);
    }
    result
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    exit(101)
}
