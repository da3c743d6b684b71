//! Decisions of an auth plugin that it lets the host reuse for the same Authorization header, for a time.
//!
//! A header is known by a keyed hash of 128 bits, never by its text: nothing here can be read back into a credential,
//! and how long a look-up takes says nothing about what is remembered.

use arc_swap::ArcSwap;
use smol_str::SmolStr;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Most headers that are remembered; then all are forgotten and asked about again.
const MOST: usize = 4096;

/// What an instance has decided; gone with the instance.
#[derive(Default)]
pub(super) struct Remembered {
    keys: [RandomState; 2],
    /// Read by every request, written once a lifetime of a credential: copied to be changed.
    decisions: ArcSwap<Decisions>,
}

/// By a hash already: hashing it once more need not be strong.
type Decisions = HashMap<u128, Allowed, foldhash::fast::RandomState>;

#[derive(Debug, Clone)]
struct Allowed {
    identity: SmolStr,
    until: Instant,
}

impl Remembered {
    /// Who that header is, when that was decided and still holds.
    pub(super) fn get(&self, header: &[u8], now: Instant) -> Option<SmolStr> {
        let decisions = self.decisions.load();
        if decisions.is_empty() {
            return None;
        }
        let allowed = decisions.get(&self.hash(header))?;
        (now < allowed.until).then(|| allowed.identity.clone())
    }

    /// Remembers that header for a time.
    pub(super) fn put(&self, header: &[u8], identity: &SmolStr, reuse: Duration, now: Instant) {
        let hash = self.hash(header);
        self.decisions.rcu(|decisions| {
            let held = decisions.iter().filter(|(_, allowed)| now < allowed.until);
            let mut decisions: Decisions =
                held.map(|(hash, allowed)| (*hash, allowed.clone())).collect();
            if decisions.len() >= MOST {
                decisions.clear();
            }
            decisions.insert(hash, Allowed { identity: identity.clone(), until: now + reuse });
            Arc::new(decisions)
        });
    }

    fn hash(&self, header: &[u8]) -> u128 {
        let [high, low] = self.keys.each_ref().map(|key| u128::from(key.hash_one(header)));
        high << 64 | low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_holds_for_its_time_and_its_header_only() {
        let (remembered, now) = (Remembered::default(), Instant::now());
        let minute = Duration::from_secs(60);
        assert_eq!(remembered.get(b"Bearer a", now), None);
        remembered.put(b"Bearer a", &"ann".into(), minute, now);
        assert_eq!(remembered.get(b"Bearer a", now + minute / 2).as_deref(), Some("ann"));
        assert_eq!(remembered.get(b"Bearer b", now), None);
        assert_eq!(remembered.get(b"Bearer a", now + minute), None);
    }

    #[test]
    fn more_headers_than_fit_are_forgotten_together() {
        let (remembered, now) = (Remembered::default(), Instant::now());
        for number in 0..=MOST {
            remembered.put(&number.to_le_bytes(), &"x".into(), Duration::from_secs(60), now);
        }
        assert_eq!(remembered.decisions.load().len(), 1);
        assert!(remembered.get(&MOST.to_le_bytes(), now).is_some());
    }
}
