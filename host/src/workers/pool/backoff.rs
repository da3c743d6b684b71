//! Pauses between starts when workers fail one after the other.

use std::time::Duration;
use tokio::time::Instant;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// So many failures in a row are no accident.
const REPEATED: u32 = 6;

/// What failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// A worker could not be started.
    Start,
    /// A worker died under a call. The first time may be the call's fault: the next one does not wait for it.
    Death,
}

/// Failures since the last success, and the pause that they ask for.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    until: Option<Instant>,
    reason: String,
}

impl Backoff {
    /// One failure more. Those that come during a pause are part of what caused it.
    pub(super) fn failed(&mut self, failure: Failure, reason: &str, now: Instant) {
        reason.clone_into(&mut self.reason);
        if self.pause(now).is_some() {
            return;
        }
        self.failures = self.failures.saturating_add(1);
        let doublings = match failure {
            Failure::Start => self.failures.checked_sub(1),
            Failure::Death => self.failures.checked_sub(2),
        };
        let pause = doublings.map_or(Duration::ZERO, |doublings| {
            FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST_PAUSE)
        });
        self.until = Some(now + pause);
    }

    /// A call has ended as it should.
    pub(super) fn succeeded(&mut self) {
        if self.failures > 0 {
            *self = Self::default();
        }
    }

    /// What is left of the pause.
    pub(super) fn pause(&self, now: Instant) -> Option<Duration> {
        let left = self.until?.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    /// One start at a time is enough to see whether it works again.
    pub(super) fn is_doubtful(&self) -> bool {
        self.failures > 0
    }

    pub(super) fn is_repeated(&self) -> bool {
        self.failures >= REPEATED
    }

    /// Why the last one failed.
    pub(super) fn reason(&self) -> &str {
        &self.reason
    }

    /// The whole story, where it is no accident any more.
    pub(super) fn story(&self) -> String {
        let (failures, reason) = (self.failures, &self.reason);
        format!("its workers failed {failures} times in a row: {reason}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pauses after failures that come one after the other, in milliseconds.
    fn pauses(failure: Failure, count: usize) -> Vec<u128> {
        let (mut backoff, mut now) = (Backoff::default(), Instant::now());
        let mut pause = || {
            backoff.failed(failure, "why", now);
            let pause = backoff.pause(now).unwrap_or_default();
            now += pause;
            pause.as_millis()
        };
        (0..count).map(|_| pause()).collect()
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_the_first_death_has_none() {
        assert_eq!(
            pauses(Failure::Start, 11),
            [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]
        );
        assert_eq!(pauses(Failure::Death, 4), [0, 100, 200, 400]);
    }

    #[test]
    fn a_success_forgets_them_and_several_at_once_are_one() {
        let (mut backoff, now) = (Backoff::default(), Instant::now());
        for _ in 0..20 {
            backoff.failed(Failure::Start, "why", now);
        }
        assert_eq!(backoff.pause(now), Some(FIRST_PAUSE));
        assert!(backoff.is_doubtful() && !backoff.is_repeated());
        backoff.succeeded();
        assert!(backoff.pause(now).is_none() && !backoff.is_doubtful());
    }
}
