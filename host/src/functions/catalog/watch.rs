//! The kernel's notices of what changes in the folders.
//!
//! inotify directly, by watch descriptor: the `notify` crate knows a watch by its path, which after a replacement by two
//! renames names another folder, and it asks for every opening of a file, of which each invocation makes some.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// One mask for all: the kernel keeps one per folder, and a function may be a link to another's folder.
const EVENTS: WatchFlags = WatchFlags::ONLYDIR
    .union(WatchFlags::CREATE)
    .union(WatchFlags::MODIFY)
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF);

/// What the kernel told.
#[derive(Debug)]
pub(super) enum Notice {
    /// An entry of `deploy/`; `appeared`: a folder has come.
    Entry { raw: OsString, appeared: bool },
    /// Something in a function's folder; `appeared`: a sub-directory has come.
    Inside { name: Arc<str>, raw: Option<OsString>, appeared: bool },
    /// Notices were lost, or `deploy/` itself has moved.
    Everything,
}

/// How watching a function's directories went.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Followed {
    /// One was not watched before: what changed in it until now was not told.
    pub(super) added: bool,
    /// None is left that cannot be watched and has to be looked at.
    pub(super) complete: bool,
}

/// The watches, and whose they are.
#[derive(Debug)]
pub(super) struct Watch {
    /// None: inotify cannot be had.
    inotify: Option<OwnedFd>,
    deploy: Option<i32>,
    owners: BTreeSet<(i32, Arc<str>)>,
    /// Less than every name, to find a descriptor's owners.
    lowest: Arc<str>,
}

impl Watch {
    pub(super) fn new() -> Self {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)
            .inspect_err(|error| {
                tracing::warn!(
                    "changes in the deploy folder are looked for every second, since inotify cannot be had: {error}; \
                     raise fs.inotify.max_user_instances"
                );
            })
            .ok();
        Self { inotify, deploy: None, owners: BTreeSet::new(), lowest: "".into() }
    }

    /// As where inotify cannot be had.
    #[cfg(test)]
    pub(super) fn blind() -> Self {
        Self { inotify: None, deploy: None, owners: BTreeSet::new(), lowest: "".into() }
    }

    pub(super) fn works(&self) -> bool {
        self.inotify.is_some()
    }

    /// Watches `deploy/`. False: it must be looked at instead.
    pub(super) fn watch_deploy(&mut self, folder: &Path) -> bool {
        let Some(inotify) = &self.inotify else { return false };
        let watch = inotify::add_watch(inotify, folder, EVENTS).ok();
        if let Some(old) = self.deploy.filter(|_| self.deploy != watch) {
            let _ = inotify::remove_watch(inotify, old);
        }
        self.deploy = watch;
        watch.is_some()
    }

    /// Makes `watches` those of the directories.
    pub(super) fn follow(
        &mut self,
        name: &Arc<str>,
        directories: &[PathBuf],
        watches: &mut Box<[i32]>,
    ) -> Followed {
        let Some(inotify) = &self.inotify else {
            return Followed { added: false, complete: false };
        };
        let mut current = Vec::with_capacity(directories.len());
        let mut complete = true;
        for directory in directories {
            match inotify::add_watch(inotify, directory, EVENTS) {
                Ok(watch) => current.push(watch),
                // Gone: its parent has told or will tell.
                Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => {}
                Err(_) => complete = false,
            }
        }
        current.sort_unstable();
        current.dedup();
        let before = std::mem::replace(watches, current.into());
        let mut added = false;
        for watch in watches.iter().filter(|watch| !before.contains(watch)) {
            added |= self.owners.insert((*watch, Arc::clone(name)));
        }
        for watch in before.iter().filter(|watch| !watches.contains(watch)) {
            self.forget(name, *watch);
        }
        Followed { added, complete }
    }

    pub(super) fn forget(&mut self, name: &Arc<str>, watch: i32) {
        let known = self.owners.remove(&(watch, Arc::clone(name)));
        if let (true, None, Some(inotify)) = (known, self.owners_of(watch).next(), &self.inotify) {
            // Fails when the folder has gone, and its watch with it.
            let _ = inotify::remove_watch(inotify, watch);
        }
    }

    /// Everything that has been told since the last time.
    pub(super) fn read(&mut self) -> Vec<Notice> {
        let mut notices = Vec::new();
        let Some(inotify) = self.inotify.take() else { return notices };
        let mut buffer = [MaybeUninit::uninit(); 8192];
        let mut reader = inotify::Reader::new(&inotify, &mut buffer);
        while let Ok(event) = reader.next() {
            let raw = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()).to_owned());
            self.translate(event.wd(), event.events(), raw, &mut notices);
        }
        self.inotify = Some(inotify);
        notices
    }

    /// Waits until there is something to read, `wake` is, or time is up.
    pub(super) fn wait(&self, wake: &OwnedFd, most: Duration) {
        let mut descriptors = vec![PollFd::new(wake, PollFlags::IN)];
        descriptors
            .extend(self.inotify.as_ref().map(|inotify| PollFd::new(inotify, PollFlags::IN)));
        // Rounded up by a millisecond, lest it wakes just before the time.
        let timeout = Timespec::try_from(most + Duration::from_millis(1)).ok();
        // An interrupted wait is a short one.
        let _ = poll(&mut descriptors, timeout.as_ref());
    }

    fn translate(
        &mut self,
        watch: i32,
        events: ReadFlags,
        raw: Option<OsString>,
        notices: &mut Vec<Notice>,
    ) {
        if events.contains(ReadFlags::QUEUE_OVERFLOW) {
            return notices.push(Notice::Everything);
        }
        let came = ReadFlags::CREATE | ReadFlags::MOVED_TO;
        let appeared = events.contains(ReadFlags::ISDIR) && events.intersects(came);
        let owners: Vec<_> = self.owners_of(watch).cloned().collect();
        if self.deploy == Some(watch) {
            notices.push(match &raw {
                Some(raw) => Notice::Entry { raw: raw.clone(), appeared },
                None => Notice::Everything,
            });
        }
        if events.contains(ReadFlags::IGNORED) {
            self.deploy = self.deploy.filter(|deploy| *deploy != watch);
            for name in &owners {
                self.owners.remove(&(watch, Arc::clone(name)));
            }
        }
        notices.extend(owners.into_iter().map(|name| Notice::Inside {
            name,
            raw: raw.clone(),
            appeared,
        }));
    }

    fn owners_of(&self, watch: i32) -> impl Iterator<Item = &Arc<str>> {
        let from = (watch, Arc::clone(&self.lowest));
        self.owners
            .range(from..)
            .take_while(move |(other, _)| *other == watch)
            .map(|(_, name)| name)
    }
}
