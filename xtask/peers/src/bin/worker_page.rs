//! The floor of a warm worker: one axum handler, some workers, one call in flight in each over two pipes, and nothing else.
//!
//! `worker-page WORKERS COMMAND [ARGUMENTS]`: so many with `echo` as last argument, and as many with `add`; the frames are those of the launcher protocol.

use axum::Router;
use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use std::io::{Error, IoSlice, Result};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::sync::Semaphore;

/// Type, length of the header, length of the body.
const HEAD_BYTES: usize = 9;
/// Enough for what the benchmark's functions answer.
const ANSWER_BYTES: usize = 2048;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Worker {
    input: Sender,
    output: Receiver,
    /// What has been read of the next answer.
    answer: Vec<u8>,
    owes: bool,
    _process: Child,
}

/// Workers that do one thing.
struct Pool {
    kind: u8,
    idle: Mutex<Vec<Worker>>,
    places: Semaphore,
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let workers = arguments.next().ok_or_else(|| Error::other("no number of workers given"))?;
    let workers: usize = workers.parse().map_err(Error::other)?;
    let command: Vec<String> = arguments.collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("listening on http://{}", listener.local_addr()?);
        let mut router = Router::new();
        for (path, argument, kind) in [("/f/echo", "echo", b'T'), ("/f/add", "add", b'J')] {
            let pool = Arc::new(Pool::start(workers, &command, argument, kind)?);
            router = router.route(path, post(move |body| answer(Arc::clone(&pool), body)));
        }
        axum::serve(listener, router).await
    })
}

impl Pool {
    fn start(workers: usize, command: &[String], argument: &str, kind: u8) -> Result<Self> {
        let started = (0..workers).map(|_| Worker::start(command, argument));
        let idle = Mutex::new(started.collect::<Result<_>>()?);
        Ok(Self { kind, idle, places: Semaphore::new(workers) })
    }
}

async fn answer(pool: Arc<Pool>, body: Bytes) -> Response {
    let _place = pool.places.acquire().await.expect("the semaphore is never closed");
    match Lent::from(&pool).call(&body).await {
        Ok((kind, output)) if kind == pool.kind => {
            let content_type =
                if kind == b'J' { "application/json" } else { "text/plain; charset=utf-8" };
            ([(header::CONTENT_TYPE, content_type)], output).into_response()
        }
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A worker that goes back also when the caller hangs up and this is dropped in the middle of a call.
struct Lent<'a> {
    pool: &'a Pool,
    worker: Option<Worker>,
}

impl<'a> Lent<'a> {
    fn from(pool: &'a Pool) -> Self {
        Self { pool, worker: pool.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() }
    }

    async fn call(&mut self, body: &[u8]) -> Result<(u8, Bytes)> {
        let worker = self.worker.as_mut().ok_or_else(|| Error::other("more calls than workers"))?;
        worker.call(body).await
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).extend(self.worker.take());
    }
}

impl Worker {
    fn start(command: &[String], argument: &str) -> Result<Self> {
        let (program, arguments) =
            command.split_first().ok_or_else(|| Error::other("no command given"))?;
        let mut process = Command::new(program)
            .args(arguments)
            .arg(argument)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input: OwnedFd = process.stdin.take().expect("stdin is piped").into();
        let output: OwnedFd = process.stdout.take().expect("stdout is piped").into();
        let (input, output) = (Sender::from_owned_fd(input)?, Receiver::from_owned_fd(output)?);
        Ok(Self { input, output, answer: Vec::new(), owes: false, _process: process })
    }

    async fn call(&mut self, body: &[u8]) -> Result<(u8, Bytes)> {
        if self.owes {
            // To a caller who has gone.
            self.read().await?;
        }
        self.owes = true;
        let mut head = [b'I', 0, 0, 0, 0, 0, 0, 0, 0];
        head[5..].copy_from_slice(&u32::try_from(body.len()).map_err(Error::other)?.to_be_bytes());
        // Both in one system call where the pipe has room.
        let written = self.input.write_vectored(&[IoSlice::new(&head), IoSlice::new(body)]).await?;
        let of_body = written.checked_sub(HEAD_BYTES).ok_or_else(|| Error::other("a torn head"))?;
        self.input.write_all(&body[of_body..]).await?;
        self.read().await
    }

    async fn read(&mut self) -> Result<(u8, Bytes)> {
        self.answer.reserve(ANSWER_BYTES);
        let mut whole = HEAD_BYTES;
        while self.answer.len() < whole {
            if self.output.read_buf(&mut self.answer).await? == 0 {
                return Err(Error::other("the worker has ended"));
            }
            if let Some(length) = self.answer.get(5..HEAD_BYTES) {
                let length = u32::from_be_bytes(length.try_into().expect("these are four bytes"));
                whole = HEAD_BYTES + length as usize;
            }
        }
        self.owes = false;
        let answer = Bytes::from(std::mem::take(&mut self.answer));
        Ok((answer[0], answer.slice(HEAD_BYTES..)))
    }
}
