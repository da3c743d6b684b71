//! The ring: a shard a thread, so that writing never waits for another core; reading merges them.
//!
//! The bounds hold for all shards together. A shard learns from time to time what the others hold, and takes the rest.

use super::record::Record;
use crate::invocation::{InvocationId, Outcome};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How much is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Most records.
    pub(crate) records: usize,
    /// Most memory of all records together, in bytes.
    pub(crate) memory_bytes: u64,
}

/// The last records, bounded by number and by memory.
pub(crate) struct History {
    shards: Box<[Shard]>,
    records: AtomicUsize,
    memory_bytes: AtomicU64,
    /// What each shard held when it looked last.
    held: Box<[Held]>,
}

/// So many records a shard keeps before it tells the others and looks at what they hold.
const LOOK_EVERY: u32 = 32;

#[repr(align(128))]
#[derive(Default)]
struct Held {
    records: AtomicUsize,
    memory_bytes: AtomicU64,
}

/// On its own cache lines: neighbours belong to other cores.
#[repr(align(128))]
#[derive(Default)]
struct Shard(Mutex<Ring>);

#[derive(Default)]
struct Ring {
    records: VecDeque<Record>,
    weight: u64,
    /// Records until the next look.
    until_look: u32,
    most_records: usize,
    most_memory_bytes: u64,
}

/// Which records are wanted.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) function: Option<String>,
    pub(crate) outcome: Option<Outcome>,
    /// Only records older than this one.
    pub(crate) before: Option<InvocationId>,
    pub(crate) limit: usize,
}

/// Records, newest first, and the id to go on from when there are more.
pub(crate) struct Page {
    pub(crate) records: Vec<Record>,
    pub(crate) next: Option<InvocationId>,
}

impl History {
    /// An empty history for so many threads.
    pub(crate) fn new(threads: usize, bounds: Bounds) -> Self {
        let history = Self {
            shards: (0..threads.max(1)).map(|_| Shard::default()).collect(),
            records: AtomicUsize::new(0),
            memory_bytes: AtomicU64::new(0),
            held: (0..threads.max(1)).map(|_| Held::default()).collect(),
        };
        history.set_bounds(bounds);
        history
    }

    /// New bounds; what is too much goes with the next records.
    pub(crate) fn set_bounds(&self, bounds: Bounds) {
        self.records.store(bounds.records, Ordering::Relaxed);
        self.memory_bytes.store(bounds.memory_bytes, Ordering::Relaxed);
    }

    /// Keeps a record, and lets the oldest go. What goes is freed after the lock is.
    pub(crate) fn push(&self, record: Record) {
        let weight = record.weight();
        let mut gone: [Option<Record>; 2] = [None, None];
        let index = self.own_index();
        let mut ring = lock(&self.shards[index]);
        if ring.until_look == 0 {
            self.look(index, &mut ring);
        }
        ring.until_look -= 1;
        ring.weight += weight;
        ring.records.push_back(record);
        // Two at most at a time: a full ring shrinks to new bounds step by step, and no request pays for it alone.
        for place in &mut gone {
            if ring.records.len() > ring.most_records || ring.weight > ring.most_memory_bytes {
                *place = ring.records.pop_front();
                ring.weight -= place.as_ref().map_or(0, Record::weight);
            }
        }
    }

    /// Tells what this shard holds, and takes what the others leave, at least its even share.
    fn look(&self, index: usize, ring: &mut Ring) {
        let shards = self.shards.len();
        ring.until_look = LOOK_EVERY;
        self.held[index].records.store(ring.records.len(), Ordering::Relaxed);
        self.held[index].memory_bytes.store(ring.weight, Ordering::Relaxed);
        let others = self.held.iter().enumerate().filter(|(other, _)| *other != index);
        let (records, memory_bytes) = others.fold((0, 0), |(records, bytes), (_, held)| {
            let held_bytes = held.memory_bytes.load(Ordering::Relaxed);
            (records + held.records.load(Ordering::Relaxed), bytes + held_bytes)
        });
        let most = self.records.load(Ordering::Relaxed);
        let most_bytes = self.memory_bytes.load(Ordering::Relaxed);
        ring.most_records = most.saturating_sub(records).max(most / shards);
        ring.most_memory_bytes =
            most_bytes.saturating_sub(memory_bytes).max(most_bytes / shards as u64);
    }

    /// The record of an invocation.
    pub(crate) fn get(&self, id: &InvocationId) -> Option<Record> {
        self.shards.iter().find_map(|shard| {
            let ring = lock(shard);
            ring.records.iter().rev().find(|record| record.id == *id).cloned()
        })
    }

    /// The newest records that the filter lets through.
    pub(crate) fn page(&self, filter: &Filter) -> Page {
        let limit = filter.limit.min(self.records.load(Ordering::Relaxed));
        let mut records: Vec<Record> = Vec::new();
        for shard in &self.shards {
            let ring = lock(shard);
            records.extend(ring.records.iter().filter(|record| filter.takes(record)).cloned());
        }
        records.sort_unstable_by_key(|record| std::cmp::Reverse(record.id));
        let more = records.len() > limit;
        records.truncate(limit);
        let next = if more { records.last().map(|record| record.id) } else { None };
        Page { records, next }
    }

    /// How many records are kept, and their memory in bytes.
    pub(crate) fn size(&self) -> (usize, u64) {
        self.shards.iter().map(lock).fold((0, 0), |(count, weight), ring| {
            (count + ring.records.len(), weight + ring.weight)
        })
    }

    fn own_index(&self) -> usize {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static NUMBER: usize = THREADS.fetch_add(1, Ordering::Relaxed);
        }
        let number = NUMBER.try_with(|number| *number).unwrap_or(0);
        number % self.shards.len()
    }
}

fn lock(shard: &Shard) -> MutexGuard<'_, Ring> {
    shard.0.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Filter {
    fn takes(&self, record: &Record) -> bool {
        self.function.as_ref().is_none_or(|name| *name == record.function)
            && self.outcome.is_none_or(|outcome| outcome == record.outcome)
            && self.before.is_none_or(|before| record.id < before)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::invocation::Trigger;
    use std::time::{Duration, UNIX_EPOCH};

    fn record(function: &str, second: u64, outcome: Outcome) -> Record {
        let started = UNIX_EPOCH + Duration::from_secs(second);
        Record {
            id: InvocationId::new(started),
            function: function.into(),
            started,
            duration: Duration::ZERO,
            status: 200,
            outcome,
            exit_code: None,
            cold: None,
            trigger: Trigger::Http,
            identity: None,
            error: "".into(),
            details: None,
            queue: Duration::ZERO,
            start: Duration::ZERO,
            run: Duration::ZERO,
            cpu: Duration::ZERO,
            max_rss_bytes: 0,
        }
    }

    fn filled(records: usize, memory_bytes: u64) -> History {
        let history = History::new(3, Bounds { records, memory_bytes });
        for second in 1..=10 {
            let outcome = if second % 2 == 0 { Outcome::Failed } else { Outcome::Succeeded };
            history.push(record(if second < 6 { "a" } else { "b" }, second, outcome));
        }
        history
    }

    fn seconds(page: &Page) -> Vec<u64> {
        let second = |record: &Record| record.started.duration_since(UNIX_EPOCH).unwrap().as_secs();
        page.records.iter().map(second).collect()
    }

    #[test]
    fn pages_are_newest_first_and_lead_to_the_next() {
        let history = filled(100, u64::MAX);
        let first = history.page(&Filter { limit: 4, ..Filter::default() });
        assert_eq!(seconds(&first), [10, 9, 8, 7]);
        let rest = history.page(&Filter { limit: 10, before: first.next, ..Filter::default() });
        assert_eq!(seconds(&rest), [6, 5, 4, 3, 2, 1]);
        assert!(rest.next.is_none());
    }

    #[test]
    fn filters_apply_together() {
        let filter = Filter {
            function: Some("a".into()),
            outcome: Some(Outcome::Failed),
            limit: 10,
            before: None,
        };
        assert_eq!(seconds(&filled(100, u64::MAX).page(&filter)), [4, 2]);
    }

    #[test]
    fn the_oldest_go_first() {
        let history = filled(3, u64::MAX);
        assert_eq!(seconds(&history.page(&Filter { limit: 10, ..Filter::default() })), [10, 9, 8]);
        let weight = record("a", 1, Outcome::Failed).weight();
        let small = filled(100, weight * 2);
        assert_eq!(seconds(&small.page(&Filter { limit: 10, ..Filter::default() })), [10, 9]);
    }

    #[test]
    fn all_threads_together_keep_to_the_bounds() {
        let history = History::new(4, Bounds { records: 1000, memory_bytes: u64::MAX });
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    (0..5000)
                        .for_each(|second| history.push(record("a", second, Outcome::Succeeded)));
                });
            }
        });
        let (records, _) = history.size();
        // Each shard may be ahead of the others by what it keeps between two looks.
        assert!((900..=1000 + 4 * 32).contains(&records), "{records}");
    }
}
