//! From a prepared function to a worker that has said hello.

use crate::attendant::attend;
use crate::frame::{Frame, kind};
use crate::function::Function;
use crate::inlet::Inlet;
use crate::load::PROTOCOL;
use crate::outlet::Outlet;
use crate::spawn::{Spawned, fork, spawn_directly};
use crate::state::{Hello, Phase, State};
use crate::worker::{Link, Worker};
use bytes::Bytes;
use plugin_api::{Error, ErrorKind, Result, serde_json, tokio};
use processes::{Watched, exit_code, killed_by, readable, signal, was_replaced};
use serde::Deserialize;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

/// So much of what was printed before a failed start goes to the host's log.
const SHOWN_BYTES: usize = 8 << 10;

/// Starts a worker and waits until its handler is loaded.
pub(crate) async fn start(function: &Arc<Function>) -> Result<Worker> {
    let begun = Instant::now();
    let template = function.nursery.template(function);
    let forked = match &template {
        Some(template) => fork(function, template).await.map_err(|error| {
            tracing::warn!(function = function.name, error, "a worker could not be forked");
        }),
        None => Err(()),
    };
    if let Ok(spawned) = forked {
        match greet(function, spawned, begun).await? {
            Ok(worker) => return Ok(worker),
            Err(Refusal { text, by_handler: true }) => {
                return Err(Error::new(ErrorKind::Broken, text));
            }
            // It may be the fork that it does not bear.
            Err(Refusal { .. }) => function.nursery.rest(),
        }
    }
    let spawned = spawn_directly(function).await?;
    greet(function, spawned, begun)
        .await?
        .map_err(|refusal| Error::new(ErrorKind::Broken, refusal.text))
}

/// Why a worker that was started takes no calls.
struct Refusal {
    text: String,
    /// Its launcher says so of the handler.
    by_handler: bool,
}

/// Waits for a new worker to be ready. The outer error is not the handler's doing.
async fn greet(
    function: &Arc<Function>,
    spawned: Spawned,
    begun: Instant,
) -> Result<Result<Worker, Refusal>> {
    let Spawned { life, folder, input, output, prints } = spawned;
    let exit = readable(life.pidfd()?)?;
    let state = State::new(life, Inlet::new(input), Outlet::new(output));
    let link = Link::new(Arc::clone(function), readable(prints)?, state);
    function.shared.remember(&link);
    tokio::spawn(attend(Arc::clone(&link), exit));
    let worker = Worker(link);
    let refusal = match tokio::time::timeout(function.start_patience, hello(&worker.0)).await {
        Ok(Ok(())) => {
            let _ = worker.0.start.set(begun.elapsed());
            return Ok(Ok(worker));
        }
        Ok(Err(refusal)) => refusal,
        Err(_) => {
            let waited_ms = function.start_patience.as_millis();
            Refusal::of_worker(format!("not ready after {waited_ms} ms: loading takes too long"))
        }
    };
    if function.shared.registry().is_ending() {
        return Err(Error::unavailable("the host is ending", 1000));
    }
    let is_lost = function.file.as_deref().is_some_and(|file| !file.exists());
    if is_lost || was_replaced(&function.blueprint.folder, &folder) {
        let text = "the folder was replaced while a worker was starting";
        return Err(Error::new(ErrorKind::Gone, text));
    }
    let printed = std::mem::take(&mut worker.0.lock().early_log);
    let printed = String::from_utf8_lossy(&printed[printed.len().saturating_sub(SHOWN_BYTES)..]);
    let reason = &refusal.text;
    tracing::warn!(function = function.name, reason, %printed, "a worker could not be started");
    Ok(Err(refusal))
}

/// Sends `L` and waits for `H`; says why there is none.
async fn hello(link: &Arc<Link>) -> Result<(), Refusal> {
    let output = {
        let mut state = link.lock();
        let _ = state.inlet.send(&link.function.load, &Bytes::new());
        state.outlet.duplicate().and_then(readable)
    };
    link.attendant.wake();
    let output = output
        .map_err(|error| Refusal::of_worker(format!("its output cannot be watched: {error}")))?;
    poll_fn(|context| poll_hello(link, &output, context)).await
}

fn poll_hello(
    link: &Link,
    output: &Watched,
    context: &mut Context<'_>,
) -> Poll<Result<(), Refusal>> {
    link.observer.register(context.waker());
    let mut state = link.lock();
    loop {
        match std::mem::replace(&mut state.hello, Hello::Awaited) {
            Hello::Awaited => {}
            Hello::Said(frame) => {
                state.take_prints(link);
                state.hello = Hello::Done;
                return Poll::Ready(greeting(&frame));
            }
            Hello::Nonsense(text) => return Poll::Ready(Err(Refusal::of_worker(text))),
            Hello::Done => return Poll::Ready(Ok(())),
        }
        if state.phase == Phase::Gone {
            return Poll::Ready(Err(Refusal::of_worker(end(link, &state))));
        }
        if state.outlet.closed {
            return Poll::Pending;
        }
        match output.poll_read_ready(context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Err(error)) => {
                return Poll::Ready(Err(Refusal::of_worker(error.to_string())));
            }
            Poll::Ready(Ok(mut ready)) => {
                state.read(link);
                if !state.outlet.unread {
                    ready.clear_ready();
                }
            }
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Greeting {
    protocol: u64,
    kind: String,
    message: String,
    trace: String,
}

fn greeting(frame: &Frame) -> Result<(), Refusal> {
    let Greeting { protocol, kind, message, trace } =
        serde_json::from_slice(&frame.header).unwrap_or_default();
    let text = match frame.kind {
        kind::HELLO if protocol == PROTOCOL => return Ok(()),
        kind::HELLO => format!(
            "its launcher speaks version {protocol} of the protocol, and this host version {PROTOCOL}"
        ),
        kind::BROKEN => {
            if !trace.is_empty() {
                tracing::warn!(trace, "a handler cannot be loaded");
            }
            let kind = if kind.is_empty() { "load" } else { &kind };
            return Err(Refusal { text: format!("{kind}: {message}"), by_handler: true });
        }
        other => format!(
            "its launcher began with a frame of the type `{}` instead of a hello",
            other.escape_ascii()
        ),
    };
    Err(Refusal::of_worker(text))
}

impl Refusal {
    fn of_worker(text: String) -> Self {
        Self { text, by_handler: false }
    }
}

/// Why it ended before it was ready: in words of its own where it had some.
fn end(link: &Link, state: &State) -> String {
    let status = link.exit.get().map_or(0, |exit| exit.status);
    let how = match (signal(status), exit_code(status)) {
        (Some(signal), _) => killed_by(signal),
        (None, code) => format!("exited with code {}", code.unwrap_or_default()),
    };
    let printed = String::from_utf8_lossy(&state.early_log);
    let last = printed.lines().rev().map(str::trim).find(|line| !line.is_empty());
    let last = last.map(|line| line.chars().take(300).collect::<String>());
    let last = last.map(|line| format!(": {line}")).unwrap_or_default();
    format!("{how} before it was ready{last}")
}
