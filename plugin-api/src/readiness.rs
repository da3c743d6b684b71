//! Waits for a descriptor to be readable: on the thread that polls the call, where the host can do that.

use crate::Host;
use plugin_abi::async_ffi::ContextExt;
use plugin_abi::{Handle, ReactorV1, readiness};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::task::{Context, Poll};
use std::thread::{self, ThreadId};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A descriptor that does not block, and whether it may be read.
///
/// Where the host offers it, readiness wakes the host's own thread that polls the call; else a thread of the plugin's
/// own tokio runtime does, which costs a hand-over between threads.
///
/// [`Readiness::poll`] says ready once: then read until a read has found nothing, or less than there was room for, before
/// polling again.
///
/// The readiness belongs to the thread that made it: make it in the first `invoke` that needs it, not in `start`, which
/// may run on a thread that serves no calls. [`Readiness::move_here`] takes it to another thread.
pub struct Readiness(Kind);

enum Kind {
    OfHost { reactor: &'static ReactorV1, watch: Handle, thread: ThreadId, descriptor: OwnedFd },
    Tokio(AsyncFd<OwnedFd>),
}

impl Readiness {
    /// Watches a descriptor from the calling thread, which must be one that polls this plugin's futures. `[worker]`
    ///
    /// # Errors
    /// The descriptor cannot be watched: regular files cannot.
    pub fn new(host: &Host, descriptor: OwnedFd) -> io::Result<Self> {
        let number = descriptor.as_raw_fd();
        if let Some(reactor) = host.reactor() {
            let watch = (reactor.watch)(number);
            if watch != Handle::NULL {
                let thread = thread::current().id();
                return Ok(Self(Kind::OfHost { reactor, watch, thread, descriptor }));
            }
        }
        // SAFETY: it owns the descriptor, which is always the same one.
        let watched = unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE)? };
        Ok(Self(Kind::Tokio(watched)))
    }

    /// From now on the calling thread is woken, if it is one that polls calls and can be; else all stays as it is. To be
    /// used while nobody waits: whoever does is not woken any more. `[worker]`
    pub fn move_here(&mut self) {
        let Kind::OfHost { reactor, watch, thread, descriptor } = &mut self.0 else { return };
        let here = thread::current().id();
        if *thread == here {
            return;
        }
        let moved = (reactor.watch)(descriptor.as_raw_fd());
        if moved != Handle::NULL {
            (reactor.close)(std::mem::replace(watch, moved));
            *thread = here;
        }
    }

    /// Ready when the descriptor may be read or has come to its end. Of several who wait only the last is woken.
    ///
    /// # Errors
    /// It can no longer be watched.
    pub fn poll(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.0 {
            Kind::OfHost { reactor, watch, .. } => {
                match context.with_ffi_context(|context| (reactor.poll)(*watch, context)) {
                    readiness::PENDING => Poll::Pending,
                    readiness::READY => Poll::Ready(Ok(())),
                    _ => Poll::Ready(Err(io::Error::other("the host's reactor has ended"))),
                }
            }
            // Cleared before the read, so that what arrives during it makes it ready again.
            Kind::Tokio(watched) => {
                watched.poll_read_ready(context).map_ok(|mut guard| guard.clear_ready())
            }
        }
    }

    /// The descriptor.
    #[must_use]
    pub fn descriptor(&self) -> &OwnedFd {
        match &self.0 {
            Kind::OfHost { descriptor, .. } => descriptor,
            Kind::Tokio(watched) => watched.get_ref(),
        }
    }
}

impl Drop for Readiness {
    fn drop(&mut self) {
        // Before the descriptor is closed: its number may be somebody else's a moment later.
        if let Kind::OfHost { reactor, watch, .. } = &self.0 {
            (reactor.close)(*watch);
        }
    }
}

impl std::fmt::Debug for Readiness {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Readiness").field("descriptor", self.descriptor()).finish()
    }
}
