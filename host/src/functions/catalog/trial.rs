//! Whether a new generation is tried out before it serves: who was served is not handed to one that cannot be loaded.

use super::entry::Entry;
use super::function::Preparer;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Workers of functions that nobody has called lately are kept for so many changes in each period: a checkout of a
/// thousand folders leaves no thousand workers.
const SPARE_WORKERS: usize = 32;
const PERIOD: Duration = Duration::from_secs(60);

/// What is started of a new generation before it serves, besides the workers that must be there always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trial {
    /// Nothing.
    None,
    /// One worker, to see that it can be; stopped again.
    Once,
    /// So many, and they are kept for the calls to come.
    Kept(usize),
}

/// Tells the catalog that a generation which was ready cannot serve any more.
#[derive(Clone)]
pub(crate) struct Alarm(Arc<dyn Fn(&str) + Send + Sync>);

impl Alarm {
    pub(super) fn new(raise: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(raise))
    }

    /// Says why; does not wait.
    pub(crate) fn raise(&self, reason: &str) {
        (self.0)(reason);
    }
}

impl fmt::Debug for Alarm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Alarm")
    }
}

/// How many workers were kept lately that nobody had asked for.
#[derive(Debug)]
pub(super) struct Spare {
    since: Instant,
    kept: usize,
}

impl Spare {
    pub(super) fn from_now() -> Self {
        Self { since: Instant::now(), kept: 0 }
    }

    /// One more, kept where there is room.
    fn trial(&mut self, now: Instant) -> Trial {
        if now.saturating_duration_since(self.since) >= PERIOD {
            *self = Self { since: now, kept: 0 };
        }
        self.kept += 1;
        if self.kept <= SPARE_WORKERS { Trial::Kept(1) } else { Trial::Once }
    }

    /// What to try of a function's next generation. `changed`: its folder is another one than before.
    pub(super) fn trial_of<P: Preparer>(
        &mut self,
        entry: &Entry<P>,
        (version, changed): (&str, bool),
        preparer: &P,
        now: Instant,
    ) -> Trial {
        match (&entry.generation, &entry.trouble) {
            // At the host's start nobody waits for ten thousand workers.
            (None, None) => Trial::None,
            (Some(_), _) if entry.failed.is_some() => self.trial(now),
            (Some(generation), _) => match preparer.in_use(&generation.prepared) {
                0 if generation.version == version => Trial::None,
                0 => self.trial(now),
                workers => Trial::Kept(workers),
            },
            (None, Some(_)) if changed || entry.unloadable => self.trial(now),
            (None, Some(_)) => Trial::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_kept_in_each_period() {
        let (mut spare, start) = (Spare::from_now(), Instant::now());
        for _ in 0..SPARE_WORKERS {
            assert_eq!(spare.trial(start), Trial::Kept(1));
        }
        assert_eq!(spare.trial(start), Trial::Once);
        assert_eq!(spare.trial(start + PERIOD), Trial::Kept(1));
    }
}
