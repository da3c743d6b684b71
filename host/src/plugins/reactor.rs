//! The service `reactor/1`: descriptors watched by the runtime of the thread that serves the call.

use plugin_abi::async_ffi::FfiContext;
use plugin_abi::{Handle, RawInterface, ReactorV1, readiness};
use std::cell::Cell;
use std::os::fd::BorrowedFd;
use std::task::Poll;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Behind a watch's handle. The descriptor is the plugin's.
type Watch = AsyncFd<BorrowedFd<'static>>;

static REACTOR: ReactorV1 = ReactorV1 { watch, poll, close };

/// What the host answers to the service's id.
pub(super) fn interface() -> RawInterface {
    RawInterface::of(&REACTOR)
}

thread_local!(static SERVES_CALLS: Cell<bool> = const { Cell::new(false) });

/// The calling thread polls calls from now on, in a runtime that ends with the process.
pub(crate) fn serve_calls_here() {
    SERVES_CALLS.set(true);
}

/// Only on a thread that serves calls: what it watches wakes it alone.
extern "C" fn watch(descriptor: i32) -> Handle {
    if !SERVES_CALLS.get() || descriptor < 0 {
        return Handle::NULL;
    }
    // SAFETY: the interface asks for a descriptor that stays open until `close`, which drops the watch.
    let watched = unsafe {
        Watch::register_with_interest(BorrowedFd::borrow_raw(descriptor), Interest::READABLE)
    };
    match watched {
        Ok(watch) => Handle(Box::into_raw(Box::new(watch)).cast()),
        Err(_) => Handle::NULL,
    }
}

extern "C" fn poll(watch: Handle, context: &mut FfiContext<'_>) -> u32 {
    // SAFETY: the handle is one of ours and is not used after `close`, as the interface says.
    let watch = unsafe { &*watch.0.cast::<Watch>() };
    match context.with_context(|context| watch.poll_read_ready(context)) {
        Poll::Pending => readiness::PENDING,
        Poll::Ready(Ok(mut guard)) => {
            // Before the plugin reads: what arrives meanwhile makes it ready again.
            guard.clear_ready();
            readiness::READY
        }
        Poll::Ready(Err(_)) => readiness::FAILED,
    }
}

extern "C" fn close(watch: Handle) {
    if watch != Handle::NULL {
        // SAFETY: as in `poll`; given back once.
        drop(unsafe { Box::from_raw(watch.0.cast_mut().cast::<Watch>()) });
    }
}
