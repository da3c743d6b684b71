//! When a broken function may be looked at again because somebody called it: at once, then after pauses that double.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A function that was not called for so long begins anew.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(300);

/// The pauses, by function.
#[derive(Debug, Default)]
pub(crate) struct Retries {
    pauses: Mutex<HashMap<Box<str>, Pause>>,
}

#[derive(Debug)]
struct Pause {
    until: Instant,
    length: Duration,
}

impl Retries {
    /// True when a function may be looked at again now; the next time is later.
    pub(crate) fn may_look(&self, name: &str, now: Instant) -> bool {
        let mut pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        pauses.retain(|_, pause| now < pause.until + FORGOTTEN_AFTER);
        match pauses.get_mut(name) {
            Some(pause) if now < pause.until => false,
            Some(pause) => {
                pause.length = (pause.length * 2).min(LONGEST_PAUSE);
                pause.until = now + pause.length;
                true
            }
            None => {
                pauses.insert(name.into(), Pause { until: now + FIRST_PAUSE, length: FIRST_PAUSE });
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_are_forgotten() {
        let (retries, start) = (Retries::default(), Instant::now());
        let check = |second: u64, expected: bool| {
            let now = start + Duration::from_secs(second);
            assert_eq!(retries.may_look("x", now), expected, "{second}");
        };
        check(0, true);
        check(0, false);
        check(1, true);
        check(2, false);
        check(3, true);
        check(6, false);
        check(7, true);
        check(1000, true);
        check(1001, true);
    }
}
