//! How quick the calls and the starts of a pool are, and for how long no worker has been free.

use std::time::Duration;
use tokio::time::Instant;

/// A function is known to be quick when its slowest recent call took less.
const QUICK_BELOW: Duration = Duration::from_millis(2);
/// And so many have been seen.
const SEEN: u32 = 32;
/// What a start takes as long as none has been seen.
const USUAL_START: Duration = Duration::from_millis(50);
/// Nobody waits for less before another worker is started, and nobody need wait for more.
const PATIENCE: [Duration; 2] = [Duration::from_millis(5), Duration::from_millis(200)];

/// Measured on every call, so a few additions each.
#[derive(Debug)]
pub(super) struct Pace {
    calls: u32,
    /// A maximum that forgets: each call takes a thousandth of it away.
    slowest_nanos: u64,
    mean_nanos: u64,
    start: Option<Duration>,
    /// Since when no worker has been free, as far as somebody asked for one.
    strained: Option<Instant>,
    /// When a call last got a worker or left one.
    progress: Instant,
    /// When a worker was last ordered or came.
    grown: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            calls: 0,
            slowest_nanos: 0,
            mean_nanos: 0,
            start: None,
            strained: None,
            progress: now,
            grown: now,
        }
    }

    /// Somebody came and found no free worker.
    pub(super) fn missed(&mut self, now: Instant) {
        self.strained.get_or_insert(now);
    }

    /// A worker is free, and nobody wants it.
    pub(super) fn relaxed(&mut self) {
        self.strained = None;
    }

    /// A call ended after that time.
    pub(super) fn ended(&mut self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.slowest_nanos = nanos.max(self.slowest_nanos - self.slowest_nanos / 1024);
        self.mean_nanos = match self.calls {
            0 => nanos,
            _ => self.mean_nanos - self.mean_nanos / 8 + nanos / 8,
        };
        self.calls = self.calls.saturating_add(1);
    }

    pub(super) fn progressed(&mut self, now: Instant) {
        self.progress = now;
    }

    /// A worker came after that time.
    pub(super) fn started(&mut self, took: Duration, now: Instant) {
        self.start = Some(self.start.map_or(took, |start| (start * 3 + took) / 4));
        self.grown = now;
        self.progress = now;
    }

    /// A worker was ordered.
    pub(super) fn ordered(&mut self, now: Instant) {
        self.grown = now;
    }

    /// Calls may be put one behind the other without anybody waiting for long.
    pub(super) fn is_quick(&self) -> bool {
        self.calls >= SEEN && self.slowest_nanos < QUICK_BELOW.as_nanos() as u64
    }

    /// What a call takes on average; none: nobody knows yet.
    pub(super) fn mean(&self) -> Option<Duration> {
        (self.calls > 0).then(|| Duration::from_nanos(self.mean_nanos))
    }

    /// How long calls rather wait than have another worker started: about what a start takes.
    pub(super) fn patience(&self) -> Duration {
        let [least, most] = PATIENCE;
        self.start.unwrap_or(USUAL_START).clamp(least, most)
    }

    /// Nothing has moved for longer than the patience.
    pub(super) fn is_stuck(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.progress) >= self.patience()
    }

    /// No worker has been free for longer than the patience.
    pub(super) fn is_strained(&self, now: Instant) -> bool {
        let since = self.strained.map(|strained| strained.max(self.grown));
        since.is_some_and(|since| now.saturating_duration_since(since) >= self.patience())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace_after(calls: &[(usize, u64)]) -> Pace {
        let mut pace = Pace::new(Instant::now());
        for (count, micros) in calls {
            for _ in 0..*count {
                pace.ended(Duration::from_micros(*micros));
            }
        }
        pace
    }

    #[test]
    fn quick_is_who_was_seen_often_enough_and_was_never_slow_lately() {
        for (calls, expected) in [
            (&[(31, 20)][..], false),
            (&[(32, 20)], true),
            (&[(32, 1_900)], true),
            (&[(100, 20), (1, 2_000)], false),
            (&[(100, 20), (1, 10_000), (1_000, 20)], false),
            (&[(100, 20), (1, 10_000), (2_000, 20)], true),
        ] {
            assert_eq!(pace_after(calls).is_quick(), expected, "{calls:?}");
        }
    }

    #[test]
    fn the_mean_follows_and_is_unknown_at_first() {
        assert_eq!(pace_after(&[]).mean(), None);
        assert_eq!(pace_after(&[(1, 800)]).mean(), Some(Duration::from_micros(800)));
        let mean = pace_after(&[(1, 800), (50, 100)]).mean().unwrap_or_default();
        assert!((100..120).contains(&mean.as_micros()), "{mean:?}");
    }
}
