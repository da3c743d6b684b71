//! One invocation from its head to its record.

use super::answer::Answer;
use super::authenticate::authenticate;
use super::call::call;
use super::conclude::conclude;
use super::ledger::Ledger;
use crate::app::{App, Hot, Phase};
use crate::functions::{Generation, Manifest, State};
use crate::invocation::{Rejection, Request};
use crate::plugins::{InputBody, Plugins};
use bytes::Bytes;
use http::Method;
use std::sync::Arc;
use std::time::Duration;

/// From this length on a body of known length is handed over as it comes instead of being received first.
const STREAMED_FROM_BYTES: u64 = 16 << 20;

/// What a caller reads who sent bytes to a function that takes text.
const NOT_TEXT: &str = "the body is not UTF-8, and this function takes text; \"input\": \"bytes\" in its run.json takes any";

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

pub(super) type Callable = Arc<Generation<Plugins>>;

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
    let is_large = body.length().is_some_and(|length| length >= STREAMED_FROM_BYTES);
    // Whether it is text can be told of the whole only.
    let body = if is_large && !manifest.takes_text {
        ledger.streams_input();
        body.stream(patience, request)
    } else if body.is_empty() {
        InputBody::Whole(Bytes::new())
    } else {
        let bytes = body.receive(limit, patience).await?;
        ledger.received(&bytes);
        if manifest.takes_text && std::str::from_utf8(&bytes).is_err() {
            return Err(Rejection::Malformed(NOT_TEXT.to_owned()));
        }
        InputBody::Whole(bytes)
    };
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
