//! A pool that can be shared: the state under its lock, and what it decides carried out.

use super::super::gate::{Advance, Gate};
use super::super::lane::lane;
use super::lease::Lease;
use super::policy::Policy;
use super::slots::{Counts, Turn, Verdict};
use super::source::Source;
use super::start::StartFailure;
use super::state::{Effects, Grant, Moment, State};
use super::wait::{Refused, Terms};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

/// The workers of one generation of a function. Dropped with its last invocation, it stops them all.
pub(crate) struct Pool<S: Source> {
    source: Arc<S>,
    gate: Arc<Gate>,
    inner: Mutex<Inner<S>>,
    /// Something is due earlier than the upkeep thinks.
    pub(super) earlier: Arc<Notify>,
    /// Where there is no other runtime: a worker may be given back on any thread.
    runtime: Option<Handle>,
}

/// How a waiter is told.
pub(super) type Waiter<S> = oneshot::Sender<Result<Lease<S>, Refused<<S as Source>::Error>>>;
type Decided<S> = Effects<<S as Source>::Worker, Waiter<S>>;

pub(super) struct Inner<S: Source> {
    pub(super) state: State<S::Worker, Waiter<S>>,
    /// When the upkeep looks next; none: there is none.
    pub(super) upkeep: Option<Instant>,
}

impl<S: Source> Pool<S> {
    /// An empty pool of a function. `gate` bounds the invocations of all its generations together.
    pub(crate) fn new(source: Arc<S>, policy: Policy, gate: &Arc<Gate>) -> Arc<Self> {
        let state = State::new(policy.checked(), Instant::now());
        let pool = Arc::new(Self {
            source,
            gate: Arc::clone(gate),
            inner: Mutex::new(Inner { state, upkeep: None }),
            earlier: Arc::default(),
            runtime: Handle::try_current().ok(),
        });
        let weak: Weak<Self> = Arc::downgrade(&pool);
        gate.join(weak);
        pool
    }

    /// A worker with room: best one that this thread used last, else a new one, else the first that is given back.
    ///
    /// # Errors
    /// None had room in time, or none could be started.
    pub(crate) async fn lease(
        self: &Arc<Self>,
        terms: Terms,
    ) -> Result<Lease<S>, Refused<S::Error>> {
        match self.at_once() {
            Some(grant) => Ok(Lease::new(self, grant)),
            None => Box::pin(self.wait(terms)).await,
        }
    }

    fn at_once(self: &Arc<Self>) -> Option<Grant<S::Worker>> {
        let at = self.moment();
        let mut inner = self.lock();
        if let Some(grant) = inner.state.take(&at) {
            return Some(grant);
        }
        let mut effects = Effects::default();
        let grant = inner.state.take_behind(&at, &mut effects);
        drop(inner);
        self.carry_out(effects);
        grant
    }

    pub(super) fn give_back(self: &Arc<Self>, turn: Turn, verdict: &Verdict) {
        self.change(|state, at, effects| state.give_back(turn, verdict, at, effects));
    }

    /// Starts so many workers, or the least where that is more, and waits for them: for a generation that is not called yet.
    ///
    /// # Errors
    /// One of them could not be started.
    pub(crate) async fn warm_up(self: &Arc<Self>, count: usize) -> Result<(), S::Error> {
        let policy = self.policy();
        let most = if policy.cold { 1 } else { policy.most };
        let count = count.max(policy.least).min(most);
        let one = || {
            self.lock().state.starting += 1;
            let lost = StartLost(Some(Arc::downgrade(self)));
            async move {
                let began = Instant::now();
                let worker = self.start_in_time().await?;
                lost.arrived();
                let took = began.elapsed();
                self.change(|state, at, effects| state.started(worker, took, at, effects));
                Ok(())
            }
        };
        let starts: Vec<_> = (0..count).map(|_| one()).collect();
        futures_util::future::join_all(starts).await.into_iter().collect()
    }

    /// Stops those that have nothing to do, beyond the least.
    pub(crate) fn dismiss_idle(self: &Arc<Self>) {
        self.change(State::dismiss_idle);
    }

    /// A newer generation serves: who has nothing to do is stopped now, who is busy when done.
    pub(crate) fn retire(self: &Arc<Self>) {
        self.change(State::retire);
    }

    pub(crate) fn counts(&self) -> Counts {
        self.lock().state.counts()
    }

    /// Invocations that may run at once in all its workers.
    pub(crate) fn places(&self) -> usize {
        self.policy().places()
    }

    fn policy(&self) -> Policy {
        self.lock().state.policy
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner<S>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moment(&self) -> Moment<'_> {
        Moment { gate: &self.gate, lane: lane(), now: Instant::now() }
    }

    /// Changes the state, and does what follows once it is unlocked.
    pub(super) fn change<R>(
        self: &Arc<Self>,
        change: impl FnOnce(&mut State<S::Worker, Waiter<S>>, &Moment<'_>, &mut Decided<S>) -> R,
    ) -> R {
        let at = self.moment();
        let mut effects = Effects::default();
        let mut inner = self.lock();
        let result = change(&mut inner.state, &at, &mut effects);
        self.see_to_upkeep(&mut inner, at.now);
        drop(inner);
        self.carry_out(effects);
        result
    }

    fn carry_out(self: &Arc<Self>, effects: Decided<S>) {
        for worker in effects.stops {
            self.source.stop(worker);
        }
        for _ in 0..effects.starts {
            self.start();
        }
        for (waiter, grant) in effects.grants {
            // Who has gone since gives it back by dropping it.
            let _ = waiter.send(Ok(Lease::new(self, grant)));
        }
        if let Some(reason) = effects.broken {
            self.source.broken(&reason);
        }
        if effects.wakes_gate {
            self.gate.wake();
        }
    }

    /// Starts a worker, whoever goes meanwhile.
    fn start(self: &Arc<Self>) {
        let lost = StartLost(Some(Arc::downgrade(self)));
        let (weak, source) = (Arc::downgrade(self), Arc::clone(&self.source));
        let limit = self.policy().start_limit;
        self.spawn(async move {
            let began = Instant::now();
            let result = tokio::time::timeout(limit, source.start()).await;
            let result = result.unwrap_or_else(|_| Err(S::late(limit)));
            lost.arrived();
            match (weak.upgrade(), result) {
                (Some(pool), Ok(worker)) => {
                    let took = began.elapsed();
                    pool.change(|state, at, effects| state.started(worker, took, at, effects));
                }
                (Some(pool), Err(error)) => pool.start_failed(&error),
                (None, Ok(worker)) => source.stop(worker),
                (None, Err(_)) => {}
            }
        });
    }

    async fn start_in_time(&self) -> Result<S::Worker, S::Error> {
        let limit = self.policy().start_limit;
        let started = tokio::time::timeout(limit, self.source.start()).await;
        started.unwrap_or_else(|_| Err(S::late(limit)))
    }

    fn start_failed(self: &Arc<Self>, error: &S::Error) {
        let reason = error.to_string();
        let failure = StartFailure { reason: &reason, is_final: S::is_final(error) };
        let told = self.change(|state, at, effects| {
            state.start_failed(failure, at, effects);
            std::mem::take(&mut effects.failed)
        });
        for waiter in told {
            let _ = waiter.send(Err(Refused::Start(error.clone())));
        }
    }

    /// On this thread's runtime: it serves who waits.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let here = Handle::try_current().ok();
        match here.as_ref().or(self.runtime.as_ref()) {
            Some(runtime) => drop(runtime.spawn(work)),
            None => tracing::error!("no runtime to start a worker on"),
        }
    }
}

/// A start that has not come to its end; told when it is dropped before.
struct StartLost<S: Source>(Option<Weak<Pool<S>>>);

impl<S: Source> StartLost<S> {
    fn arrived(mut self) {
        self.0 = None;
    }
}

impl<S: Source> Drop for StartLost<S> {
    fn drop(&mut self) {
        if let Some(pool) = self.0.take().and_then(|pool| pool.upgrade()) {
            pool.change(|state, at, _| state.start_lost(at));
        }
    }
}

impl<S: Source> Advance for Pool<S> {
    fn advance(self: Arc<Self>) {
        self.change(|state, at, effects| state.settle(None, at, effects));
    }
}

impl<S: Source> Drop for Pool<S> {
    fn drop(&mut self) {
        let workers: Vec<S::Worker> = self.lock().state.slots.drain().collect();
        for worker in workers {
            self.source.stop(worker);
        }
        self.earlier.notify_one();
    }
}

impl<S: Source> std::fmt::Debug for Pool<S> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Pool").field("counts", &self.counts()).finish_non_exhaustive()
    }
}
