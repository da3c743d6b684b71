//! Whether a function has a template, and when it gets one.

use super::{Template, start};
use crate::function::Function;
use plugin_api::tokio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// So long workers are started directly after a template could not be started, or has died.
const REST: Duration = Duration::from_secs(60);

/// A function's place for its template.
#[derive(Debug)]
pub(crate) struct Nursery {
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    /// The language has none, or the configuration wants none.
    Never,
    /// Not yet: so many more workers are started directly.
    Later(u32),
    Starting,
    Ready(Arc<Template>),
    Resting(Instant),
}

impl Nursery {
    /// `later`: how many workers are started before it pays.
    pub(crate) fn new(has_template: bool, later: u32) -> Self {
        let state = if has_template { State::Later(later) } else { State::Never };
        Self { state: Mutex::new(state) }
    }

    /// The template, when it is ready. Where it is time for one it is started, and nobody waits for it.
    pub(crate) fn template(&self, function: &Arc<Function>) -> Option<Arc<Template>> {
        let mut state = self.lock();
        match &mut *state {
            State::Never | State::Starting => return None,
            State::Ready(template) if template.is_alive() => return Some(Arc::clone(template)),
            State::Ready(_) => {
                *state = State::Resting(Instant::now() + REST);
                return None;
            }
            State::Resting(until) if *until > Instant::now() => return None,
            State::Later(more) if *more > 0 => {
                *more -= 1;
                return None;
            }
            State::Later(_) | State::Resting(_) => *state = State::Starting,
        }
        drop(state);
        let function = Arc::clone(function);
        tokio::spawn(async move {
            let next = match start::start(&function).await {
                Ok(template) => State::Ready(template),
                Err(error) => {
                    if !function.shared.registry().is_ending() {
                        tracing::warn!(
                            function = function.name,
                            error,
                            "no fork server: workers are started one by one"
                        );
                    }
                    State::Resting(Instant::now() + REST)
                }
            };
            *function.nursery.lock() = next;
        });
        None
    }

    /// Workers are started directly for a while: one that was forked was not ready, for a reason that is not its handler's.
    pub(crate) fn rest(&self) {
        *self.lock() = State::Resting(Instant::now() + REST);
    }

    /// Gives up a template that has no child. False when it is needed.
    pub(super) fn give_up_idle(&self) -> bool {
        let mut state = self.lock();
        let idle = matches!(&*state, State::Ready(template) if Arc::strong_count(template) == 1);
        if idle {
            *state = State::Later(0);
        }
        idle
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
