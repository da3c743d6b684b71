//! The floor of a process per request: one axum handler that spawns, feeds, reads and reaps, and nothing else.
//!
//! `spawn-page HOW AT_ONCE PROGRAM [ARGUMENTS]`: HOW is `std`, `posix-spawn` or `clone`; AT_ONCE caps the children that live at the same time, 0: it does not.

mod raw;

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use std::ffi::CString;
use std::io::{Error, Read, Result, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use tokio::sync::Semaphore;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Clone, Copy)]
enum How {
    Std,
    PosixSpawn,
    Clone,
}

struct Page {
    how: How,
    /// The program, then its arguments.
    command: Vec<CString>,
    places: Semaphore,
}

fn main() -> Result<()> {
    let page = Arc::new(page_from(std::env::args().skip(1))?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("listening on http://{}", listener.local_addr()?);
        let answer = move |body: Bytes| answer(Arc::clone(&page), body);
        axum::serve(listener, axum::Router::new().route("/f/echo", post(answer))).await
    })
}

fn page_from(mut arguments: impl Iterator<Item = String>) -> Result<Page> {
    let how = match arguments.next().as_deref() {
        Some("std") => How::Std,
        Some("posix-spawn") => How::PosixSpawn,
        Some("clone") => How::Clone,
        other => return Err(Error::other(format!("unknown way to spawn: {other:?}"))),
    };
    let at_once = arguments.next().ok_or_else(|| Error::other("no number of children given"))?;
    let at_once = match at_once.parse().map_err(Error::other)? {
        0 => Semaphore::MAX_PERMITS,
        number => number,
    };
    let command = arguments.map(CString::new).collect::<std::result::Result<Vec<_>, _>>()?;
    if command.is_empty() {
        return Err(Error::other("no program given"));
    }
    Ok(Page { how, command, places: Semaphore::new(at_once) })
}

async fn answer(page: Arc<Page>, body: Bytes) -> std::result::Result<Vec<u8>, StatusCode> {
    let place = page.places.acquire().await.expect("the semaphore is never closed");
    let called = Arc::clone(&page);
    let output = tokio::task::spawn_blocking(move || call(&called, &body)).await;
    drop(place);
    match output {
        Ok(Ok(output)) => Ok(output),
        _ => Err(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn call(page: &Page, body: &[u8]) -> Result<Vec<u8>> {
    match page.how {
        How::Std => call_with_std(&page.command, body),
        How::PosixSpawn => raw::call(&page.command, body, raw::posix_spawn),
        How::Clone => raw::call(&page.command, body, raw::clone),
    }
}

fn call_with_std(words: &[CString], body: &[u8]) -> Result<Vec<u8>> {
    let words = words.iter().map(|word| word.to_str().map_err(Error::other));
    let words = words.collect::<Result<Vec<_>>>()?;
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn()?;
    child.stdin.take().expect("stdin is piped").write_all(body)?;
    let mut output = Vec::with_capacity(body.len());
    child.stdout.take().expect("stdout is piped").read_to_end(&mut output)?;
    if child.wait()?.success() { Ok(output) } else { Err(Error::other("the program failed")) }
}
