//! Memory that the host and its keeper share: who is running, and by what they are known.
#![allow(unsafe_code, reason = "memory that is shared between two processes is mapped by hand")]

use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

/// More processes at once than this have no slot: they still die with the host, and the keeper still finds their
/// children by the mark in their environment.
const SLOTS: usize = 16 << 10;
/// Folders of cgroups that the keeper removes: one for each hierarchy.
pub(super) const ROOTS: usize = 4;
pub(super) const ROOT_BYTES: usize = 512;
/// Length of a mark.
pub(super) const MARK_BYTES: usize = 32;

/// The shared memory. The keeper reads it when the host is dead, or after `ended` was set.
#[repr(C)]
pub(super) struct Shared {
    /// The host ended this runner in good order: there is nothing to do.
    pub(super) ended: AtomicBool,
    /// How many of `roots` are written.
    pub(super) root_count: AtomicU32,
    pub(super) mark: [u8; MARK_BYTES],
    /// Paths, each ended by a NUL.
    pub(super) roots: [[u8; ROOT_BYTES]; ROOTS],
    pub(super) slots: [AtomicI32; SLOTS],
}

/// The host's handle on the shared memory.
#[derive(Debug)]
pub(crate) struct Table {
    shared: NonNull<Shared>,
    writing_roots: Mutex<()>,
}

// SAFETY: the mapping belongs to the value; what changes in it is atomic, or written once under a lock before the count.
unsafe impl Send for Table {}
// SAFETY: as above.
unsafe impl Sync for Table {}

impl Table {
    /// Maps it; `mark` is cut or filled to [`MARK_BYTES`].
    pub(crate) fn new(mark: &str) -> std::io::Result<Self> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping, wherever the kernel likes.
        let address =
            unsafe { libc::mmap(null_mut(), size_of::<Shared>(), protection, flags, -1, 0) };
        if address == libc::MAP_FAILED {
            return Err(std::io::Error::last_os_error());
        }
        let shared = NonNull::new(address.cast::<Shared>()).expect("a mapping is not at zero");
        for (place, byte) in mark.bytes().take(MARK_BYTES).enumerate() {
            // SAFETY: within the mapping, which nobody else knows yet.
            unsafe { (&raw mut (*shared.as_ptr()).mark).cast::<u8>().add(place).write(byte) };
        }
        Ok(Self { shared, writing_roots: Mutex::new(()) })
    }

    pub(crate) fn len(&self) -> u32 {
        u32::try_from(SLOTS).expect("a few thousand")
    }

    /// Where a process writes its id; 0 is nobody.
    pub(crate) fn slot(&self, index: u32) -> &AtomicI32 {
        &self.shared().slots[index as usize]
    }

    /// The keeper removes this folder of cgroups with all that is in it.
    pub(crate) fn add_root(&self, path: &str) {
        let _held = self.writing_roots.lock().unwrap_or_else(PoisonError::into_inner);
        let count = self.shared().root_count.load(Ordering::Relaxed) as usize;
        if count == ROOTS || path.len() >= ROOT_BYTES {
            return;
        }
        // SAFETY: within the mapping; this root is read by nobody before the count says that it is there.
        unsafe {
            let root = (&raw mut (*self.shared.as_ptr()).roots[count]).cast::<u8>();
            std::ptr::copy_nonoverlapping(path.as_ptr(), root, path.len());
        }
        self.shared().root_count.fetch_add(1, Ordering::Release);
    }

    /// The keeper has nothing to do when the host goes now.
    pub(crate) fn mark_ended(&self) {
        self.shared().ended.store(true, Ordering::Release);
    }

    pub(super) fn shared(&self) -> &Shared {
        // SAFETY: mapped as long as the value lives; all zero is a valid `Shared`. Roots are written by raw pointer
        // only beyond the count, where nobody reads.
        unsafe { self.shared.as_ref() }
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        // SAFETY: the mapping of `new`; nothing of it is borrowed any more.
        unsafe { libc::munmap(self.shared.as_ptr().cast(), size_of::<Shared>()) };
    }
}
