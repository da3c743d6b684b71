//! The task that looks after a pool while there is something to look after.

use super::shell::{Inner, Pool};
use super::source::Source;
use super::state::State;
use std::sync::{Arc, Weak};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

impl<S: Source> Pool<S> {
    /// Has the upkeep look in time. To be called after every change; where nothing is new it costs a comparison.
    pub(super) fn see_to_upkeep(self: &Arc<Self>, inner: &mut Inner<S>, now: Instant) {
        match inner.upkeep {
            Some(next) => {
                if inner.state.tick(now).is_some_and(|due| due < next) {
                    inner.upkeep = inner.state.tick(now);
                    self.earlier.notify_one();
                }
            }
            None => {
                inner.upkeep = inner.state.due(now);
                if inner.upkeep.is_some() {
                    self.spawn(upkeep(Arc::downgrade(self), Arc::clone(&self.earlier)));
                }
            }
        }
    }

    /// When to look next; none: when something happens.
    fn next_look(self: &Arc<Self>) -> Option<Instant> {
        let mut inner = self.lock();
        inner.upkeep = inner.state.due(Instant::now());
        inner.upkeep
    }

    fn look(self: &Arc<Self>) {
        self.change(State::look);
    }
}

async fn upkeep<S: Source>(pool: Weak<Pool<S>>, earlier: Arc<Notify>) {
    while let Some(next) = pool.upgrade().and_then(|pool| pool.next_look()) {
        tokio::select! {
            () = sleep_until(next) => {}
            () = earlier.notified() => continue,
        }
        let Some(pool) = pool.upgrade() else { return };
        pool.look();
    }
}
