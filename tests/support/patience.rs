//! Waiting for a condition instead of sleeping for a time.

use std::time::{Duration, Instant};

/// How long anything may take on a machine that does other things too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(45);

/// What `find` finds, as soon as it finds it.
pub(crate) fn eventually<T>(what: &str, mut find: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "never came true within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Returns when `holds` does.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    eventually(what, || holds().then_some(()));
}

/// The value of `measure` once it has stayed the same for half a second.
pub(crate) fn settled(what: &str, mut measure: impl FnMut() -> u64) -> u64 {
    let mut last = (measure(), Instant::now());
    eventually(what, || {
        let now = measure();
        if now != last.0 {
            last = (now, Instant::now());
        }
        (last.1.elapsed() > Duration::from_millis(500)).then_some(now)
    })
}
