//! What is done when the process ends in good order, whether or not the host has dropped its plugins by then.
#![allow(unsafe_code, reason = "only the C library knows when the process ends")]

use std::sync::Once;

/// Has `launcher_folder::remove_all` run at the end. A library of a plugin is never unloaded, so the function stays where it is.
pub(crate) fn remove_launchers_at_exit() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: `at_exit` is a function that takes nothing, gives nothing back and does not unwind.
        let _no_room_for_it = unsafe { libc::atexit(at_exit) };
    });
}

extern "C" fn at_exit() {
    // A panic here would be an abort: whatever goes wrong, the next host cleans up.
    let _ended = std::panic::catch_unwind(crate::launcher_folder::remove_all);
}
