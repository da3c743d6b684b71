//! What the rest of the host asks of the keeper.

use super::entry::{Entry, Want};
use super::function::Preparer;
use super::keeper::Keeper;
use super::mailbox::Message;
use crate::functions::manifest::Refusal;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;

impl<P: Preparer> Keeper<P> {
    /// Does what was asked; break: it is to end.
    pub(super) fn read_messages(&mut self) -> ControlFlow<()> {
        self.bell.silence();
        while let Ok(message) = self.inbox.try_recv() {
            match message {
                Message::Stop => return ControlFlow::Break(()),
                Message::Concluded(conclusion) => self.conclude(conclusion),
                Message::Refresh(name, answer) => self.refresh(&name, answer),
                Message::Failed(failed) => self.failed(failed),
                Message::WhenQuiet(answer) => self.waiting_for_quiet.push(answer),
                Message::Settle(settle) => self.settle = settle,
                Message::PrepareAgain(kinds, languages) => self.prepare_again(&kinds, &languages),
                Message::Defaults(defaults) => {
                    self.defaults = *defaults;
                    self.want_of_all(|_| Some(Want::Manifest));
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn refresh(&mut self, name: &str, answer: oneshot::Sender<()>) {
        let Some((name, _)) = self.entries.get_key_value(name) else {
            // Not known: answered by being dropped.
            return;
        };
        let name = Arc::clone(name);
        if let Some(entry) = self.entries.get_mut(&name) {
            entry.waiting.push(answer);
            entry.want = Want::Prepare;
        }
        self.schedule(&name, Instant::now());
    }

    fn prepare_again(&mut self, kinds: &[String], languages: &[String]) {
        self.want_of_all(|entry| {
            let manifest = entry.generation.as_ref().map(|generation| &generation.manifest);
            let refusal = entry.trouble.as_ref().map(|trouble| &trouble.refusal);
            let refused = |part: fn(&Refusal) -> Option<&String>| refusal.and_then(part);
            let kind = manifest.map(|manifest| &manifest.kind);
            let language = manifest.map(|manifest| &manifest.language);
            let kind = kind.or(refused(|refusal| refusal.kind.as_ref()));
            let language = language.or(refused(|refusal| refusal.language.as_ref()));
            // One whose type could not be read is none of these, and one that is being prepared may be.
            let affected = kind.is_some_and(|kind| kinds.contains(kind))
                || language.is_some_and(|language| languages.contains(language));
            (affected || entry.preparing.is_some()).then_some(Want::Prepare)
        });
    }

    /// Has all functions examined for which `want` has an answer.
    pub(super) fn want_of_all(&mut self, want: impl Fn(&Entry<P>) -> Option<Want>) {
        let now = Instant::now();
        let mut names = Vec::new();
        for (name, entry) in &mut self.entries {
            if let Some(want) = want(entry) {
                entry.want = entry.want.max(want);
                names.push(Arc::clone(name));
            }
        }
        for name in names {
            self.schedule(&name, now);
        }
    }
}
