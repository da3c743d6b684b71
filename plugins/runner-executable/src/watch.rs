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
pub(crate) type Watched = AsyncFd<OwnedFd>;

/// Within the plugin's runtime.
pub(crate) fn readable(descriptor: OwnedFd) -> io::Result<Watched> {
    watch(descriptor, Interest::READABLE)
}

/// Within the plugin's runtime.
pub(crate) fn writable(descriptor: OwnedFd) -> io::Result<Watched> {
    watch(descriptor, Interest::WRITABLE)
}

fn watch(descriptor: OwnedFd, interest: Interest) -> io::Result<Watched> {
    // SAFETY: an `OwnedFd` is the same open descriptor as long as it lives, and `AsyncFd` owns it.
    unsafe { AsyncFd::register_with_interest(descriptor, interest) }.map_err(io::Error::from)
}
