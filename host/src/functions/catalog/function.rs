//! What the request path sees of a function, and what prepares one.

use super::later::Unready;
use super::trial::{Alarm, Trial};
use crate::functions::Manifest;
use crate::workers::Gate;
use arc_swap::ArcSwap;
use std::path::Path;
use std::sync::Arc;

/// Makes a generation of a function ready to be called. A runner plugin does in the host, a stand-in in tests.
pub(crate) trait Preparer: Send + Sync + 'static {
    /// What it makes; dropped when the generation has ended and its last invocation is over.
    type Prepared: Send + Sync + 'static;

    /// Polled on the runtime's workers, for many functions at once; dropped when it takes too long.
    /// The answer's second part is a warning for the operator, the error the reason why the function is broken.
    fn prepare(
        &self,
        candidate: Candidate<'_>,
    ) -> impl Future<Output = Result<(Self::Prepared, Option<String>), Unready>> + Send;

    /// Starts what is to be there before a generation serves. Bounds its own time. The error is why it cannot serve.
    fn begin(
        &self,
        _prepared: &Self::Prepared,
        _trial: Trial,
    ) -> impl Future<Output = Result<(), String>> + Send {
        std::future::ready(Ok(()))
    }

    /// How many workers the calls use now; at least one where any are kept.
    fn in_use(&self, _prepared: &Self::Prepared) -> usize {
        0
    }

    /// A newer generation serves, or none: what has nothing to do can go. Calls that are late may still come.
    fn retire(&self, _prepared: &Self::Prepared) {}
}

/// A generation that is to be.
#[derive(Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) name: &'a str,
    /// Absolute, without symbolic links.
    pub(crate) folder: &'a Path,
    /// The same of `deploy/`, which no file may lie outside of.
    pub(crate) deploy_folder: &'a Path,
    /// Number of the generation; larger is newer.
    pub(crate) generation: u64,
    pub(crate) manifest: &'a Manifest,
    /// Bounds the invocations of all generations together.
    pub(crate) gate: &'a Arc<Gate>,
    /// For when it cannot serve any more.
    pub(crate) alarm: Alarm,
}

/// A deployed function. It stays the same one while its folder changes; who holds it past its removal may go on.
pub(crate) struct Function<P: Preparer> {
    pub(crate) name: Arc<str>,
    state: ArcSwap<State<P>>,
    /// Bounds the invocations of all its generations together.
    pub(crate) gate: Arc<Gate>,
}

/// What a function is now.
pub(crate) enum State<P: Preparer> {
    /// It can be called.
    Ready { generation: Arc<Generation<P>>, warning: Option<String> },
    /// It cannot, and why; `kind` and `language` where they could be read.
    Broken { reason: String, kind: Option<String>, language: Option<String> },
    /// Its first generation is being prepared.
    Building,
}

/// What a function was at one time. Ends when the last reference to it is dropped.
pub(crate) struct Generation<P: Preparer> {
    pub(crate) number: u64,
    pub(crate) manifest: Manifest,
    pub(crate) prepared: P::Prepared,
    /// Short fingerprint of the folder's content: the same content has the same one on every host.
    pub(crate) version: String,
    /// The function's gate: who holds the generation can enter and leave without the function.
    pub(crate) gate: Arc<Gate>,
}

impl<P: Preparer> Function<P> {
    pub(super) fn new(name: &Arc<str>) -> Self {
        Self {
            name: Arc::clone(name),
            state: ArcSwap::from_pointee(State::Building),
            // The first generation says how many it takes.
            gate: Arc::new(Gate::new(1)),
        }
    }

    /// What `read` makes of what it is now; counts no reference.
    pub(crate) fn read_state<T>(&self, read: impl FnOnce(&State<P>) -> T) -> T {
        read(&self.state.load())
    }

    /// What it is now; a request asks once and keeps the answer.
    pub(crate) fn state(&self) -> Arc<State<P>> {
        self.state.load_full()
    }

    pub(super) fn set_state(&self, state: State<P>) {
        self.state.store(Arc::new(state));
    }
}
