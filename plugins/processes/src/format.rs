//! Whether a file can be executed here at all: ELF of this machine, or a script whose interpreter exists.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// How much of a file the kernel itself looks at.
const HEAD_BYTES: usize = 256;
/// Where an ELF header holds its machine, two bytes.
const ELF_MACHINE_AT: usize = 18;
/// Extra executable formats that the operator has registered; then the kernel knows more than we do.
const FOREIGN_FORMATS: &str = "/proc/sys/fs/binfmt_misc";

/// Names of the machines that one meets, by ELF number.
const MACHINES: &[(u16, &str)] = &[
    (3, "x86"),
    (40, "arm"),
    (62, "x86-64"),
    (183, "aarch64"),
    (243, "riscv"),
    (22, "s390x"),
    (21, "powerpc64"),
];

/// Why a file cannot be executed, or nothing. A file that cannot be read is left to the kernel.
pub(crate) fn fault(path: &Path) -> Option<String> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let file = File::open(path).ok()?;
    file.take(HEAD_BYTES as u64).read_to_end(&mut head).ok()?;
    fault_of(&head, own_machine())
}

fn fault_of(head: &[u8], own_machine: u16) -> Option<String> {
    if let Some(line) = head.strip_prefix(b"#!") {
        return shebang_fault(line);
    }
    if head.starts_with(b"\x7fELF") {
        return elf_fault(head, own_machine);
    }
    if takes_foreign_formats() {
        return None;
    }
    Some(if head.is_empty() {
        "is an empty file: write a program into it".to_owned()
    } else {
        "is neither a program of this system nor a script: a script's first line names its interpreter, \
         such as `#!/bin/sh`"
            .to_owned()
    })
}

fn elf_fault(head: &[u8], own_machine: u16) -> Option<String> {
    let bytes = head.get(ELF_MACHINE_AT..ELF_MACHINE_AT + 2)?;
    let little_endian = head.get(5) == Some(&1);
    let pair = [bytes[0], bytes[1]];
    let machine = if little_endian { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) };
    // x86-64 kernels run x86 programs, where that is built in; the kernel will say if it is not.
    let runs = machine == own_machine || (own_machine == 62 && machine == 3);
    if runs || takes_foreign_formats() {
        return None;
    }
    Some(format!(
        "is a program for {}, and this machine is {}: build it for this machine",
        machine_name(machine),
        machine_name(own_machine)
    ))
}

fn shebang_fault(line: &[u8]) -> Option<String> {
    // As the kernel does it: a carriage return belongs to the name.
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut words = line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
    let Some(interpreter) = words.next() else {
        return Some("has an empty `#!` line: name its interpreter there".to_owned());
    };
    let path = Path::new(OsStr::from_bytes(interpreter));
    if path.is_absolute() && !path.exists() {
        let ending =
            if line.ends_with(b"\r") { ": its lines end with CR LF, write LF" } else { "" };
        return Some(format!(
            "names the interpreter `{}` in its `#!` line, which does not exist{ending}: install it or mend the line",
            path.to_string_lossy().trim_end()
        ));
    }
    if path.ends_with("env") {
        let name = words.find(|word| !word.starts_with(b"-") && !word.contains(&b'='))?;
        let name = OsStr::from_bytes(name);
        if on_path(name, &std::env::var_os("PATH").unwrap_or_default()).is_none() {
            return Some(format!(
                "wants `{}` in its `#!` line, which is not on PATH: install it or mend the line",
                name.display()
            ));
        }
    }
    None
}

/// The programs that the kernel, and `env`, execute before a script's own first line.
pub(crate) fn interpreters(script: &Path) -> Vec<PathBuf> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let read =
        File::open(script).and_then(|file| file.take(HEAD_BYTES as u64).read_to_end(&mut head));
    let Some(line) = read.ok().and_then(|_| head.strip_prefix(b"#!")) else { return Vec::new() };
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let words = line.split(|byte| matches!(byte, b' ' | b'\t')).map(OsStr::from_bytes);
    let mut words = words.filter(|word| !word.is_empty());
    let interpreter = words.next().map(PathBuf::from);
    let through_env = interpreter.as_deref().is_some_and(|path| path.ends_with("env"));
    let named = words.find(|word| !word.as_bytes().starts_with(b"-")).filter(|_| through_env);
    let named = named.and_then(|name| on_path(name, &std::env::var_os("PATH").unwrap_or_default()));
    interpreter.into_iter().chain(named).collect()
}

/// The first executable regular file of that name in the folders of `search`.
pub(crate) fn on_path(name: &OsStr, search: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(search)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|candidate| is_executable_file(candidate))
}

/// True for a regular file (symbolic links followed) with an x bit.
pub(crate) fn is_executable_file(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

fn takes_foreign_formats() -> bool {
    std::fs::read_dir(FOREIGN_FORMATS).is_ok_and(|mut entries| {
        entries.any(|entry| {
            entry
                .is_ok_and(|entry| entry.file_name() != "register" && entry.file_name() != "status")
        })
    })
}

fn own_machine() -> u16 {
    if cfg!(target_arch = "x86_64") { 62 } else { 183 }
}

fn machine_name(machine: u16) -> String {
    let known = MACHINES.iter().find(|(number, _)| *number == machine);
    known.map_or_else(|| format!("machine number {machine}"), |(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &[u8], expected: Option<&str>) {
        let fault = fault_of(head, 62);
        match expected {
            None => assert_eq!(fault, None),
            Some(part) => {
                assert!(fault.as_deref().is_some_and(|fault| fault.contains(part)), "{fault:?}")
            }
        }
    }

    #[test]
    fn a_script_needs_an_interpreter_that_exists() {
        check(b"#!/bin/sh\necho", None);
        check(b"#! /bin/sh -e\necho", None);
        check(b"#!/usr/bin/env sh\n", None);
        check(b"#!/usr/bin/env -S sh -e\n", None);
        check(b"#!/nowhere/sh\n", Some("`/nowhere/sh`"));
        check(b"#!/bin/sh\r\n", Some("CR LF"));
        check(b"#!\n", Some("empty `#!`"));
        check(b"#!/usr/bin/env no-such-interpreter\n", Some("`no-such-interpreter`"));
    }

    #[test]
    fn a_program_must_be_of_this_machine() {
        let elf = |machine: u8| {
            let mut head = vec![0; 64];
            head[..6].copy_from_slice(b"\x7fELF\x02\x01");
            head[ELF_MACHINE_AT] = machine;
            head
        };
        check(&elf(62), None);
        check(&elf(3), None);
        check(&elf(183), Some("for aarch64, and this machine is x86-64"));
        check(&elf(99), Some("machine number 99"));
    }

    #[test]
    fn anything_else_is_no_program() {
        check(b"", Some("empty file"));
        check(b"hello", Some("neither a program"));
    }
}
