//! A prepared function together with its workers, where its runner keeps some.

use super::body::InputBody;
use super::fault::Fault;
use super::runner::{PreparedFunction, Reply, ReplyBody, WorkerHandle};
use crate::functions::Manifest;
use crate::invocation::{Outcome, Request};
use crate::workers::{Counts, Lease, Policy, Pool, Source};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a worker that is no longer wanted may take to end by itself.
const STOP_GRACE: Duration = Duration::from_secs(2);
/// How often idle workers are looked for, at least and at most.
const SWEEP_BETWEEN: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(30)];

/// What a generation calls.
pub(crate) struct Deployed {
    function: Arc<PreparedFunction>,
    pool: Option<Arc<Pool<PreparedFunction>>>,
}

/// A share of a worker, kept as long as the answer is produced.
pub(crate) type WorkerLease = Lease<PreparedFunction>;

impl Deployed {
    /// Makes the pool that the runner's capacity and the manifest ask for.
    pub(super) fn new(function: PreparedFunction, manifest: &Manifest) -> Self {
        let function = Arc::new(function);
        let pool = (function.capacity > 0).then(|| {
            let scaling = &manifest.scaling;
            let policy = Policy {
                capacity: function.capacity,
                most: scaling.max.max(1),
                idle: scaling.idle,
                recycle_after: scaling.recycle_after,
            };
            let pool = Pool::new(Arc::clone(&function), policy);
            sweep_from_time_to_time(&pool, scaling.idle);
            pool
        });
        Self { function, pool }
    }

    /// One invocation. Dropping the future cancels it; a worker left in the middle of it is stopped.
    pub(crate) async fn invoke(
        &self,
        request: &Arc<Request>,
        body: InputBody,
    ) -> Result<Reply, Fault> {
        let Some(pool) = &self.pool else {
            return self.function.invoke(None, request, body).await;
        };
        let before = Instant::now();
        let mut lease = pool.lease().await?;
        let started = before.elapsed();
        lease.spoil(true);
        let mut reply = self.function.invoke(Some(lease.worker), request, body).await?;
        reply.end.cold = lease.cold;
        if lease.cold {
            reply.end.start = started;
        }
        // Of a stream the end is not known yet: whoever reads it to its end says how the worker is.
        let is_whole = matches!(reply.body, ReplyBody::Whole(_));
        lease.spoil(!is_whole || spoils(reply.end.outcome));
        reply.lease = Some(lease);
        Ok(reply)
    }

    /// How many workers there are; none where the runner keeps none.
    pub(crate) fn workers(&self) -> Option<Counts> {
        self.pool.as_ref().map(|pool| pool.counts())
    }
}

/// True when a worker that ended an invocation like this must not be used again.
pub(crate) fn spoils(outcome: Outcome) -> bool {
    !matches!(outcome, Outcome::Succeeded | Outcome::Failed)
}

fn sweep_from_time_to_time(pool: &Arc<Pool<PreparedFunction>>, idle: Duration) {
    let weak = Arc::downgrade(pool);
    let [least, most] = SWEEP_BETWEEN;
    let every = (idle / 2).clamp(least, most);
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(async move {
            loop {
                tokio::time::sleep(every).await;
                let Some(pool) = weak.upgrade() else { return };
                pool.sweep();
            }
        });
    }
}

impl Source for PreparedFunction {
    type Worker = WorkerHandle;
    type Error = Fault;

    async fn start(&self) -> Result<WorkerHandle, Fault> {
        Self::start(self).await
    }

    fn stop(self: &Arc<Self>, worker: WorkerHandle) {
        let function = Arc::clone(self);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { Self::stop(&function, worker, STOP_GRACE).await });
        }
    }
}
