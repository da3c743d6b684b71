//! Descriptors that the plugin's runtime watches.
#![allow(
    unsafe_code,
    reason = "tokio wants it said that a descriptor stays open while it is watched"
)]

use plugin_api::tokio::io::Interest;
use plugin_api::tokio::io::unix::AsyncFd;
use std::io;
use std::os::fd::OwnedFd;

/// A descriptor that is watched until it is closed.
pub type Watched = AsyncFd<OwnedFd>;

/// Watches for something to read. Within the plugin's runtime.
///
/// # Errors
/// It cannot be watched.
pub fn readable(descriptor: OwnedFd) -> io::Result<Watched> {
    watch(descriptor, Interest::READABLE)
}

/// Watches for room to write. Within the plugin's runtime.
///
/// # Errors
/// It cannot be watched.
pub fn writable(descriptor: OwnedFd) -> io::Result<Watched> {
    watch(descriptor, Interest::WRITABLE)
}

/// Watches for both. Within the plugin's runtime.
///
/// # Errors
/// It cannot be watched.
pub fn readable_and_writable(descriptor: OwnedFd) -> io::Result<Watched> {
    watch(descriptor, Interest::READABLE | Interest::WRITABLE)
}

fn watch(descriptor: OwnedFd, interest: Interest) -> io::Result<Watched> {
    // SAFETY: an `OwnedFd` is the same open descriptor as long as it lives, and `AsyncFd` owns it.
    unsafe { AsyncFd::register_with_interest(descriptor, interest) }.map_err(io::Error::from)
}
