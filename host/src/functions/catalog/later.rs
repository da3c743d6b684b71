//! What a function waits for that its folder does not tell: a build that is under way, a program that somebody builds.

use super::entry::Entry;
use super::function::Preparer;
use super::mailbox::{Mailbox, Message};
use futures_util::future::BoxFuture;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Longer than any build takes.
const LONGEST_BUILD: Duration = Duration::from_secs(15 * 60);

/// Why there is no generation yet.
pub(crate) struct Unready {
    /// Why the function is broken.
    pub(crate) reason: String,
    /// When trying again may go otherwise, though the folder has not changed.
    pub(crate) later: Later,
}

/// When to try again.
#[derive(Default)]
pub(crate) enum Later {
    /// From time to time.
    #[default]
    Unknown,
    /// When this file is there; somebody makes it on his own.
    Appears(PathBuf),
    /// When the future ends; until then nothing is wrong, unless it went wrong before.
    Ends { future: BoxFuture<'static, ()>, again: bool },
}

impl<T: Into<String>> From<T> for Unready {
    fn from(reason: T) -> Self {
        Self { reason: reason.into(), later: Later::Unknown }
    }
}

/// What a function waits for.
#[derive(Debug, Default)]
pub(super) enum Awaited {
    #[default]
    Nothing,
    File(PathBuf),
    Build {
        _task: Task,
        again: bool,
    },
}

/// A task that ends with whoever waits for it.
#[derive(Debug)]
pub(super) struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Awaited {
    /// The function is examined again when the future has ended.
    pub(super) fn of<P: Preparer>(
        later: Later,
        name: &Arc<str>,
        mailbox: &Mailbox<P>,
        runtime: &tokio::runtime::Handle,
    ) -> Self {
        match later {
            Later::Unknown => Self::Nothing,
            Later::Appears(path) => Self::File(path),
            Later::Ends { future, again } => {
                let (name, mailbox) = (name.to_string(), mailbox.clone());
                let _task = Task(runtime.spawn(async move {
                    future.await;
                    mailbox.post(Message::Refresh(name, oneshot::channel().0));
                }));
                Self::Build { _task, again }
            }
        }
    }

    pub(super) fn is_build(&self) -> bool {
        matches!(self, Self::Build { .. })
    }

    /// The file has come.
    pub(super) fn is_there(&self) -> bool {
        matches!(self, Self::File(path) if path.exists())
    }
}

impl<P: Preparer> Entry<P> {
    /// It is being built: no trouble, unless the same sources failed before and are only tried again.
    pub(super) fn take_building(&mut self) {
        self.unsettled_since = None;
        match (&self.awaited, &mut self.trouble) {
            (Awaited::Build { again: true, .. }, Some(trouble)) => {
                trouble.retry_at = Instant::now() + LONGEST_BUILD;
            }
            _ => self.trouble = None,
        }
    }
}
