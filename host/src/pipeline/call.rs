//! One invocation on its generation: admitted, handed to the runner, and tried again where that is safe.

use super::ledger::Ledger;
use super::run::Callable;
use crate::app::App;
use crate::functions::State;
use crate::invocation::{Rejection, Request};
use crate::patience::within;
use crate::plugins::{Fault, FaultKind, InputBody, Reply, WorkerLease};
use crate::workers::{Refused, Terms};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What runners have after a deadline to answer that it passed; then the host drops the call.
pub(crate) const GRACE_AFTER_DEADLINE: Duration = Duration::from_secs(1);
/// How often a call is tried on a newer generation when its files were taken away under it.
const ATTEMPTS: usize = 50;
/// And for how long.
const ATTEMPTS_LIMIT: Duration = Duration::from_secs(10);
/// How often a call is given another worker because the one it had ended before it began with it.
const UNSTARTED_LIMIT: usize = 10;

/// Why there is no reply.
pub(super) enum Failure {
    Refused(Rejection),
    Fault(Fault),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What a call can be repeated with; a stream can be sent once.
struct Input(Option<InputBody>);

impl Input {
    /// The body, and a copy of it for another attempt where there can be one.
    fn take(&mut self) -> Option<InputBody> {
        let again = match &self.0 {
            Some(InputBody::Whole(bytes)) => Some(InputBody::Whole(bytes.clone())),
            _ => None,
        };
        std::mem::replace(&mut self.0, again)
    }
}

/// What to do after a failure.
enum Next {
    SameGeneration,
    Successor,
    Nothing,
}

/// Calls the runner; again where none of the function's code has run.
pub(super) async fn call(
    app: &'static App,
    request: &Arc<Request>,
    ledger: &mut Ledger,
    mut generation: Callable,
    body: InputBody,
) -> Result<Reply, Failure> {
    let mut input = Input(Some(body));
    let mut first_failure = None;
    let mut unstarted = 0;
    for attempt in 1.. {
        let fault = match admit(ledger, &generation, unstarted > 0).await {
            Err(Failure::Fault(fault)) => fault,
            Err(refused) => return Err(refused),
            Ok(lease) => {
                let body = input.take().expect("there is one as long as it is tried again");
                match invoke(request, ledger, &generation, lease, body).await {
                    Err(fault) => fault,
                    Ok(reply) => return Ok(reply),
                }
            }
        };
        let tried_for = first_failure.get_or_insert_with(Instant::now).elapsed();
        let may = input.0.is_some() && attempt < ATTEMPTS && tried_for < ATTEMPTS_LIMIT;
        let next = match fault.kind {
            FaultKind::Unstarted if may && unstarted < UNSTARTED_LIMIT => Next::SameGeneration,
            FaultKind::Gone | FaultKind::Broken if may => Next::Successor,
            _ => Next::Nothing,
        };
        match next {
            Next::Nothing => return Err(shown(app, request, &generation, fault).await.into()),
            Next::SameGeneration => unstarted += 1,
            Next::Successor => {
                let later = successor(app, request, &generation, fault).await?;
                generation = later;
                ledger.move_to(Arc::clone(&generation));
            }
        }
    }
    unreachable!("the last attempt returns")
}

/// The fault as it was; a handler that cannot be loaded is listed so, also when it took too long to try again.
async fn shown(app: &App, request: &Request, generation: &Callable, fault: Fault) -> Fault {
    if fault.kind == FaultKind::Broken {
        app.catalog.failed(&request.function, generation.number, &fault.message).await;
    }
    fault
}

/// A place at the gate, with a worker where there are workers.
async fn admit(
    ledger: &mut Ledger,
    generation: &Callable,
    again: bool,
) -> Result<Option<WorkerLease>, Failure> {
    let (prepared, manifest) = (&generation.prepared, &generation.manifest);
    let waited = manifest.max_wait;
    let Some(places) = prepared.places() else {
        return match ledger.take_seat(waited).await {
            true => Ok(None),
            false => {
                let concurrency = generation.gate.limit();
                Err(Failure::Refused(Rejection::AtLimit { concurrency, waited }))
            }
        };
    };
    let terms = Terms { patience: waited, limit: manifest.timeout, again };
    prepared.lease(terms).await.map_err(|refused| match refused {
        Refused::AtLimit => {
            let concurrency = generation.gate.limit().min(places);
            Failure::Refused(Rejection::AtLimit { concurrency, waited })
        }
        Refused::Paused { reason, retry_after } => {
            Failure::Refused(Rejection::Paused { reason, retry_after })
        }
        Refused::Late => Failure::Fault(Fault::unready(manifest.timeout)),
        Refused::Start(fault) => Failure::Fault(fault),
    })
}

/// The time that the function has begins when its worker is there.
async fn invoke(
    request: &Arc<Request>,
    ledger: &mut Ledger,
    generation: &Callable,
    lease: Option<WorkerLease>,
    body: InputBody,
) -> Result<Reply, Fault> {
    let (now, start) = match &lease {
        None => (Instant::now(), None),
        Some(lease) => (lease.since(), lease.start),
    };
    let since = now.checked_sub(start.unwrap_or_default()).unwrap_or(now);
    ledger.invoked(since, lease.is_none() || start.is_some());
    request.set_deadline(now + generation.manifest.timeout);
    let limit = generation.manifest.timeout + GRACE_AFTER_DEADLINE;
    let reply = within(limit, generation.prepared.invoke(lease, request, body)).await;
    reply.unwrap_or_else(|| Err(Fault::late()))
}

/// The generation that can take a call which this one could not.
async fn successor(
    app: &'static App,
    request: &Arc<Request>,
    generation: &Callable,
    fault: Fault,
) -> Result<Callable, Fault> {
    let name = &request.function;
    tracing::debug!(id = %request.id, %fault, "waiting for the next generation");
    let is_broken = fault.kind == FaultKind::Broken;
    if is_broken {
        app.catalog.failed(name, generation.number, &fault.message).await;
    } else {
        app.catalog.refresh(name).await;
    }
    let later = app.catalog.read(name, |function| {
        let Some(function) = function else {
            return Err(Fault::gone("the function was removed during the call"));
        };
        function.read_state(|state| match state {
            State::Ready { generation, .. } => Ok(Arc::clone(generation)),
            State::Broken { reason, .. } if is_broken => Err(Fault::broken(reason)),
            State::Broken { reason, .. } => Err(Fault::gone(reason)),
            State::Building => Err(Fault::gone("the function is being built")),
        })
    })?;
    // It has not been shown as broken in time.
    if is_broken && later.number == generation.number { Err(fault) } else { Ok(later) }
}
