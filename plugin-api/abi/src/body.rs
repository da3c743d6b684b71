//! Bodies: bytes by reference count, and pull streams in both directions.

use crate::{AbiError, EndV1};
use abi_stable::{
    StableAbi,
    std_types::{ROption, RResult},
};
use async_ffi::FfiFuture;
use std::ffi::c_void;

/// Immutable bytes shared by reference count; the side that made them frees them.
#[repr(C)]
#[derive(StableAbi)]
pub struct FfiBytes {
    /// First byte; dangling when `len` is 0.
    pub pointer: *const u8,
    /// Number of bytes.
    pub len: usize,
    /// What keeps the bytes alive; may be null for static bytes.
    pub owner: *const c_void,
    /// `[any]` One more reference to `owner`.
    pub clone_owner: extern "C" fn(owner: *const c_void) -> *const c_void,
    /// `[any]` One reference less.
    pub drop_owner: extern "C" fn(owner: *const c_void),
}

// SAFETY: the bytes are immutable and `clone_owner`/`drop_owner` may be called from any thread.
unsafe impl Send for FfiBytes {}
// SAFETY: as above.
unsafe impl Sync for FfiBytes {}

extern "C" fn keep(owner: *const c_void) -> *const c_void {
    owner
}
extern "C" fn leave(_: *const c_void) {}

extern "C" fn clone_arc<T>(owner: *const c_void) -> *const c_void {
    // SAFETY: `owner` came from `Arc::into_raw` in `from_arc` and holds a reference, so the count is at least one.
    unsafe { std::sync::Arc::increment_strong_count(owner.cast::<T>()) };
    owner
}
extern "C" fn drop_arc<T>(owner: *const c_void) {
    // SAFETY: as above; this gives back exactly the reference that this value held.
    unsafe { std::sync::Arc::decrement_strong_count(owner.cast::<T>()) };
}

impl FfiBytes {
    /// No bytes, no owner, no allocation.
    #[must_use]
    pub const fn empty() -> Self {
        Self::from_static(&[])
    }

    /// Bytes that live as long as the process.
    #[must_use]
    pub const fn from_static(bytes: &'static [u8]) -> Self {
        Self {
            pointer: bytes.as_ptr(),
            len: bytes.len(),
            owner: std::ptr::null(),
            clone_owner: keep,
            drop_owner: leave,
        }
    }

    /// Bytes kept alive by any owner, for example a `bytes::Bytes` or a `Vec<u8>`; one allocation, no copy.
    pub fn from_owner<T: AsRef<[u8]> + Send + Sync + 'static>(owner: T) -> Self {
        let owner = std::sync::Arc::new(owner);
        let bytes: &[u8] = (*owner).as_ref();
        let (pointer, len) = (bytes.as_ptr(), bytes.len());
        Self {
            pointer,
            len,
            owner: std::sync::Arc::into_raw(owner).cast(),
            clone_owner: clone_arc::<T>,
            drop_owner: drop_arc::<T>,
        }
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        if self.len == 0 {
            return &[];
        }
        // SAFETY: `pointer` is valid for `len` bytes while `owner` holds a reference, which it does as long as `self` lives.
        unsafe { std::slice::from_raw_parts(self.pointer, self.len) }
    }
}

impl AsRef<[u8]> for FfiBytes {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl Clone for FfiBytes {
    fn clone(&self) -> Self {
        Self { owner: (self.clone_owner)(self.owner), ..*self }
    }
}

impl Drop for FfiBytes {
    fn drop(&mut self) {
        (self.drop_owner)(self.owner);
    }
}

/// One item of a [`StreamV1`].
#[repr(C)]
#[derive(StableAbi)]
pub struct ChunkV1 {
    /// One of [`chunk_kind`]; an unknown kind is skipped.
    pub kind: u32,
    /// The bytes of a [`chunk_kind::DATA`].
    pub data: FfiBytes,
    /// What the invocation ended as, in a [`chunk_kind::END`].
    pub end: ROption<EndV1>,
}

/// Values of [`ChunkV1::kind`].
pub mod chunk_kind {
    /// Bytes of the body.
    pub const DATA: u32 = 0;
    /// The last item of a reply's stream: what the invocation ended as.
    pub const END: u32 = 1;
}

/// A stream that is pulled: nobody asks, nobody produces; dropping it cancels what produces it.
#[repr(C)]
#[derive(StableAbi)]
pub struct StreamV1 {
    /// The producer's own.
    pub context: *const c_void,
    /// `[worker]` The next item, or none at the end. Never called while an earlier future of it is alive.
    pub next:
        extern "C" fn(context: *const c_void) -> FfiFuture<ROption<RResult<ChunkV1, AbiError>>>,
    /// `[any]` Ends the stream; called exactly once, after every future of `next` is gone.
    pub drop: extern "C" fn(context: *const c_void),
}

// SAFETY: `next` and `drop` may be called from any thread, one at a time.
unsafe impl Send for StreamV1 {}

impl Drop for StreamV1 {
    fn drop(&mut self) {
        (self.drop)(self.context);
    }
}

/// A body: what is there already, and a stream of the rest where there is one.
#[repr(C)]
#[derive(StableAbi)]
pub struct BodyV1 {
    /// Length in bytes of the whole body where it is known, else `u64::MAX`.
    pub size_hint: u64,
    /// The first bytes; the whole body when `rest` is none.
    pub first: FfiBytes,
    /// The rest.
    pub rest: ROption<StreamV1>,
}
