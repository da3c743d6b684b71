//! The process behind a worker: its end, its kill, and what it has used so far.
#![allow(unsafe_code, reason = "clock_gettime takes a pointer")]

use crate::template::Template;
use processes::{Adopted, Exit, Process};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::read;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

/// A live process. Dropping it kills its group.
#[derive(Debug)]
pub(crate) enum Life {
    /// Started by this host.
    Own(Process),
    /// Started by a template, which alone can reap it.
    Forked(Forked),
}

/// A child of a template. The template lives as long as it does.
#[derive(Debug)]
pub(crate) struct Forked {
    adopted: Option<Adopted>,
    template: Arc<Template>,
}

impl Forked {
    pub(crate) fn new(adopted: Adopted, template: Arc<Template>) -> Self {
        Self { adopted: Some(adopted), template }
    }

    fn adopted(&self) -> &Adopted {
        self.adopted.as_ref().expect("only `reap` and `drop` take it")
    }

    async fn reap(mut self) -> Exit {
        let Some(adopted) = self.adopted.take() else { return Exit::default() };
        let id = adopted.id();
        let out_of_memory = adopted.leave();
        Exit { out_of_memory, ..self.template.reap(id).await }
    }
}

impl Drop for Forked {
    fn drop(&mut self) {
        if let Some(adopted) = self.adopted.take() {
            let id = adopted.id();
            drop(adopted);
            self.template.reap_unheard(id);
        }
    }
}

impl Life {
    /// A descriptor that becomes readable when it ends.
    pub(crate) fn pidfd(&self) -> std::io::Result<OwnedFd> {
        match self {
            Self::Own(process) => process.pidfd().as_fd().try_clone_to_owned(),
            Self::Forked(forked) => forked.adopted().pidfd().try_clone_to_owned(),
        }
    }

    pub(crate) fn kill(&self) {
        match self {
            Self::Own(process) => process.kill(),
            Self::Forked(forked) => forked.adopted().kill(),
        }
    }

    /// It has ended: kills what it has left of its group.
    pub(crate) fn kill_leftovers(&self) {
        match self {
            Self::Own(process) => process.kill_leftovers(),
            Self::Forked(forked) => forked.adopted().kill_leftovers(),
        }
    }

    /// It has ended.
    pub(crate) async fn reap(self) -> Exit {
        match self {
            Self::Own(mut process) => process.reap(),
            Self::Forked(forked) => forked.reap().await,
        }
    }

    fn id(&self) -> i32 {
        match self {
            Self::Own(process) => process.id(),
            Self::Forked(forked) => forked.adopted().id(),
        }
    }

    /// Processor time of the process itself, without its children; zero where the kernel does not tell.
    pub(crate) fn cpu(&self) -> Duration {
        // As `clock_getcpuclockid` makes it: the clock of all threads of a process.
        const PROCESS_CLOCK: i32 = 2;
        let clock = (!self.id() << 3) | PROCESS_CLOCK;
        let mut time = MaybeUninit::<libc::timespec>::zeroed();
        // SAFETY: a place to write to. All zero is a valid time, should the call fail.
        let time = unsafe {
            libc::clock_gettime(clock, time.as_mut_ptr());
            time.assume_init()
        };
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        Duration::from_secs(seconds) + Duration::from_nanos(time.tv_nsec.unsigned_abs())
    }

    /// Memory that is resident now, in bytes; 0 when unknown.
    pub(crate) fn resident_bytes(&self) -> u64 {
        let mut text = [0; 128];
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = open(format!("/proc/{}/statm", self.id()), flags, Mode::empty());
        let read = file.and_then(|file| read(file, &mut text[..])).unwrap_or(0);
        let text = std::str::from_utf8(&text[..read]).unwrap_or_default();
        let pages = text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
        pages.unwrap_or(0) * rustix::param::page_size() as u64
    }
}
