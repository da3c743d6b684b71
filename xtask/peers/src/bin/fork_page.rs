//! The floor of a cold call without the interpreter's start: one axum handler that has a process fork for each call, and nothing else.
//!
//! `fork-page COMMAND [ARGUMENTS]`: the command gets a socket as stdin, over it two descriptors for each call; its child reads one to the end and answers on the other.

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::pipe::{PipeFlags, pipe_with};
use std::io::{Error, IoSlice, Result};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe::{Receiver, Sender};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Page {
    socket: UnixStream,
    _process: Child,
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let program = arguments.next().ok_or_else(|| Error::other("no command given"))?;
    let (socket, theirs) = UnixStream::pair()?;
    let process = Command::new(program).args(arguments).stdin(OwnedFd::from(theirs)).spawn()?;
    let page = Arc::new(Page { socket, _process: process });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("listening on http://{}", listener.local_addr()?);
        let answer = move |body: Bytes| {
            let page = Arc::clone(&page);
            async move { page.call(&body).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR) }
        };
        axum::serve(listener, axum::Router::new().route("/f/echo", post(answer))).await
    })
}

impl Page {
    async fn call(&self, body: &[u8]) -> Result<Vec<u8>> {
        let (their_input, input) = pipe_with(PipeFlags::CLOEXEC)?;
        let (output, their_output) = pipe_with(PipeFlags::CLOEXEC)?;
        let (mut input, mut output) =
            (Sender::from_owned_fd(input)?, Receiver::from_owned_fd(output)?);
        // A call writes one byte that nobody waits for; the socket holds hundreds.
        let descriptors = [their_input.as_fd(), their_output.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        ancillary.push(SendAncillaryMessage::ScmRights(&descriptors));
        sendmsg(&self.socket, &[IoSlice::new(b"F")], &mut ancillary, SendFlags::empty())?;
        drop((their_input, their_output));
        input.write_all(body).await?;
        drop(input);
        let mut answer = Vec::with_capacity(body.len() + 32);
        output.read_to_end(&mut answer).await?;
        Ok(answer)
    }
}
