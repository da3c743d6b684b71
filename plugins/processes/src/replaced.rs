//! Whether a function's folder is still the one that its process was started in.

use rustix::fs::{fstat, stat};
use std::ffi::CStr;
use std::os::fd::OwnedFd;

/// `path` is where the function's folder is to be; `folder` is the one that was opened there for the process.
#[must_use]
pub fn was_replaced(path: &CStr, folder: &OwnedFd) -> bool {
    let Ok(then) = fstat(folder) else { return false };
    let Ok(now) = stat(path) else { return true };
    then.st_nlink == 0 || (then.st_dev, then.st_ino) != (now.st_dev, now.st_ino)
}
