//! What a function's last call was like, so that the next is waited for in the cheapest way.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// A process that lives no longer is waited for by the thread that started it.
pub(crate) const YOUNG: Duration = Duration::from_millis(5);
/// More output than this may fill the pipe (64 KiB) and stop the program: it must be read while it runs.
const TALKATIVE_BYTES: u64 = 32 << 10;

/// Guesses by the last call; a wrong one costs a millisecond, never correctness.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    lived_us: AtomicU32,
    output_bytes: AtomicU64,
}

impl Pace {
    pub(crate) fn note(&self, lived: Duration, output_bytes: u64) {
        self.lived_us
            .store(u32::try_from(lived.as_micros()).unwrap_or(u32::MAX), Ordering::Relaxed);
        self.output_bytes.store(output_bytes, Ordering::Relaxed);
    }

    pub(crate) fn is_long(&self) -> bool {
        Duration::from_micros(u64::from(self.lived_us.load(Ordering::Relaxed))) > YOUNG
    }

    pub(crate) fn is_talkative(&self) -> bool {
        self.output_bytes.load(Ordering::Relaxed) > TALKATIVE_BYTES
    }
}
