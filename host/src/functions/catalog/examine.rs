//! One function from its folder to a generation: looked at, read, prepared, shown.

use super::entry::{Entry, Want};
use super::folder::{Folder, Look, look};
use super::function::{Candidate, Function, Generation, Preparer};
use super::keeper::Keeper;
use super::later::{Later, Unready};
use super::mailbox::{Conclusion, Failed, Message, Success};
use super::names::check_name;
use super::trial::{Alarm, Trial};
use super::version::version;
use crate::functions::manifest::{Manifest, Refusal, load_manifest};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longer is a plugin that hangs. A build that takes minutes is not done while preparing.
const LONGEST_PREPARE: Duration = Duration::from_secs(30);

impl<P: Preparer> Keeper<P> {
    /// Looks at the folder, and prepares what is new in it.
    pub(super) fn examine(&mut self, name: &Arc<str>) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        entry.due = None;
        let touched = entry.touched.take().map_or_else(Instant::now, |touched| touched.last);
        entry.answering.append(&mut entry.waiting);
        let mut want = std::mem::take(&mut entry.want);
        if entry.awaited.is_there() {
            want = Want::Prepare;
        }
        let path = entry.path(&self.deploy, name);
        if let Err(reason) = check_name(entry.raw(name)) {
            // What is in it does not matter, and its coming and going is told by `deploy/`.
            entry.watched = true;
            return match path.is_dir() {
                true => self.unusable(name, reason, 0, want),
                false => self.missing(name, touched, want),
            };
        }
        match self.look_and_follow(name, &path) {
            Look::Missing => self.missing(name, touched, want),
            Look::Unusable { reason, print, .. } => self.unusable(name, reason, print, want),
            Look::Folder(folder) => self.folder(name, folder, want),
        }
    }

    /// Watches the directories that are there now, so that what happens in a new one counts as unrest.
    pub(super) fn follow(&mut self, name: &Arc<str>) {
        let Some(entry) = self.entries.get(name) else { return };
        if check_name(entry.raw(name)).is_ok() {
            let path = entry.path(&self.deploy, name);
            self.look_and_follow(name, &path);
        }
    }

    /// What is found was watched before it was looked at: a later change is told.
    fn look_and_follow(&mut self, name: &Arc<str>, path: &Path) -> Look {
        let mut found = look(&self.deploy, path);
        // Each round follows what was created during the one before; who creates faster causes notices anyway.
        for _ in 0..3 {
            let Some(entry) = self.entries.get_mut(name) else { break };
            let directories = match &found {
                Look::Folder(Folder { directories, .. }) | Look::Unusable { directories, .. } => {
                    directories.as_slice()
                }
                Look::Missing => &[],
            };
            let followed = self.watch.follow(name, directories, &mut entry.watches);
            entry.watched = followed.complete;
            if !followed.complete {
                self.rescans.unwatched(self.watch.works());
            }
            if !followed.added {
                break;
            }
            found = look(&self.deploy, path);
        }
        found
    }

    /// The folder is not there: its route ends when it has stayed away for the settle time since it was `touched`.
    fn missing(&mut self, name: &Arc<str>, touched: Instant, want: Want) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let since = *entry.missing_since.get_or_insert(touched);
        if entry.function.is_some() && since.elapsed() < self.settle {
            entry.waiting.append(&mut entry.answering);
            entry.want = want;
            return self.schedule(name, since + self.settle);
        }
        let Some(mut entry) = self.entries.remove(name) else { return };
        for watch in std::mem::take(&mut entry.watches) {
            self.watch.forget(name, watch);
        }
        if let Some(generation) = &entry.generation {
            self.preparer.retire(&generation.prepared);
        }
        if entry.function.is_some() {
            tracing::info!(function = &**name, "function removed");
            self.routes_changed = true;
        }
        self.answers.append(&mut entry.answering);
        self.answers.append(&mut entry.waiting);
    }

    fn unusable(&mut self, name: &Arc<str>, reason: String, print: u64, want: Want) {
        if self.is_news(name, print, want) {
            self.begin(name, print);
            self.refuse(name, Refusal::new(reason));
        }
    }

    fn folder(&mut self, name: &Arc<str>, mut folder: Folder, want: Want) {
        if !self.is_news(name, folder.print, want) {
            return;
        }
        let manifest = match load_manifest(&folder.path, &self.defaults) {
            Ok(manifest) => manifest,
            Err(refusal) => {
                self.begin(name, folder.print);
                return self.refuse(name, refusal);
            }
        };
        let Some(entry) = self.entries.get_mut(name) else { return };
        if want == Want::Manifest && is_served(entry, &manifest, folder.print) {
            return self.answer(name);
        }
        let changed = entry.print != Some(folder.print);
        let version = version(&mut folder);
        let now = Instant::now();
        let trial = self.spare.trial_of(entry, (&version, changed), &*self.preparer, now);
        let number = self.begin(name, folder.print);
        if let Some(entry) = self.entries.get_mut(name) {
            entry.young = folder.young;
        }
        self.prepare(name, Unprepared { number, version, manifest, folder, trial });
    }

    /// Whether there is something to do; if not, who waits is answered.
    fn is_news(&mut self, name: &Arc<str>, print: u64, want: Want) -> bool {
        let Some(entry) = self.entries.get_mut(name) else { return false };
        entry.missing_since = None;
        let news = want > Want::Change || entry.young || entry.print != Some(print);
        if !news {
            self.show_failed(name);
            self.answer(name);
        }
        news
    }

    fn answer(&mut self, name: &Arc<str>) {
        if let Some(entry) = self.entries.get_mut(name) {
            self.answers.append(&mut entry.answering);
        }
    }

    /// From now on the folder counts as examined. The answer numbers the generation that may come of it.
    fn begin(&mut self, name: &Arc<str>, print: u64) -> u64 {
        self.last_number += 1;
        if let Some(entry) = self.entries.get_mut(name) {
            if entry.function.is_none() {
                entry.function = Some(Arc::new(Function::new(name)));
                self.routes_changed = true;
            }
            entry.print = Some(print);
            entry.young = false;
            entry.preparing = Some(self.last_number);
            self.preparing += 1;
        }
        self.last_number
    }

    /// By way of the mailbox: notices of what happened while the folder was read come before it.
    fn refuse(&mut self, name: &Arc<str>, refusal: Refusal) {
        let (name, number) = (Arc::clone(name), self.last_number);
        self.mailbox.post(Message::Concluded(Conclusion {
            name,
            number,
            result: Err(refusal),
            unloadable: false,
            later: Later::Unknown,
        }));
    }

    fn prepare(&mut self, name: &Arc<str>, unprepared: Unprepared) {
        let (name, deploy) = (Arc::clone(name), self.deploy.clone());
        let (preparer, mailbox) = (Arc::clone(&self.preparer), self.mailbox.clone());
        let function = self.entries.get(&name).and_then(|entry| entry.function.as_ref());
        let Some(gate) = function.map(|function| Arc::clone(&function.gate)) else { return };
        let alarm = self.alarm(&name, unprepared.number);
        self.runtime.spawn(async move {
            let Unprepared { number, manifest, folder, version, trial } = unprepared;
            let candidate = Candidate {
                name: &name,
                folder: &folder.path,
                deploy_folder: &deploy,
                generation: number,
                manifest: &manifest,
                gate: &gate,
                alarm,
            };
            let mut unloadable = false;
            let mut prepared = attempt(&*preparer, candidate).await;
            if let Ok((ready, _)) = &prepared
                && let Err(reason) = begin(&*preparer, ready, trial).await
            {
                (unloadable, prepared) = (true, Err(reason.into()));
            }
            let mut later = Later::Unknown;
            let result = match prepared {
                Err(unready) => {
                    later = unready.later;
                    Err(Refusal {
                        kind: Some(manifest.kind),
                        language: Some(manifest.language),
                        ..Refusal::new(unready.reason)
                    })
                }
                Ok((prepared, warning)) => {
                    let generation = Generation { number, manifest, prepared, version, gate };
                    Ok(Box::new(Success { generation, warning }))
                }
            };
            let conclusion = Conclusion { name, number, result, unloadable, later };
            mailbox.post(Message::Concluded(conclusion));
        });
    }
}

impl<P: Preparer> Keeper<P> {
    fn alarm(&self, name: &Arc<str>, generation: u64) -> Alarm {
        let (name, mailbox) = (Arc::clone(name), self.mailbox.clone());
        Alarm::new(move |reason| {
            let (name, reason) = (name.to_string(), reason.to_owned());
            mailbox.post(Message::Failed(Failed { name, generation, reason, answer: None }));
        })
    }
}

struct Unprepared {
    number: u64,
    manifest: Manifest,
    folder: Folder,
    version: String,
    trial: Trial,
}

/// Prepares within the time, whatever the plugin does.
async fn attempt<P: Preparer>(
    preparer: &P,
    candidate: Candidate<'_>,
) -> Result<(P::Prepared, Option<String>), Unready> {
    let prepare = AssertUnwindSafe(preparer.prepare(candidate)).catch_unwind();
    match tokio::time::timeout(LONGEST_PREPARE, prepare).await {
        Err(_) => Err(format!(
            "preparing it took longer than {} s: the log of its runner may say why",
            LONGEST_PREPARE.as_secs()
        )
        .into()),
        Ok(Err(_)) => Err("preparing it panicked: the log says where".into()),
        Ok(Ok(answer)) => answer,
    }
}

/// Starts what is to be there, whatever the plugin does.
async fn begin<P: Preparer>(
    preparer: &P,
    prepared: &P::Prepared,
    trial: Trial,
) -> Result<(), String> {
    let begun = AssertUnwindSafe(preparer.begin(prepared, trial)).catch_unwind().await;
    begun.unwrap_or_else(|_| Err("starting it panicked: the log says where".to_owned()))
}

/// Whether the generation that serves is the one that this manifest and folder would make.
fn is_served<P: Preparer>(entry: &Entry<P>, manifest: &Manifest, print: u64) -> bool {
    entry.trouble.is_none()
        && entry.failed.is_none()
        && entry.print == Some(print)
        && entry.generation.as_ref().is_some_and(|generation| generation.manifest == *manifest)
}
