//! What the keeper knows of one function, and how that becomes the state that the request path sees.

use super::function::{Function, Generation, Preparer, State};
use super::later::Awaited;
use crate::functions::manifest::Refusal;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// The first pause before a function that cannot be prepared is tried again without having changed: what it lacks may
/// lie outside of its folder, as an interpreter or a secret does. It doubles each time.
const FIRST_RETRY: Duration = Duration::from_secs(30);
const LAST_RETRY: Duration = Duration::from_secs(16 * 60);

/// What an examination is for; a later one includes the earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Want {
    /// A new generation if the folder has changed.
    #[default]
    Change,
    /// Also if the manifest reads differently now.
    Manifest,
    /// In any case.
    Prepare,
}

/// Why the newest content does not serve.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) refusal: Refusal,
    pub(super) retry_at: Instant,
    retry_pause: Duration,
}

/// First and last of the notices since it was looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Touched {
    pub(super) first: Instant,
    pub(super) last: Instant,
}

pub(super) struct Entry<P: Preparer> {
    /// The folder's name, where it is not UTF-8 and so not the function's name.
    raw: Option<Box<OsStr>>,
    /// None until it is known that there is a folder.
    pub(super) function: Option<Arc<Function<P>>>,
    pub(super) generation: Option<Arc<Generation<P>>>,
    /// Fingerprint of what was examined last.
    pub(super) print: Option<u64>,
    /// It was so fresh then that `print` does not tell a later change from it.
    pub(super) young: bool,
    pub(super) watches: Box<[i32]>,
    /// Whether all that happens in the folder is told.
    pub(super) watched: bool,
    pub(super) touched: Option<Touched>,
    /// When it is to be examined.
    pub(super) due: Option<Instant>,
    pub(super) missing_since: Option<Instant>,
    /// Number of the generation that is being prepared.
    pub(super) preparing: Option<u64>,
    pub(super) want: Want,
    pub(super) trouble: Option<Box<Trouble>>,
    /// The generation that serves cannot start workers, and why.
    pub(super) failed: Option<Box<str>>,
    /// The trouble is that a worker could not be started.
    pub(super) unloadable: bool,
    /// What may make another attempt go otherwise.
    pub(super) awaited: Awaited,
    /// Since when failures are not shown, because the folder was changing.
    pub(super) unsettled_since: Option<Instant>,
    /// The runner's warning.
    pub(super) warning: Option<Box<str>>,
    /// A function whose name differs by case only.
    pub(super) twin: Option<Arc<str>>,
    /// Who waits for the next examination, and who for the one that is under way.
    pub(super) waiting: Vec<oneshot::Sender<()>>,
    pub(super) answering: Vec<oneshot::Sender<()>>,
}

impl<P: Preparer> Entry<P> {
    pub(super) fn new(raw: &OsStr) -> Self {
        Self {
            raw: raw.to_str().is_none().then(|| raw.into()),
            function: None,
            generation: None,
            print: None,
            young: false,
            watches: Box::default(),
            watched: false,
            touched: None,
            due: None,
            missing_since: None,
            preparing: None,
            want: Want::Change,
            trouble: None,
            failed: None,
            unloadable: false,
            awaited: Awaited::Nothing,
            unsettled_since: None,
            warning: None,
            twin: None,
            waiting: Vec::new(),
            answering: Vec::new(),
        }
    }

    /// The folder's name.
    pub(super) fn raw<'a>(&'a self, name: &'a str) -> &'a OsStr {
        self.raw.as_deref().unwrap_or(OsStr::new(name))
    }

    pub(super) fn path(&self, deploy: &Path, name: &str) -> PathBuf {
        deploy.join(self.raw(name))
    }

    pub(super) fn touch(&mut self, now: Instant) -> Touched {
        let first = self.touched.map_or(now, |touched| touched.first);
        *self.touched.insert(Touched { first, last: now })
    }

    /// Shows a new generation; the answer is the one before.
    pub(super) fn take_generation(
        &mut self,
        generation: Generation<P>,
        warning: Option<String>,
    ) -> Option<Arc<Generation<P>>> {
        if let Some(function) = &self.function {
            function.gate.set_limit(generation.manifest.concurrency);
        }
        self.warning = warning.map(String::into_boxed_str);
        self.trouble = None;
        self.failed = None;
        self.unloadable = false;
        self.unsettled_since = None;
        self.generation.replace(Arc::new(generation))
    }

    /// Shows why the newest content does not serve; the answer is the generation that cannot serve instead.
    pub(super) fn take_trouble(
        &mut self,
        refusal: Refusal,
        now: Instant,
    ) -> Option<Arc<Generation<P>>> {
        let again = self.trouble.as_ref().filter(|trouble| trouble.refusal == refusal);
        let pause = again.map_or(FIRST_RETRY, |trouble| LAST_RETRY.min(trouble.retry_pause * 2));
        let ends = refusal.not_enabled || self.failed.take().is_some();
        self.trouble =
            Some(Box::new(Trouble { refusal, retry_at: now + pause, retry_pause: pause }));
        self.unsettled_since = None;
        if ends { self.generation.take() } else { None }
    }

    /// Shows the request path what is known now.
    pub(super) fn show(&self) {
        let Some(function) = &self.function else { return };
        function.set_state(match (&self.generation, &self.trouble) {
            (Some(generation), _) => {
                State::Ready { generation: Arc::clone(generation), warning: self.all_warnings() }
            }
            (None, Some(trouble)) => {
                let Refusal { reason, kind, language, .. } = trouble.refusal.clone();
                State::Broken { reason, kind, language }
            }
            (None, None) => State::Building,
        });
    }

    fn all_warnings(&self) -> Option<String> {
        let trouble = self.trouble.as_ref().map(|trouble| {
            format!("an earlier version serves on, the folder's cannot: {}", trouble.refusal.reason)
        });
        let twin = self.twin.as_ref().map(|twin| {
            format!("function `{twin}` differs from this one by case only: rename one of them")
        });
        let warning = self.warning.as_deref().map(str::to_owned);
        let all: Vec<String> = [trouble, warning, twin].into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}
