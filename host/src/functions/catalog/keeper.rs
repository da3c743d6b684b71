//! The thread that keeps the catalog true: it alone touches the folders, decides what is to be examined, and publishes.

use super::entry::Entry;
use super::function::{Function, Preparer};
use super::mailbox::{Bell, Mailbox, Message};
use super::names::{case_twins, is_hidden, is_litter, is_skipped_folder};
use super::rescan::Rescans;
use super::trial::Spare;
use super::watch::{Notice, Watch};
use crate::functions::Defaults;
use arc_swap::ArcSwap;
use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// What the request path looks names up in.
pub(super) type Routes<P> = HashMap<Arc<str>, Arc<Function<P>>, foldhash::fast::RandomState>;

/// A folder that never comes to rest is examined all the same.
const LONGEST_UNREST: Duration = Duration::from_secs(2);
/// Examined in one turn, so that notices do not pile up in the kernel and messages are answered.
const EXAMINED_PER_TURN: usize = 64;
/// A map of ten thousand names takes a millisecond to make: many changes at once share one.
const PUBLISH_PAUSE: Duration = Duration::from_millis(100);
/// Prepared at the same time: each may run an interpreter or compile.
const MOST_PREPARING: usize = 64;

pub(super) struct Keeper<P: Preparer> {
    /// As configured, absolute; it may be a symbolic link.
    pub(super) given: PathBuf,
    /// Without symbolic links.
    pub(super) deploy: PathBuf,
    pub(super) settle: Duration,
    pub(super) defaults: Defaults,
    pub(super) preparer: Arc<P>,
    pub(super) runtime: tokio::runtime::Handle,
    pub(super) mailbox: Mailbox<P>,
    pub(super) inbox: Receiver<Message<P>>,
    pub(super) bell: Arc<Bell>,
    pub(super) watch: Watch,
    /// Boxed: a map has room for more than it holds, and is copied when it grows.
    pub(super) entries: HashMap<Arc<str>, Box<Entry<P>>, foldhash::fast::RandomState>,
    pub(super) due: BTreeSet<(Instant, Arc<str>)>,
    /// Number of functions that are being prepared.
    pub(super) preparing: usize,
    pub(super) last_number: u64,
    pub(super) routes: Arc<ArcSwap<Routes<P>>>,
    pub(super) routes_changed: bool,
    pub(super) published: Instant,
    /// Whether the first look at everything is over.
    pub(super) opened: bool,
    pub(super) rescans: Rescans,
    pub(super) spare: Spare,
    /// Answered after the next publication.
    pub(super) answers: Vec<oneshot::Sender<()>>,
    pub(super) waiting_for_quiet: Vec<oneshot::Sender<()>>,
}

impl<P: Preparer> Keeper<P> {
    pub(super) fn new(
        given: PathBuf,
        deploy: PathBuf,
        settle: Duration,
        defaults: Defaults,
        preparer: Arc<P>,
        watch: Watch,
    ) -> std::io::Result<Self> {
        let (mailbox, inbox, bell) = Mailbox::new()?;
        Ok(Self {
            given,
            deploy,
            settle,
            defaults,
            preparer,
            runtime: tokio::runtime::Handle::current(),
            mailbox,
            inbox,
            bell,
            watch,
            entries: HashMap::default(),
            due: BTreeSet::new(),
            preparing: 0,
            last_number: 0,
            routes: Arc::default(),
            routes_changed: false,
            published: Instant::now(),
            opened: false,
            rescans: Rescans::from_now(),
            spare: Spare::from_now(),
            answers: Vec::new(),
            waiting_for_quiet: Vec::new(),
        })
    }

    /// Runs until it is told to stop.
    pub(super) fn run(mut self) {
        // What is dropped here may want to tidy up on the runtime.
        let runtime = self.runtime.clone();
        let _entered = runtime.enter();
        loop {
            self.read_notices();
            if self.read_messages().is_break() {
                return;
            }
            let now = Instant::now();
            if self.rescans.next <= now {
                self.rescan();
            }
            self.examine_due(now);
            self.publish();
            self.watch.wait(&self.bell.descriptor, self.time_to_wait());
        }
    }

    fn read_notices(&mut self) {
        let now = Instant::now();
        for notice in self.watch.read() {
            match notice {
                Notice::Everything => self.rescans.now(),
                Notice::Entry { raw, appeared } => {
                    if let Some(name) = self.touch_entry(&raw, now)
                        && appeared
                    {
                        self.follow(&name);
                    }
                }
                Notice::Inside { raw: Some(raw), .. }
                    if is_litter(&raw) || is_skipped_folder(&raw) => {}
                Notice::Inside { name, appeared, .. } => {
                    self.touch(&name, now);
                    if appeared {
                        self.follow(&name);
                    }
                }
            }
        }
    }

    /// An entry of `deploy/` may have changed. The answer: the function's name, if it can be one.
    pub(super) fn touch_entry(&mut self, raw: &OsStr, now: Instant) -> Option<Arc<str>> {
        if is_hidden(raw) {
            return None;
        }
        let lossy = raw.to_string_lossy();
        let name = match self.entries.get_key_value(lossy.as_ref()) {
            Some((name, _)) => Arc::clone(name),
            None => {
                let name: Arc<str> = lossy.into();
                self.entries.insert(Arc::clone(&name), Box::new(Entry::new(raw)));
                name
            }
        };
        self.touch(&name, now);
        Some(name)
    }

    pub(super) fn touch(&mut self, name: &Arc<str>, now: Instant) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let touched = entry.touch(now);
        entry.missing_since = None;
        // Somebody stands at the door: what is there now may do. If it does not, it is looked at again when settled.
        let at = match entry.waiting.is_empty() {
            true => (touched.last + self.settle).min(touched.first + LONGEST_UNREST),
            false => now,
        };
        self.schedule(name, at);
    }

    /// Examines it at that time, instead of any other; while it is being prepared, after that.
    pub(super) fn schedule(&mut self, name: &Arc<str>, at: Instant) {
        let Some(entry) = self.entries.get_mut(name).filter(|entry| entry.preparing.is_none())
        else {
            return;
        };
        if let Some(before) = entry.due.replace(at) {
            self.due.remove(&(before, Arc::clone(name)));
        }
        self.due.insert((at, Arc::clone(name)));
    }

    fn examine_due(&mut self, now: Instant) {
        for _ in 0..EXAMINED_PER_TURN {
            if self.preparing >= MOST_PREPARING {
                return;
            }
            match self.due.first() {
                Some((at, _)) if *at <= now => {}
                _ => return,
            }
            let Some((_, name)) = self.due.pop_first() else { return };
            self.examine(&name);
        }
    }

    fn publish(&mut self) {
        let idle = self.due.first().is_none_or(|(at, _)| *at > Instant::now());
        let now = idle || !self.answers.is_empty() || self.published.elapsed() >= PUBLISH_PAUSE;
        if self.routes_changed && now {
            self.show_twins();
            let functions = self.entries.iter().filter_map(|(name, entry)| {
                Some((Arc::clone(name), Arc::clone(entry.function.as_ref()?)))
            });
            self.routes.store(Arc::new(functions.collect()));
            self.routes_changed = false;
            self.published = Instant::now();
        }
        if self.due.is_empty() && self.preparing == 0 {
            if !std::mem::replace(&mut self.opened, true) {
                crate::memory::give_back();
            }
            self.answers.append(&mut self.waiting_for_quiet);
        }
        for answer in self.answers.drain(..) {
            // Who asked may have gone.
            let _ = answer.send(());
        }
    }

    fn show_twins(&mut self) {
        let known = self.entries.iter().filter(|(_, entry)| entry.function.is_some());
        let mut twins = case_twins(known.map(|(name, _)| name));
        for (name, entry) in &mut self.entries {
            let twin = twins.remove(name);
            if entry.twin != twin {
                entry.twin = twin;
                entry.show();
            }
        }
    }

    fn time_to_wait(&self) -> Duration {
        let due = self.due.first().filter(|_| self.preparing < MOST_PREPARING);
        let next = due.map_or(self.rescans.next, |(at, _)| self.rescans.next.min(*at));
        let next =
            if self.routes_changed { next.min(self.published + PUBLISH_PAUSE) } else { next };
        next.saturating_duration_since(Instant::now())
    }
}
