//! What an examination came to: taken, shown, answered.

use super::entry::{Entry, Want};
use super::function::Preparer;
use super::keeper::Keeper;
use super::mailbox::{Conclusion, Success};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A folder that changes and fails for so long is shown as failing.
const LONGEST_UNSETTLED: Duration = Duration::from_secs(5);

impl<P: Preparer> Keeper<P> {
    /// Takes the result of an examination, unless the function has gone since.
    pub(super) fn conclude(&mut self, conclusion: Conclusion<P>) {
        self.preparing -= 1;
        let Conclusion { name, number, result } = conclusion;
        let now = Instant::now();
        let Some(entry) =
            self.entries.get_mut(&name).filter(|entry| entry.preparing == Some(number))
        else {
            return;
        };
        entry.preparing = None;
        match result {
            Ok(success) => {
                log_ready(&name, &success, self.opened);
                entry.take_generation(success.generation, success.warning);
            }
            // It failed while it was changing: what was read may never have been meant.
            Err(_) if entry.touched.is_some() && unsettled(entry, now) => {
                entry.want = Want::Prepare;
                entry.waiting.append(&mut entry.answering);
            }
            Err(refusal) => {
                if entry.trouble.as_ref().is_none_or(|trouble| trouble.refusal != refusal) {
                    tracing::warn!(function = &*name, reason = %refusal.reason, "function cannot be prepared");
                }
                entry.take_trouble(refusal, now);
            }
        }
        entry.show();
        self.answers.append(&mut entry.answering);
        let settled = entry.touched.map(|touched| touched.last + self.settle);
        let asked = entry.want > Want::Change || !entry.waiting.is_empty();
        if let Some(at) = settled.or(asked.then_some(now)) {
            self.schedule(&name, at);
        }
    }
}

fn log_ready<P: Preparer>(name: &Arc<str>, success: &Success<P>, opened: bool) {
    let (generation, version) = (success.generation.number, &success.generation.version);
    // Ten thousand lines at the start would hide all others.
    if opened {
        tracing::info!(function = &**name, generation, version, "function ready");
    } else {
        tracing::debug!(function = &**name, generation, version, "function ready");
    }
}

/// Whether a failure may still be one of a change that is under way.
fn unsettled<P: Preparer>(entry: &mut Entry<P>, now: Instant) -> bool {
    now < *entry.unsettled_since.get_or_insert(now) + LONGEST_UNSETTLED
}
