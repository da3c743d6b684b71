//! The functions that can be called now: a map that requests read without a lock, kept true by a thread of its own.

mod conclude;
mod entry;
mod examine;
mod folder;
mod function;
mod keeper;
mod later;
mod mailbox;
mod names;
mod requests;
mod rescan;
#[cfg(test)]
mod tests;
mod trial;
mod version;
mod watch;

pub(crate) use function::{Candidate, Function, Generation, Preparer, State};
pub(crate) use later::{Later, Unready};
pub(crate) use names::check_name;
pub(crate) use trial::{Alarm, Trial};

use super::Defaults;
use arc_swap::ArcSwap;
use keeper::{Keeper, Routes};
use mailbox::{Failed, Mailbox, Message};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use watch::Watch;

/// A call that waits for what follows a replaced folder has its own deadline; this only bounds a disk that hangs.
const LONGEST_REFRESH: Duration = Duration::from_secs(5);
/// Functions that are still being prepared then are `building`, and the host starts without them.
const LONGEST_OPENING: Duration = Duration::from_secs(10);

/// Why there is no catalog.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CatalogError {
    /// `deploy/` cannot be read.
    #[error(
        "deploy folder `{}` cannot be read: {source}; create it, or name another with --deploy or deploy.folder",
        folder.display()
    )]
    Folder { folder: PathBuf, source: std::io::Error },
    /// The system gives no thread or descriptor.
    #[error("the deploy folder cannot be followed: {0}")]
    System(std::io::Error),
}

/// The deployed functions. Dropping it ends its thread; functions that somebody holds stay callable.
pub(crate) struct Catalog<P: Preparer> {
    routes: Arc<ArcSwap<Routes<P>>>,
    mailbox: Mailbox<P>,
}

impl<P: Preparer> Catalog<P> {
    /// Examines all folders of `deploy/` and follows them from then on. To be called on a tokio runtime with time.
    ///
    /// # Errors
    /// The folder cannot be read. A function that is broken is no error: it is listed so.
    pub(crate) async fn open(
        folder: &Path,
        settle: Duration,
        defaults: Defaults,
        preparer: Arc<P>,
    ) -> Result<Self, CatalogError> {
        Self::open_with(Watch::new(), folder, settle, defaults, preparer).await
    }

    async fn open_with(
        watch: Watch,
        folder: &Path,
        settle: Duration,
        defaults: Defaults,
        preparer: Arc<P>,
    ) -> Result<Self, CatalogError> {
        let unreadable = |source| CatalogError::Folder { folder: folder.to_owned(), source };
        let given = std::path::absolute(folder).map_err(unreadable)?;
        let deploy = given.canonicalize().map_err(unreadable)?;
        drop(std::fs::read_dir(&deploy).map_err(unreadable)?);
        let keeper = Keeper::new(given, deploy, settle, defaults, preparer, watch);
        let keeper = keeper.map_err(CatalogError::System)?;
        let routes = Arc::clone(&keeper.routes);
        let catalog = Self { routes, mailbox: keeper.mailbox.clone() };
        std::thread::Builder::new()
            .name("functions".to_owned())
            .spawn(move || keeper.run())
            .map_err(CatalogError::System)?;
        // Past that time the map holds all functions all the same: they are entered before they are examined.
        let _ = tokio::time::timeout(LONGEST_OPENING, catalog.quiet()).await;
        Ok(catalog)
    }

    /// The function of that name.
    #[cfg(test)]
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Function<P>>> {
        self.routes.load().get(name).cloned()
    }

    /// What `read` makes of the function of that name. Counts no reference: requests of all cores come through here.
    pub(crate) fn read<T>(&self, name: &str, read: impl FnOnce(Option<&Function<P>>) -> T) -> T {
        read(self.routes.load().get(name).map(|function| &**function))
    }

    /// All functions, by name.
    pub(crate) fn all(&self) -> Vec<Arc<Function<P>>> {
        let mut functions: Vec<_> = self.routes.load().values().cloned().collect();
        functions.sort_by(|one, other| one.name.cmp(&other.name));
        functions
    }

    /// How many there are.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.routes.load().len()
    }

    /// For who was told that a function's files are gone: returns when what lies on the disk now has been prepared,
    /// found broken or found missing, which shows in [`Function::state`] and [`Catalog::read`]. Many may ask at once.
    pub(crate) async fn refresh(&self, name: &str) {
        let (answer, answered) = oneshot::channel();
        self.mailbox.post(Message::Refresh(name.to_owned(), answer));
        let _ = tokio::time::timeout(LONGEST_REFRESH, answered).await;
    }

    /// For who was told that a generation cannot start workers: returns when the function is shown as broken, or when what
    /// lies on the disk by now has been prepared. Many may ask at once.
    pub(crate) async fn failed(&self, name: &str, generation: u64, reason: &str) {
        let (answer, answered) = oneshot::channel();
        let (name, reason) = (name.to_owned(), reason.to_owned());
        let failed = Failed { name, generation, reason, answer: Some(answer) };
        self.mailbox.post(Message::Failed(failed));
        let _ = tokio::time::timeout(LONGEST_REFRESH, answered).await;
    }

    /// Prepares all functions of these types or languages anew, as when their plugin has been replaced. Does not wait.
    pub(crate) fn prepare_again(&self, kinds: &[String], languages: &[String]) {
        self.mailbox.post(Message::PrepareAgain(kinds.to_vec(), languages.to_vec()));
    }

    /// From now on a change is taken when its folder has rested for so long.
    pub(crate) fn set_settle(&self, settle: Duration) {
        self.mailbox.post(Message::Settle(settle));
    }

    /// Reads all manifests anew with these defaults, and prepares those anew that read differently. Does not wait.
    pub(crate) fn set_defaults(&self, defaults: Defaults) {
        self.mailbox.post(Message::Defaults(Box::new(defaults)));
    }

    /// Returns when nothing is left to examine or to prepare.
    pub(crate) async fn quiet(&self) {
        let (answer, answered) = oneshot::channel();
        self.mailbox.post(Message::WhenQuiet(answer));
        // An error: the keeper has ended, and then nothing moves either.
        let _ = answered.await;
    }
}

impl<P: Preparer> Drop for Catalog<P> {
    fn drop(&mut self) {
        self.mailbox.post(Message::Stop);
    }
}
