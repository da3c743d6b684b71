//! What a worker's calls use, one after the other.

use crate::life::Life;
use processes::Exit;
use std::time::{Duration, Instant};

/// Memory changes slowly, and to ask for it costs some microseconds.
const MEMORY_INTERVAL: Duration = Duration::from_millis(250);

/// What was known after the last call.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    cpu: Duration,
    resident_bytes: u64,
    asked: Option<Instant>,
    /// Calls whose answers have come together, that of each, and how many of them have not been told it.
    together: u32,
    share: Duration,
    untold: u32,
}

impl Usage {
    /// So many calls are about to end at once: what they have used is told in equal parts.
    pub(crate) fn expect(&mut self, together: u32) {
        self.together = together;
        self.untold = 0;
    }

    /// Processor time since the last call; the loading belongs to the first. And the memory that is resident, which may
    /// be a little old.
    pub(crate) fn since_last(&mut self, life: &Life) -> (Duration, u64) {
        if self.untold > 0 {
            self.untold -= 1;
            return (self.share, self.resident_bytes);
        }
        let (before, now) = (self.cpu, Instant::now());
        self.cpu = life.cpu().max(before);
        if self.asked.is_none_or(|asked| now - asked >= MEMORY_INTERVAL) {
            self.asked = Some(now);
            self.resident_bytes = life.resident_bytes();
        }
        let together = std::mem::take(&mut self.together).max(1);
        self.share = (self.cpu - before) / together;
        self.untold = together - 1;
        (self.share, self.resident_bytes)
    }

    /// The same of a process that has been reaped.
    pub(crate) fn until(&self, exit: &Exit) -> (Duration, u64) {
        (exit.cpu.saturating_sub(self.cpu), exit.max_rss_bytes)
    }
}
