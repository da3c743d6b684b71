//! Gives memory that the start needed and serving does not back to the system.
#![allow(unsafe_code, reason = "mimalloc's own function, which its Rust wrapper does not offer")]

unsafe extern "C" {
    /// Frees what this thread's heap and ended threads left over; with `force` at once instead of by and by.
    fn mi_collect(force: bool);
}

/// The start parses, checks layouts and looks at every folder: about 3 MiB of it is garbage afterwards. A thread's own
/// garbage goes when it calls; what threads have freed already goes when any calls.
pub(crate) fn give_back() {
    // SAFETY: may be called at any time from any thread (mimalloc's documentation of `mi_collect`).
    unsafe { mi_collect(true) };
}
