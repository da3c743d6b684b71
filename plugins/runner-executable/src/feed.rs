//! Writing to a program's standard input as it reads, from a body as it comes.

use bytes::{Buf, Bytes};
use plugin_api::{Body, Error, Result};
use processes::Watched;
use rustix::io::Errno;
use std::pin::pin;
use std::task::{Context, Poll};

/// The input that a process has not got yet.
pub(crate) struct Feed {
    pipe: Option<Watched>,
    unwritten: Bytes,
    body: Option<Body>,
}

impl Feed {
    /// Without a pipe there is nothing to do.
    pub(crate) fn new(pipe: Option<Watched>, unwritten: Bytes, body: Option<Body>) -> Self {
        let body = if pipe.is_some() { body } else { None };
        Self { pipe, unwritten, body }
    }

    /// The program gets no more, and the rest of the body is dropped.
    pub(crate) fn close(&mut self) {
        self.pipe = None;
        self.unwritten = Bytes::new();
        self.body = None;
    }

    /// Writes what can be written. Ready only when the body fails; a program that does not read its input is no failure.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        while let Some(pipe) = &self.pipe {
            if self.unwritten.is_empty() {
                match self.poll_body(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(None) => self.close(),
                    Poll::Ready(Some(Ok(bytes))) => self.unwritten = bytes,
                    Poll::Ready(Some(Err(error))) => {
                        self.close();
                        return Poll::Ready(error);
                    }
                }
                continue;
            }
            let Ok(mut ready) = std::task::ready!(pipe.poll_write_ready(context)) else {
                self.close();
                break;
            };
            match rustix::io::write(ready.get_inner(), &self.unwritten) {
                Ok(count) => self.unwritten.advance(count),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => ready.clear_ready(),
                // The program has closed its input or ended.
                Err(_) => self.close(),
            }
        }
        Poll::Pending
    }

    fn poll_body(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        match &mut self.body {
            // Safe to drop and ask again: nothing is lost between two polls.
            Some(body) => pin!(body.chunk()).poll(context),
            None => Poll::Ready(None),
        }
    }
}
