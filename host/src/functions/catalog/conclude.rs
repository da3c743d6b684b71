//! What an examination came to: taken, shown, answered.

use super::entry::{Entry, Want};
use super::function::Preparer;
use super::keeper::Keeper;
use super::later::Awaited;
use super::mailbox::{Conclusion, Failed, Success};
use crate::functions::manifest::Refusal;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A folder that changes and fails for so long is shown as failing.
const LONGEST_UNSETTLED: Duration = Duration::from_secs(5);

impl<P: Preparer> Keeper<P> {
    /// Takes the result of an examination, unless the function has gone since.
    pub(super) fn conclude(&mut self, conclusion: Conclusion<P>) {
        self.preparing -= 1;
        let Conclusion { name, number, result, unloadable, later } = conclusion;
        let now = Instant::now();
        let Some(entry) =
            self.entries.get_mut(&name).filter(|entry| entry.preparing == Some(number))
        else {
            return;
        };
        entry.preparing = None;
        entry.awaited = Awaited::of(later, &name, &self.mailbox, &self.runtime);
        let ended = match result {
            Ok(success) => {
                log_ready(&name, &success, self.opened);
                entry.take_generation(success.generation, success.warning)
            }
            Err(_) if entry.awaited.is_build() => {
                entry.take_building();
                None
            }
            // It failed while it was changing: what was read may never have been meant.
            Err(_) if entry.touched.is_some() && unsettled(entry, now) => {
                entry.want = Want::Prepare;
                entry.waiting.append(&mut entry.answering);
                None
            }
            Err(refusal) => {
                if entry.trouble.as_ref().is_none_or(|trouble| trouble.refusal != refusal) {
                    tracing::warn!(function = &*name, reason = %refusal.reason, "function cannot be prepared");
                }
                entry.unloadable = unloadable;
                entry.take_trouble(refusal, now)
            }
        };
        entry.show();
        if let Some(ended) = ended {
            self.preparer.retire(&ended.prepared);
        }
        self.answers.append(&mut entry.answering);
        let settled = entry.touched.map(|touched| touched.last + self.settle);
        let asked = entry.want > Want::Change || !entry.waiting.is_empty();
        if let Some(at) = settled.or(asked.then_some(now)) {
            self.schedule(&name, at);
        }
    }

    /// A generation cannot start workers. If its folder is another one by now, that one may.
    pub(super) fn failed(&mut self, failed: Failed) {
        let Failed { name, generation, reason, answer } = failed;
        let Some((name, _)) = self.entries.get_key_value(name.as_str()) else { return };
        let name = Arc::clone(name);
        let Some(entry) = self.entries.get_mut(&name) else { return };
        if entry.generation.as_ref().is_none_or(|current| current.number != generation) {
            // It is shown so already, or another one serves.
            return self.answers.extend(answer);
        }
        entry.failed = Some(reason.into());
        entry.waiting.extend(answer);
        self.schedule(&name, Instant::now());
    }

    /// What serves cannot start workers, and there is nothing newer.
    pub(super) fn show_failed(&mut self, name: &Arc<str>) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let (Some(reason), Some(generation)) = (&entry.failed, &entry.generation) else { return };
        tracing::warn!(function = &**name, reason = &**reason, "function cannot serve any more");
        let manifest = &generation.manifest;
        let refusal = Refusal {
            kind: Some(manifest.kind.clone()),
            language: Some(manifest.language.clone()),
            ..Refusal::new(&**reason)
        };
        entry.unloadable = true;
        let ended = entry.take_trouble(refusal, Instant::now());
        entry.show();
        if let Some(ended) = ended {
            self.preparer.retire(&ended.prepared);
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
