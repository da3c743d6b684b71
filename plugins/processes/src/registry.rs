//! Every live process of this plugin, in memory that the keeper sees too; how all of them are ended.

use crate::keeper::{Keeper, Table};
use crate::limits::{Cgroup, Cgroups, Wanted};
use plugin_api::tokio::{self, sync::Notify};
use rustix::process::{Pid, Signal, kill_process_group};
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// The plugin's processes. Shared by everything that may start or end one.
#[derive(Debug)]
pub struct Registry {
    /// Dropped first: it reads the table until it has ended.
    keeper: Option<Mutex<Keeper>>,
    table: Table,
    /// Free slots of the table, lowest last. A slot's id is signalled and cleared only under this lock: an id in a slot
    /// is never that of a stranger, for its process is not reaped before the slot is cleared.
    free: Mutex<Vec<u32>>,
    live: AtomicUsize,
    none_live: Notify,
    ending: AtomicBool,
    /// The plugin's.
    pub runtime: tokio::runtime::Handle,
    /// Value of `SHORTEDFAAS_HOST` in every environment.
    pub mark: String,
    /// Found out when a function first asks for a limit that needs it.
    cgroups: OnceLock<Option<Cgroups>>,
}

/// A place in the table; given back by [`Registry::release`].
#[derive(Debug)]
pub(crate) struct Slot(Option<u32>);

impl Registry {
    /// An empty one with a [`random_mark`]. Within the plugin's runtime.
    ///
    /// # Errors
    /// No memory can be mapped.
    pub fn new(mark: String, with_keeper: bool) -> std::io::Result<Self> {
        let table = Table::new(&mark)?;
        Ok(Self {
            free: Mutex::new((0..table.len()).rev().collect()),
            table,
            live: AtomicUsize::new(0),
            none_live: Notify::new(),
            ending: AtomicBool::new(false),
            runtime: tokio::runtime::Handle::current(),
            keeper: with_keeper.then(|| Mutex::new(Keeper::default())),
            mark,
            cgroups: OnceLock::new(),
        })
    }

    /// Starts the keeper unless it runs; before the first process. Blocks for a moment.
    pub(crate) fn keep(&self) {
        if let Some(keeper) = &self.keeper {
            keeper.lock().unwrap_or_else(PoisonError::into_inner).start(&self.table);
        }
    }

    /// A slot for a process that is about to be started; none when the host is ending.
    pub(crate) fn reserve(&self) -> Option<Slot> {
        let mut free = self.lock();
        if self.ending.load(Ordering::Relaxed) {
            return None;
        }
        self.live.fetch_add(1, Ordering::Relaxed);
        Some(Slot(free.pop()))
    }

    /// Where the child writes its id; none when there are more processes than slots.
    pub(crate) fn cell(&self, slot: &Slot) -> Option<&AtomicI32> {
        slot.0.map(|index| self.table.slot(index))
    }

    /// The process is about to be reaped, or was never started.
    pub(crate) fn release(&self, slot: &mut Slot) {
        let mut free = self.lock();
        if let Some(index) = slot.0.take() {
            self.table.slot(index).store(0, Ordering::Relaxed);
            free.push(index);
        }
        // Still under the lock, so that this and `end` see each other.
        if self.live.fetch_sub(1, Ordering::Relaxed) == 1 && self.is_ending() {
            self.none_live.notify_one();
        }
    }

    /// True when what ends now ends because the host does.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// Takes no more processes.
    pub fn close(&self) {
        let _held = self.lock();
        self.ending.store(true, Ordering::Relaxed);
    }

    /// Takes no more processes, asks all to end, and kills what is left after `grace`.
    pub async fn end(&self, grace: Duration) {
        self.close();
        self.signal_all(Signal::TERM);
        if self.live.load(Ordering::Relaxed) == 0 {
            return;
        }
        if tokio::time::timeout(grace, self.none_live.notified()).await.is_err() {
            self.signal_all(Signal::KILL);
        }
    }

    /// The limits of `wanted` that no cgroup can hold here.
    pub(crate) fn missing_limits(&self, wanted: &Wanted) -> Vec<&'static str> {
        Cgroups::missing(self.cgroups(), wanted)
    }

    /// A new cgroup where one is wanted.
    pub(crate) fn cgroup_for(&self, wanted: Option<&Wanted>) -> std::io::Result<Option<Cgroup>> {
        let Some(wanted) = wanted else { return Ok(None) };
        self.cgroups().map(|groups| groups.create(wanted)).transpose()
    }

    fn cgroups(&self) -> Option<&Cgroups> {
        let probe = || {
            let groups = Cgroups::probe(&self.mark)?;
            groups.roots().filter_map(Path::to_str).for_each(|root| self.table.add_root(root));
            Some(groups)
        };
        self.cgroups.get_or_init(probe).as_ref()
    }

    fn signal_all(&self, signal: Signal) {
        let _held = self.lock();
        for index in 0..self.table.len() {
            if let Some(id) = Pid::from_raw(self.table.slot(index).load(Ordering::Relaxed)) {
                let _ = kill_process_group(id, signal);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u32>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 32 hexadecimal digits that no other run of a host has.
#[must_use]
pub fn random_mark() -> String {
    let half = |number: u8| RandomState::new().hash_one((number, std::process::id()));
    format!("{:016x}{:016x}", half(0), half(1))
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.table.mark_ended();
    }
}
