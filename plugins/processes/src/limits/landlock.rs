//! `allow` for files: a Landlock ruleset that the child puts on itself before it executes.
#![allow(unsafe_code, reason = "Landlock has no safe wrapper here")]

use crate::bounds::{Allow, Needs};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::fcntl_dupfd_cloexec;
use std::collections::BTreeSet;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::{Path, PathBuf};

/// Rights on files, as the kernel numbers them, and from which version of Landlock on.
const EXECUTE: u64 = 1;
const WRITE_FILE: u64 = 1 << 1;
const READ: u64 = 1 << 2 | 1 << 3;
const VERSION_1: u64 = (1 << 13) - 1;
const REFER_FROM_2: u64 = 1 << 13;
const TRUNCATE_FROM_3: u64 = 1 << 14;
const DEVICE_CONTROL_FROM_5: u64 = 1 << 15;
/// TCP: bind and connect, from version 4 on.
const TCP_FROM_4: u64 = 3;
/// Signals to processes outside, from version 6 on.
const SIGNALS_FROM_6: u64 = 2;
/// Rights that a file, which is no folder, can have.
const OF_FILES: u64 = EXECUTE | WRITE_FILE | 1 << 2 | TRUNCATE_FROM_3 | DEVICE_CONTROL_FROM_5;

/// No child has a descriptor of this number or above.
const FIRST_FREE_DESCRIPTOR: i32 = 5;

const VERSION_FLAG: usize = 1;
const RULE_PATH_BENEATH: usize = 1;

/// What programs and interpreters need to start, readable for all: no home, no spool, no secrets of `/etc`.
const SYSTEM: &[&str] = &[
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/bin",
    "/sbin",
    "/opt",
    "/proc",
    "/sys/fs/cgroup",
    "/sys/devices/system/cpu",
    "/sys/kernel/mm/transparent_hugepage",
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/fonts",
    "/etc/gai.conf",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/java",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/locale.alias",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/perl",
    "/etc/pki/tls/certs",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/timezone",
];
/// Devices that everybody may write to.
const WRITABLE_DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/full"];
/// The kernel executes the loader of a dynamic program as well.
const LOADERS: &[&str] = &[
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
];

/// The rules of one function; the ruleset is made anew for each process, for its folder may be another by then.
#[derive(Debug)]
pub(crate) struct Landlock {
    version: u32,
    network: bool,
    execute_all: bool,
    /// Path and rights beyond reading; relative paths are seen from the function's folder.
    read: Vec<PathBuf>,
    write: Vec<PathBuf>,
    execute: BTreeSet<PathBuf>,
}

#[repr(C)]
struct RulesetAttributes {
    files: u64,
    network: u64,
    scoped: u64,
}

#[repr(C, packed)]
struct PathBeneath {
    rights: u64,
    parent: i32,
}

/// Whether this kernel has Landlock, and which version; 0: it has not.
pub(crate) fn rulesets_are_known() -> u32 {
    // SAFETY: with the flag the call only tells the version.
    let version = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, 0, 0, VERSION_FLAG) };
    u32::try_from(version).unwrap_or(0)
}

impl Landlock {
    /// Paths of `needs` are absolute; those of `allow` may be seen from the function's folder.
    pub(crate) fn new(allow: &Allow, version: u32, needs: Needs) -> Self {
        let mut execute: BTreeSet<PathBuf> = LOADERS.iter().map(PathBuf::from).collect();
        let mut read: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).collect();
        read.extend(needs.read);
        for program in needs.executed {
            let real = program.canonicalize().unwrap_or(program);
            read.push(installation_of(&real));
            execute.insert(real);
        }
        read.extend(allow.read.iter().map(PathBuf::from));
        let write = WRITABLE_DEVICES.iter().map(PathBuf::from);
        let write = write.chain(allow.write.iter().map(PathBuf::from)).collect();
        Self { version, network: allow.net, execute_all: allow.exec, read, write, execute }
    }

    /// The ruleset for a process in `folder`. What does not exist is passed over: nothing is allowed there.
    pub(crate) fn ruleset(&self, folder: &Path) -> std::io::Result<OwnedFd> {
        let handled = self.handled();
        let attributes = RulesetAttributes {
            files: handled,
            network: if self.network || self.version < 4 { 0 } else { TCP_FROM_4 },
            scoped: if self.version < 6 { 0 } else { SIGNALS_FROM_6 },
        };
        let size = match self.version {
            0..=3 => size_of::<u64>(),
            4 | 5 => 2 * size_of::<u64>(),
            _ => size_of::<RulesetAttributes>(),
        };
        // SAFETY: a structure of which the first `size` bytes are known to this version.
        let ruleset = unsafe {
            libc::syscall(libc::SYS_landlock_create_ruleset, &raw const attributes, size, 0)
        };
        let Ok(ruleset @ 0..) = i32::try_from(ruleset) else {
            return Err(std::io::Error::last_os_error());
        };
        // SAFETY: the kernel has just made it for us.
        let ruleset = unsafe { OwnedFd::from_raw_fd(ruleset) };
        // The child still needs it when it has descriptors of its own.
        let ruleset = fcntl_dupfd_cloexec(&ruleset, FIRST_FREE_DESCRIPTOR)?;
        let reading = if self.execute_all { READ | EXECUTE } else { READ };
        add(&ruleset, folder, reading)?;
        for path in &self.read {
            add(&ruleset, &folder.join(path), reading)?;
        }
        for path in &self.write {
            add(&ruleset, &folder.join(path), handled & !EXECUTE)?;
        }
        for path in &self.execute {
            add(&ruleset, path, READ | EXECUTE)?;
        }
        Ok(ruleset)
    }

    fn handled(&self) -> u64 {
        let later = [(2, REFER_FROM_2), (3, TRUNCATE_FROM_3), (5, DEVICE_CONTROL_FROM_5)];
        let known = later.iter().filter(|(from, _)| *from <= self.version);
        known.fold(VERSION_1, |rights, (_, right)| rights | right)
    }
}

/// An interpreter outside of the system's folders (a version manager's) reads its library beside its `bin`.
fn installation_of(program: &Path) -> PathBuf {
    let folder = program.parent().unwrap_or(program);
    match folder.parent() {
        Some(above) if folder.ends_with("bin") && above.parent().is_some() => above.to_owned(),
        _ => program.to_owned(),
    }
}

fn add(ruleset: &OwnedFd, path: &Path, rights: u64) -> std::io::Result<()> {
    let Ok(place) = open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()) else {
        return Ok(());
    };
    let rights = if path.is_dir() { rights } else { rights & OF_FILES };
    let rule = PathBeneath { rights, parent: place.as_raw_fd() };
    // SAFETY: a rule of the kind that is named; both descriptors are open.
    let result = unsafe {
        libc::syscall(
            libc::SYS_landlock_add_rule,
            ruleset.as_raw_fd(),
            RULE_PATH_BENEATH,
            &raw const rule,
            0,
        )
    };
    if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}
