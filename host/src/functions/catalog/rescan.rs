//! Looks at all folders, for what no notice tells: lost notices, network file systems, folders beyond the kernel's limit.

use super::entry::{Entry, Want};
use super::folder::{Look, look};
use super::function::{Function, Preparer};
use super::keeper::Keeper;
use super::names::{check_name, is_hidden};
use std::fs::DirEntry;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Between two looks at everything. Ten thousand folders take a fraction of a second.
const PAUSE: Duration = Duration::from_secs(30);
/// Between two looks at what cannot be watched.
const PAUSE_UNWATCHED: Duration = Duration::from_secs(1);
/// A look pauses at least so many times its own duration: never more than a twentieth of a processor.
const LEAST_PAUSES: u32 = 20;

/// When to look again.
#[derive(Debug)]
pub(super) struct Rescans {
    pub(super) next: Instant,
    /// When also the folders that are watched are looked at.
    next_full: Instant,
    deploy_watched: bool,
    /// It has been said that not everything can be watched.
    warned: bool,
}

impl Rescans {
    pub(super) fn from_now() -> Self {
        let now = Instant::now();
        Self { next: now, next_full: now, deploy_watched: false, warned: false }
    }

    /// A folder cannot be watched: it has to be looked at from now on.
    pub(super) fn unwatched(&mut self, inotify_works: bool) {
        self.next = self.next.min(Instant::now() + PAUSE_UNWATCHED);
        if inotify_works && !std::mem::replace(&mut self.warned, true) {
            tracing::warn!(
                "changes in some functions are looked for every second, since no more folders can be watched: \
                 raise fs.inotify.max_user_watches"
            );
        }
    }

    /// Notices may have been lost.
    pub(super) fn now(&mut self) {
        self.next = Instant::now();
        self.next_full = self.next;
    }
}

impl<P: Preparer> Keeper<P> {
    /// Has everything examined that differs from what is known, once it has settled.
    pub(super) fn rescan(&mut self) {
        let started = Instant::now();
        let full = self.rescans.next_full <= started;
        if full || !self.rescans.deploy_watched {
            self.rescan_deploy(started);
        }
        let changed: Vec<Arc<str>> = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.due.is_none() && entry.preparing.is_none())
            .filter(|(_, entry)| full || !entry.watched)
            .filter(|(name, entry)| self.differs(name, entry))
            .map(|(name, _)| Arc::clone(name))
            .collect();
        for name in changed {
            self.touch(&name, started);
        }
        self.retry(started);
        let watched =
            self.rescans.deploy_watched && self.entries.values().all(|entry| entry.watched);
        let pause = if watched { PAUSE } else { PAUSE_UNWATCHED };
        let ended = Instant::now();
        self.rescans.next = ended + pause.max((ended - started) * LEAST_PAUSES);
        if full {
            self.rescans.next_full = ended + PAUSE;
        }
    }

    /// Finds `deploy/` itself, which may have been replaced, and what is new in it.
    fn rescan_deploy(&mut self, now: Instant) {
        if let Ok(deploy) = self.given.canonicalize() {
            self.deploy = deploy;
        }
        self.rescans.deploy_watched = self.watch.watch_deploy(&self.deploy);
        let entries = match std::fs::read_dir(&self.deploy) {
            Ok(entries) => entries,
            Err(error) => {
                tracing::warn!(folder = %self.deploy.display(), "deploy folder cannot be read: {error}");
                return;
            }
        };
        for entry in entries.flatten() {
            let raw = entry.file_name();
            let known = self.entries.contains_key(raw.to_string_lossy().as_ref());
            if known || is_hidden(&raw) || !may_be_function(&entry) {
                continue;
            }
            let Some(name) = self.touch_entry(&raw, now) else { continue };
            if self.opened {
                self.follow(&name);
            } else {
                self.enter(&name, now);
            }
        }
    }

    /// At the start nothing needs to settle, and what takes long to prepare is known all the same.
    fn enter(&mut self, name: &Arc<str>, now: Instant) {
        if let Some(entry) = self.entries.get_mut(name) {
            entry.function = Some(Arc::new(Function::new(name)));
            self.routes_changed = true;
        }
        self.schedule(name, now);
    }

    fn differs(&self, name: &str, entry: &Entry<P>) -> bool {
        let path = entry.path(&self.deploy, name);
        if check_name(entry.raw(name)).is_err() {
            return !path.is_dir();
        }
        match look(&self.deploy, &path) {
            Look::Missing => true,
            Look::Unusable { print, .. } => entry.print != Some(print),
            Look::Folder(folder) => entry.print != Some(folder.print),
        }
    }

    /// What a function lacks may lie outside of its folder.
    fn retry(&mut self, now: Instant) {
        self.want_of_all(|entry| {
            let trouble = entry.trouble.as_ref()?;
            (trouble.retry_at <= now || entry.awaited.is_there()).then_some(Want::Prepare)
        });
    }
}

/// A folder, or a link that leads to one or, as it should not, to nothing.
fn may_be_function(entry: &DirEntry) -> bool {
    match entry.file_type() {
        Ok(kind) if kind.is_symlink() => {
            std::fs::metadata(entry.path()).map_or(true, |target| target.is_dir())
        }
        Ok(kind) => kind.is_dir(),
        Err(_) => false,
    }
}
