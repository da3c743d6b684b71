//! Who waits, in the order of coming. Whoever is tried again stands before all others.

use std::collections::BTreeMap;

/// Tickets of those who come grow from here, of those who are tried again they shrink.
const MIDDLE: u64 = u64::MAX / 2;

/// Waiting calls by their tickets.
#[derive(Debug)]
pub(super) struct Queue<T> {
    waiting: BTreeMap<u64, T>,
    next_last: u64,
    next_first: u64,
}

/// Where in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    First,
    Last,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), next_last: MIDDLE, next_first: MIDDLE - 1 }
    }
}

impl<T> Queue<T> {
    /// Enters somebody; the ticket is for [`Queue::remove`].
    pub(super) fn push(&mut self, end: End, who: T) -> u64 {
        let ticket = match end {
            End::First => {
                self.next_first -= 1;
                self.next_first + 1
            }
            End::Last => {
                self.next_last += 1;
                self.next_last - 1
            }
        };
        self.waiting.insert(ticket, who);
        ticket
    }

    /// Whose turn it is.
    pub(super) fn pop(&mut self) -> Option<T> {
        self.waiting.pop_first().map(|(_, who)| who)
    }

    /// Takes out somebody who no longer waits; none when it has been their turn already.
    pub(super) fn remove(&mut self, ticket: u64) -> Option<T> {
        self.waiting.remove(&ticket)
    }

    pub(super) fn contains(&self, ticket: u64) -> bool {
        self.waiting.contains_key(&ticket)
    }

    /// Whether that ticket is among the next so many.
    pub(super) fn is_among_first(&self, count: usize, ticket: u64) -> bool {
        self.waiting.keys().take(count).any(|waiting| *waiting == ticket)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_to_come_is_the_first_to_go_and_who_is_tried_again_goes_before() {
        let mut queue = Queue::default();
        for name in ["a", "b", "c"] {
            queue.push(End::Last, name);
        }
        let again = queue.push(End::First, "again");
        let gone = queue.push(End::Last, "gone");
        assert!(queue.is_among_first(1, again) && !queue.is_among_first(4, gone));
        assert_eq!((queue.remove(gone), queue.remove(gone)), (Some("gone"), None));
        let order: Vec<&str> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(order, ["again", "a", "b", "c"]);
    }
}
