//! From a prepared function to a worker that has said hello.

use crate::attendant::attend;
use crate::frame::{Frame, kind};
use crate::function::Function;
use crate::inlet::Inlet;
use crate::life::Life;
use crate::load::PROTOCOL;
use crate::outlet::Outlet;
use crate::state::{Hello, Phase, State};
use crate::worker::{Link, Worker};
use bytes::Bytes;
use plugin_api::{Error, ErrorKind, Result, serde_json, tokio};
use processes::{
    Answer, Process, Starter, Watched, exit_code, killed_by, open_folder, pipe, readable,
    set_nonblocking, signal, was_replaced,
};
use serde::Deserialize;
use std::future::poll_fn;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

/// So much of what was printed before a failed start goes to the host's log.
const SHOWN_BYTES: usize = 8 << 10;

/// A worker to be started, as the thread that starts it needs it.
pub(crate) struct Order {
    pub(crate) function: Arc<Function>,
}

/// A process with our ends of its pipes.
pub(crate) struct Spawned {
    process: Process,
    /// The function's folder when it was started.
    folder: OwnedFd,
    input: OwnedFd,
    output: OwnedFd,
    prints: OwnedFd,
}

/// On a thread that starts processes.
pub(crate) fn spawn(starter: &mut Starter, order: Order) -> Answer<Spawned> {
    let function = &order.function;
    let folder = open_folder(&function.blueprint)?;
    let (their_input, input) = pipe()?;
    let (output, their_output) = pipe()?;
    let (prints, their_prints) = pipe()?;
    for ours in [&input, &output, &prints] {
        set_nonblocking(ours)?;
    }
    let prints_end = Some(their_prints.as_fd());
    let theirs =
        [None, prints_end, prints_end, Some(their_input.as_fd()), Some(their_output.as_fd())];
    let started = starter.start(&function.blueprint, &folder, &function.environment, &theirs)?;
    Ok(Spawned { process: started.process, folder, input, output, prints })
}

/// Starts a worker and waits until its handler is loaded.
pub(crate) async fn start(function: &Arc<Function>) -> Result<Worker> {
    let begun = Instant::now();
    let order = Order { function: Arc::clone(function) };
    let spawned = function.shared.pool.run(order).await?;
    let program = function.blueprint.path.to_string_lossy();
    let spawned = spawned.map_err(|error| error.into_error(&program))?;
    let folder = spawned.folder;
    let state = State::new(
        Life::Own(spawned.process),
        Inlet::new(spawned.input),
        Outlet::new(spawned.output),
    );
    let exit = readable(state.life.as_ref().expect("just given").pidfd()?)?;
    let link = Link::new(Arc::clone(function), readable(spawned.prints)?, state);
    tokio::spawn(attend(Arc::clone(&link), exit));
    let worker = Worker(link);
    let hello = tokio::time::timeout(function.start_patience, hello(&worker.0)).await;
    let failure = match hello {
        Ok(Ok(())) => {
            let _ = worker.0.start.set(begun.elapsed());
            return Ok(worker);
        }
        Ok(Err(failure)) => failure,
        Err(_) => {
            format!("not ready after {} ms: loading takes too long", begun.elapsed().as_millis())
        }
    };
    let file = function.file.as_deref();
    if was_replaced(&function.blueprint.folder, &folder) || file.is_some_and(|file| !file.exists())
    {
        let text = "the folder was replaced while a worker was starting";
        return Err(Error::new(ErrorKind::Gone, text));
    }
    let printed = std::mem::take(&mut worker.0.lock().early_log);
    let printed = String::from_utf8_lossy(&printed[printed.len().saturating_sub(SHOWN_BYTES)..]);
    tracing::warn!(function = function.name, reason = failure, %printed, "a worker could not be started");
    Err(Error::new(ErrorKind::Broken, failure))
}

/// Sends `L` and waits for `H`; says why there is none.
async fn hello(link: &Arc<Link>) -> Result<(), String> {
    let output = {
        let mut state = link.lock();
        let _ = state.inlet.send(&link.function.load, &Bytes::new());
        state.outlet.duplicate().and_then(readable)
    };
    link.attendant.wake();
    let output = output.map_err(|error| format!("its output cannot be watched: {error}"))?;
    poll_fn(|context| poll_hello(link, &output, context)).await
}

fn poll_hello(
    link: &Link,
    output: &Watched,
    context: &mut Context<'_>,
) -> Poll<Result<(), String>> {
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
            Hello::Nonsense(text) => return Poll::Ready(Err(text)),
            Hello::Done => return Poll::Ready(Ok(())),
        }
        if state.phase == Phase::Gone {
            return Poll::Ready(Err(end(link, &state)));
        }
        if state.outlet.closed {
            return Poll::Pending;
        }
        match output.poll_read_ready(context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error.to_string())),
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

fn greeting(frame: &Frame) -> Result<(), String> {
    let greeting: Greeting = serde_json::from_slice(&frame.header).unwrap_or_default();
    match frame.kind {
        kind::HELLO if greeting.protocol == PROTOCOL => Ok(()),
        kind::HELLO => Err(format!(
            "its launcher speaks version {} of the protocol, and this host version {PROTOCOL}",
            greeting.protocol
        )),
        kind::BROKEN => {
            if !greeting.trace.is_empty() {
                tracing::warn!(trace = greeting.trace, "a handler cannot be loaded");
            }
            let kind = if greeting.kind.is_empty() { "load" } else { &greeting.kind };
            Err(format!("{kind}: {}", greeting.message))
        }
        other => Err(format!(
            "its launcher began with a frame of the type `{}` instead of a hello",
            other.escape_ascii()
        )),
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
