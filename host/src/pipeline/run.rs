//! One invocation from its head to its record.

use super::answer::Answer;
use super::authenticate::authenticate;
use super::conclude::conclude;
use super::ledger::Ledger;
use crate::app::{App, Hot, Phase};
use crate::functions::{Generation, Manifest, State};
use crate::invocation::{Rejection, Request};
use crate::patience::within;
use crate::plugins::{Fault, FaultKind, InputBody, Plugins, Reply};
use bytes::Bytes;
use http::Method;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What runners have after a deadline to answer that it passed; then the host drops the call.
pub(crate) const GRACE_AFTER_DEADLINE: Duration = Duration::from_secs(1);
/// How often a call is tried on a newer generation when its files were taken away under it.
const ATTEMPTS: usize = 50;
/// And for how long.
const ATTEMPTS_LIMIT: Duration = Duration::from_secs(10);
/// From this length on a body of known length is handed over as it comes instead of being received first.
const STREAMED_FROM_BYTES: u64 = 16 << 20;

/// A request's body that has not been read yet.
pub(crate) trait Receive: Send {
    /// Length that the caller announced, in bytes.
    fn length(&self) -> Option<u64>;
    /// True when there is no body.
    fn is_empty(&self) -> bool;
    /// All of it.
    fn receive(
        self,
        limit_bytes: u64,
        patience: Duration,
    ) -> impl Future<Output = Result<Bytes, Rejection>> + Send;
    /// As it comes; ends with an error when it is late or cut off.
    fn stream(self, patience: Duration, request: &Arc<Request>) -> InputBody;
}

/// Answers one invocation. Whatever happens, also when this future is dropped, it ends in a record.
pub(crate) async fn run<B: Receive>(
    app: &'static App,
    request: Arc<Request>,
    body: B,
    entrance: Result<(), Rejection>,
) -> Answer {
    let hot = app.hot();
    let mut ledger = Ledger::open(app, &hot, &request);
    match enter(app, &hot, &request, body, entrance, &mut ledger).await {
        Ok((generation, body)) => {
            let reply = call(app, &request, &mut ledger, generation, body).await;
            conclude(&request, ledger, reply)
        }
        Err(rejection) => {
            let timings = ledger.refuse(&rejection);
            Answer::refused(rejection, timings)
        }
    }
}

type Callable = Arc<Generation<Plugins>>;

async fn enter<B: Receive>(
    app: &'static App,
    hot: &Hot,
    request: &Arc<Request>,
    body: B,
    entrance: Result<(), Rejection>,
    ledger: &mut Ledger,
) -> Result<(Callable, InputBody), Rejection> {
    if app.phase() == Phase::Draining {
        return Err(Rejection::Draining);
    }
    entrance?;
    authenticate(app, request).await?;
    let generation = route(app, request, &body, ledger)?;
    let manifest = &generation.manifest;
    let limit = manifest.limits.body;
    if body.length().is_some_and(|length| length > limit) {
        return Err(Rejection::BodyTooLarge { limit_bytes: limit });
    }
    let patience = hot.body_timeout;
    let body = if body.length().is_some_and(|length| length >= STREAMED_FROM_BYTES) {
        ledger.streams_input();
        body.stream(patience, request)
    } else if body.is_empty() {
        InputBody::Whole(Bytes::new())
    } else {
        let bytes = body.receive(limit, patience).await?;
        ledger.received(&bytes);
        InputBody::Whole(bytes)
    };
    if !ledger.take_seat(manifest.max_wait).await {
        let concurrency = generation.gate.limit();
        return Err(Rejection::AtLimit { concurrency, waited: manifest.max_wait });
    }
    Ok((generation, body))
}

fn route(
    app: &'static App,
    request: &Request,
    body: &impl Receive,
    ledger: &mut Ledger,
) -> Result<Callable, Rejection> {
    let name = &request.function;
    let generation = app.catalog.read(name, |function| {
        let Some(function) = function else {
            return Err(Rejection::NoSuchFunction(name.to_string()));
        };
        function.read_state(|state| match state {
            State::Ready { generation, .. } => Ok(Arc::clone(generation)),
            state => {
                ledger.turned_away(Arc::clone(&function.gate));
                Err(not_ready(app, name, state))
            }
        })
    })?;
    ledger.routed(Arc::clone(&generation));
    let manifest = &generation.manifest;
    let method = &request.parts.method;
    if !takes(&manifest.methods, method) {
        let allow = manifest.allow_header.clone();
        return Err(Rejection::MethodNotAllowed { method: method.to_string(), allow });
    }
    if !manifest.accept.takes_everything() {
        check_type(manifest, request, body)?;
    }
    Ok(generation)
}

fn check_type(
    manifest: &Manifest,
    request: &Request,
    body: &impl Receive,
) -> Result<(), Rejection> {
    let accept = &manifest.accept;
    let content_type = request.parts.headers.get(http::header::CONTENT_TYPE);
    let given = content_type.and_then(|value| value.to_str().ok());
    let takes = match body.is_empty() {
        true => accept.takes_without_body(given),
        false => accept.takes(given),
    };
    if takes {
        return Ok(());
    }
    let given = content_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let accept = accept.to_string();
    Err(Rejection::UnsupportedMediaType { given: given.unwrap_or_default(), accept })
}

/// GET stands for HEAD as well (RFC 9110, section 9.3.2).
fn takes(methods: &[Method], method: &Method) -> bool {
    methods.contains(method) || (method == Method::HEAD && methods.contains(&Method::GET))
}

/// A broken function is looked at again when it is called: what was missing may be there now.
fn not_ready(app: &'static App, name: &str, state: &State<Plugins>) -> Rejection {
    match state {
        State::Broken { reason, .. } => {
            app.look_again(name);
            Rejection::Broken(reason.clone())
        }
        State::Ready { .. } | State::Building => Rejection::Building,
    }
}

/// Calls the runner; on the next generation when the files of this one were taken away before its code ran.
async fn call(
    app: &'static App,
    request: &Arc<Request>,
    ledger: &mut Ledger,
    mut generation: Callable,
    body: InputBody,
) -> Result<Reply, Fault> {
    let now = Instant::now();
    ledger.invoked(now);
    request.set_deadline(now + generation.manifest.timeout);
    let mut next_body = Some(body);
    for attempt in 1.. {
        let again = match &next_body {
            Some(InputBody::Whole(bytes)) => Some(InputBody::Whole(bytes.clone())),
            _ => None,
        };
        let body = std::mem::replace(&mut next_body, again).expect("set before every attempt");
        let limit = generation.manifest.timeout + GRACE_AFTER_DEADLINE;
        let reply = match within(limit, generation.prepared.invoke(request, body)).await {
            Some(reply) => reply,
            None => Err(Fault::late()),
        };
        match reply {
            Err(fault)
                if fault.kind == FaultKind::Gone
                    && next_body.is_some()
                    && attempt < ATTEMPTS
                    && now.elapsed() < ATTEMPTS_LIMIT =>
            {
                tracing::debug!(id = %request.id, %fault, attempt, "files gone: waiting for the next generation");
                app.catalog.refresh(&request.function).await;
                generation = successor(app, &request.function)?;
                ledger.move_to(Arc::clone(&generation));
            }
            reply => return reply,
        }
    }
    unreachable!("the last attempt returns")
}

fn successor(app: &'static App, name: &str) -> Result<Callable, Fault> {
    app.catalog.read(name, |function| {
        let Some(function) = function else {
            return Err(Fault::gone("the function was removed during the call"));
        };
        function.read_state(|state| match state {
            State::Ready { generation, .. } => Ok(Arc::clone(generation)),
            State::Broken { reason, .. } => Err(Fault::gone(reason)),
            State::Building => Err(Fault::gone("the function is being built")),
        })
    })
}
