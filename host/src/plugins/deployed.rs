//! A prepared function together with its workers, where its runner keeps some.

use super::body::InputBody;
use super::fault::{Fault, FaultKind};
use super::runner::{PreparedFunction, Reply, ReplyBody, WorkerHandle};
use crate::build::Program;
use crate::functions::{Alarm, Candidate, Manifest, Mode, Trial};
use crate::invocation::{End, Outcome, Request};
use crate::workers::{Counts, Lease, Policy, Pool, Refused, Source, Terms, Verdict};
use std::sync::Arc;
use std::time::Duration;

/// How long a worker that is no longer wanted may take to end by itself.
const STOP_GRACE: Duration = Duration::from_secs(2);
/// What a start may take at least, also of functions whose calls may take less: imports can be slow.
const LEAST_START_LIMIT: Duration = Duration::from_secs(30);

/// What a generation calls.
pub(crate) struct Deployed {
    function: Arc<PreparedFunction>,
    workers: Option<Arc<Pool<Crew>>>,
    /// What was built for it stays as long as it.
    program: Option<Arc<Program>>,
}

/// A share of a worker, kept as long as the answer is produced.
pub(crate) type WorkerLease = Lease<Crew>;

/// What starts and stops the workers of a prepared function.
pub(crate) struct Crew {
    function: Arc<PreparedFunction>,
    alarm: Alarm,
}

impl Deployed {
    /// Makes the pool that the runner's capacity and the manifest ask for.
    pub(super) fn new(
        function: PreparedFunction,
        candidate: &Candidate<'_>,
        program: Option<Arc<Program>>,
    ) -> Self {
        let function = Arc::new(function);
        let workers = (function.capacity > 0).then(|| {
            let policy = policy(&function, candidate.manifest);
            let alarm = candidate.alarm.clone();
            let crew = Crew { function: Arc::clone(&function), alarm };
            Pool::new(Arc::new(crew), policy, candidate.gate)
        });
        Self { function, workers, program }
    }

    /// Whether its runner keeps workers: then a call's place at the gate comes with its worker.
    pub(crate) fn has_workers(&self) -> bool {
        self.workers.is_some()
    }

    /// A worker for one invocation; none where the runner keeps none.
    ///
    /// # Errors
    /// There was none in time, or none can be started.
    pub(crate) async fn lease(&self, terms: Terms) -> Result<Option<WorkerLease>, Refused<Fault>> {
        match &self.workers {
            None => Ok(None),
            Some(pool) => pool.lease(terms).await.map(Some),
        }
    }

    /// One invocation. Dropping the future cancels it; a worker left in the middle of it is stopped.
    pub(crate) async fn invoke(
        &self,
        lease: Option<WorkerLease>,
        request: &Arc<Request>,
        body: InputBody,
    ) -> Result<Reply, Fault> {
        let Some(mut lease) = lease else {
            return self.function.invoke(None, request, body).await;
        };
        // Until something else is said, as when this future is dropped.
        lease.judge(Verdict::Abandoned);
        let mut reply = match self.function.invoke(Some(lease.worker), request, body).await {
            Ok(reply) => reply,
            Err(fault) => {
                lease.judge(verdict_of(&fault, lease.is_first()));
                return Err(fault);
            }
        };
        reply.end.cold = lease.start.is_some();
        reply.end.start = lease.start.unwrap_or_default();
        match reply.body {
            ReplyBody::Whole(_) => lease.judge(verdict(&reply.end)),
            // The end is not known yet: whoever reads it to its end says how the worker is.
            ReplyBody::Stream { .. } => reply.lease = Some(lease),
        }
        Ok(reply)
    }

    /// Starts what is to be there before it serves.
    pub(super) async fn begin(&self, trial: Trial) -> Result<(), Fault> {
        let Some(pool) = &self.workers else { return Ok(()) };
        pool.warm_up(match trial {
            Trial::None => 0,
            Trial::Once => 1,
            Trial::Kept(count) => count,
        })
        .await?;
        if trial == Trial::Once {
            pool.dismiss_idle();
        }
        Ok(())
    }

    /// It serves now: older builds than its own can go.
    pub(super) fn serves(&self) {
        if let Some(program) = self.program.clone() {
            tokio::task::spawn_blocking(move || program.serves());
        }
    }

    /// A newer generation serves.
    pub(super) fn retire(&self) {
        if let Some(pool) = &self.workers {
            pool.retire();
        }
    }

    /// How many workers there are; none where the runner keeps none.
    pub(crate) fn workers(&self) -> Option<Counts> {
        self.workers.as_ref().map(|pool| pool.counts())
    }

    /// Invocations that may run at once in all workers; none where the runner keeps none.
    pub(crate) fn places(&self) -> Option<usize> {
        self.workers.as_ref().map(|pool| pool.places())
    }
}

fn policy(function: &PreparedFunction, manifest: &Manifest) -> Policy {
    let scaling = &manifest.scaling;
    let capacity = function.capacity as usize;
    Policy {
        cold: scaling.mode == Mode::Cold,
        capacity: function.capacity,
        ahead: function.ahead,
        least: match scaling.mode {
            Mode::Hot => scaling.min.max(1),
            Mode::Cold | Mode::Warm | Mode::Scalable => scaling.min,
        },
        // More than can be used at once would only wait.
        most: scaling.max.min(manifest.concurrency.div_ceil(capacity.max(1))),
        idle: scaling.idle,
        recycle_after: scaling.recycle_after,
        start_limit: manifest.timeout.max(LEAST_START_LIMIT),
    }
}

/// How an invocation that ended like this has left its worker. Only a worker that has ended has an exit code.
pub(crate) fn verdict(end: &End) -> Verdict {
    match (end.outcome, end.exit_code) {
        (Outcome::Succeeded | Outcome::Failed, None) => Verdict::Good,
        (Outcome::Failed | Outcome::Crashed | Outcome::BadProtocol, _) => {
            Verdict::Died(end.error.clone())
        }
        (Outcome::Succeeded | Outcome::TimedOut | Outcome::Cancelled | Outcome::Rejected, _) => {
            Verdict::Spoilt
        }
    }
}

fn verdict_of(fault: &Fault, is_first_call: bool) -> Verdict {
    match fault.kind {
        // Said before the worker was touched.
        FaultKind::BadRequest | FaultKind::Unavailable => Verdict::Good,
        FaultKind::Plugin | FaultKind::Panic | FaultKind::Config => {
            Verdict::Died(fault.message.clone())
        }
        // Long dead; but one that never does anything must not be replaced without a pause.
        FaultKind::Unstarted if is_first_call => Verdict::Died(fault.message.clone()),
        FaultKind::Unstarted
        | FaultKind::Gone
        | FaultKind::Broken
        | FaultKind::Timeout
        | FaultKind::Cancelled => Verdict::Spoilt,
    }
}

impl Source for Crew {
    type Worker = WorkerHandle;
    type Error = Fault;

    async fn start(&self) -> Result<WorkerHandle, Fault> {
        self.function.start().await
    }

    fn stop(self: &Arc<Self>, worker: WorkerHandle) {
        let function = Arc::clone(&self.function);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { function.stop(worker, STOP_GRACE).await });
        }
    }

    fn is_final(fault: &Fault) -> bool {
        matches!(fault.kind, FaultKind::Broken | FaultKind::Gone)
    }

    fn late(limit: Duration) -> Fault {
        Fault::of(FaultKind::Timeout, &format!("a worker did not start within {limit:?}"))
    }

    fn broken(&self, reason: &str) {
        self.alarm.raise(reason);
    }
}
