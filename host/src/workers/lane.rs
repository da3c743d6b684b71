//! A small number for each thread: a worker is best used again by the thread that used it last.

use std::sync::atomic::{AtomicU16, Ordering};

/// Number of the current thread; it stays the same.
pub(super) fn lane() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    thread_local!(static LANE: u16 = NEXT.fetch_add(1, Ordering::Relaxed));
    LANE.try_with(|lane| *lane).unwrap_or_default()
}
