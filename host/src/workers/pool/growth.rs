//! Whether another worker is worth its start.
//!
//! A start costs about as much as it makes callers wait. So callers wait for workers that are busy or on their way as long
//! as that takes less than a start would; what is not known is found out by waiting so long.

use super::pace::Pace;
use std::time::Duration;
use tokio::time::Instant;

/// Started at once for calls of which nobody knows how long they take.
const MOST_PROBES: usize = 4;
/// Started at the same time; more would only slow each other down.
const LEAST_STARTS_AT_ONCE: usize = 8;

/// Numbers of a pool.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// Each call needs a worker of its own.
    pub(super) cold: bool,
    pub(super) capacity: usize,
    pub(super) least: usize,
    pub(super) most: usize,
    /// Calls that wait, in the queue or behind others.
    pub(super) waiting: usize,
    /// Workers that take calls.
    pub(super) serving: usize,
    /// Workers that are there, those included that take no more.
    pub(super) live: usize,
    pub(super) starting: usize,
    /// The last ones failed.
    pub(super) doubtful: bool,
}

/// How many workers to start now.
pub(super) fn starts_wanted(load: &Load, pace: &Pace, now: Instant) -> usize {
    let Load { capacity, least, most, serving, live, starting, .. } = *load;
    let room = most.saturating_sub(live + starting);
    let missing = least.saturating_sub(serving + starting);
    let wanted = missing.max(wanted_by_load(load, pace, now)).min(room);
    debug_assert!(capacity > 0);
    if load.doubtful && !load.cold { wanted.min(usize::from(starting == 0)) } else { wanted }
}

fn wanted_by_load(load: &Load, pace: &Pace, now: Instant) -> usize {
    let Load { cold, capacity, waiting, serving, starting, .. } = *load;
    if cold {
        return waiting.saturating_sub(starting);
    }
    // Never more than those who wait can use.
    let unprovided = waiting.saturating_sub(starting * capacity).div_ceil(capacity);
    let there = serving + starting;
    let wanted = match pace.mean() {
        None => probes().saturating_sub(there),
        Some(mean) => {
            let work = mean.saturating_mul(u32::try_from(waiting).unwrap_or(u32::MAX));
            parts(work, pace.patience()).div_ceil(capacity).saturating_sub(there)
        }
    };
    // While some are on their way, how the others do says little.
    let settled = starting == 0;
    let stuck = if settled && pace.is_stuck(now) { unprovided } else { 0 };
    let strained = usize::from(settled && pace.is_strained(now));
    let at_once = (4 * cores()).max(LEAST_STARTS_AT_ONCE).saturating_sub(starting);
    wanted.max(stuck).max(strained).min(unprovided).min(at_once)
}

/// Workers that do this work within that time.
fn parts(work: Duration, time: Duration) -> usize {
    let parts = work.as_nanos().div_ceil(time.as_nanos().max(1));
    usize::try_from(parts).unwrap_or(usize::MAX)
}

fn probes() -> usize {
    cores().min(MOST_PROBES)
}

fn cores() -> usize {
    static CORES: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Load = Load {
        cold: false,
        capacity: 1,
        least: 0,
        most: 50,
        waiting: 0,
        serving: 0,
        live: 0,
        starting: 0,
        doubtful: false,
    };

    /// `load` some milliseconds after the last progress, when calls take so many microseconds and a start 40 ms.
    #[track_caller]
    fn check(load: Load, call_micros: Option<u64>, after_ms: u64, expected: usize) {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        pace.started(Duration::from_millis(40), now);
        if let Some(micros) = call_micros {
            pace.ended(Duration::from_micros(micros));
        }
        let wanted = starts_wanted(&load, &pace, now + Duration::from_millis(after_ms));
        assert_eq!(wanted, expected, "{load:?} {call_micros:?} {after_ms}");
    }

    #[test]
    fn a_burst_of_short_calls_gets_as_many_as_do_it_within_a_start() {
        let burst = Load { waiting: 100, ..IDLE };
        check(burst, Some(1_000), 0, 3);
        check(Load { starting: 3, ..burst }, Some(1_000), 0, 0);
        check(Load { serving: 2, live: 2, ..burst }, Some(1_000), 0, 1);
        check(burst, Some(20), 0, 1);
        check(burst, None, 0, probes());
        check(Load { starting: probes(), ..burst }, None, 30_000, 0);
    }

    #[test]
    fn long_calls_get_one_each_up_to_the_most() {
        let four = Load { waiting: 4, ..IDLE };
        check(four, Some(1_000_000), 0, 4);
        check(Load { most: 3, ..four }, Some(1_000_000), 0, 3);
        check(Load { most: 3, live: 3, serving: 3, ..four }, Some(1_000_000), 0, 0);
        check(Load { capacity: 4, ..four }, Some(1_000_000), 0, 1);
        // Nobody knows how long they take, but nothing has moved for as long as a start takes.
        let known_to_be_stuck = Load { serving: 2, live: 2, ..four };
        check(known_to_be_stuck, None, 39, probes().saturating_sub(2));
        check(known_to_be_stuck, None, 41, 4);
        check(Load { doubtful: true, ..four }, Some(1_000_000), 0, 1);
    }

    #[test]
    fn cold_calls_get_one_each() {
        let cold = Load { cold: true, waiting: 5, most: 4, ..IDLE };
        check(cold, None, 0, 4);
        check(Load { live: 1, starting: 1, ..cold }, Some(1), 0, 2);
        check(Load { starting: 5, ..cold }, Some(1), 0, 0);
    }

    #[test]
    fn the_least_are_there_without_any_call() {
        check(Load { least: 2, ..IDLE }, None, 0, 2);
        check(Load { least: 2, serving: 1, live: 1, ..IDLE }, None, 0, 1);
        check(Load { least: 2, most: 2, serving: 1, live: 2, ..IDLE }, None, 0, 0);
        check(Load { least: 2, doubtful: true, ..IDLE }, None, 0, 1);
    }

    #[test]
    fn a_lasting_strain_gets_one_more_at_a_time() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        let load = Load { waiting: 3, serving: 2, live: 2, ..IDLE };
        for _ in 0..100 {
            pace.ended(Duration::from_micros(100));
            pace.missed(now);
        }
        let later = now + pace.patience();
        pace.progressed(later);
        assert_eq!(starts_wanted(&load, &pace, later), 1);
        pace.ordered(later);
        assert_eq!(starts_wanted(&load, &pace, later), 0);
        pace.relaxed();
        pace.missed(later + pace.patience() / 2);
        let later = later + pace.patience();
        pace.progressed(later);
        assert_eq!(starts_wanted(&load, &pace, later), 0);
    }
}
