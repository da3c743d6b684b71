//! What hyper itself refuses, before there is a request, gets a problem document as well.
//!
//! hyper answers a head that it cannot read with a bare status line. This wrapper of the connection sees such an
//! answer on its way out (ours carry `x-invocation-id` or a body) and puts the document in its place.

use super::connection::Connection;
use super::respond::document;
use crate::invocation::Rejection;
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::Sleep;

/// How long a caller whose head was refused may go on sending before the connection is cut.
const LINGER: Duration = Duration::from_secs(2);
/// Longest answer of hyper's own, in bytes: status line, connection, content-length, date.
const LONGEST_BARE_ANSWER: usize = 200;

/// A connection whose bare refusals are replaced.
pub(super) struct Refusals<T> {
    inner: T,
    header_bytes: usize,
    /// Told of every piece that moves, and of those that cannot.
    connection: Arc<Connection>,
    /// A document on its way out, and how much of it has gone.
    document: Option<(Vec<u8>, usize)>,
    /// Runs while what the caller still sends is read away after a document.
    linger: Option<Pin<Box<Sleep>>>,
}

impl<T> Refusals<T> {
    pub(super) fn new(inner: T, header_bytes: usize, connection: Arc<Connection>) -> Self {
        Self { inner, header_bytes, connection, document: None, linger: None }
    }

    fn note(&self, wrote: &Poll<io::Result<usize>>) {
        match wrote {
            Poll::Ready(_) => self.connection.moved(),
            Poll::Pending => self.connection.stuck(),
        }
    }

    fn replacement(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        if bytes.len() > LONGEST_BARE_ANSWER || !bytes.starts_with(b"HTTP/1.1 4") {
            return None;
        }
        let head = bytes.to_ascii_lowercase();
        let has = |part: &[u8]| head.windows(part.len()).any(|window| window == part);
        if has(b"x-invocation-id") || !has(b"content-length: 0") {
            return None;
        }
        let rejection = match &bytes[9..12] {
            b"431" => Rejection::HeadersTooLarge {
                limit_bytes: self.header_bytes,
                limit_count: HEADER_LINES,
            },
            b"414" => Rejection::Malformed("the request's path and query are too long".into()),
            b"400" => Rejection::Malformed("the request is not HTTP/1.1 as RFC 9112 has it".into()),
            _ => return None,
        };
        let body = document(&rejection, None);
        let status = rejection.status();
        let head = format!(
            "HTTP/1.1 {} {}\r\nconnection: close\r\nserver-timing: total;dur=0.000\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\r\n",
            status.as_u16(),
            status.canonical_reason().unwrap_or_default(),
            body.len()
        );
        tracing::info!(
            status = status.as_u16(),
            reason = rejection.detail(),
            "refused before it was a request"
        );
        Some((head + &body).into_bytes())
    }
}

/// Most header lines of a request; hyper's own limit, below which it needs no allocation for them.
pub(super) const HEADER_LINES: usize = 100;

impl<T: Write + Unpin> Refusals<T> {
    /// Writes on at the document, if there is one.
    fn poll_document(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some((bytes, sent)) = &mut self.document {
            let wrote = ready!(Pin::new(&mut self.inner).poll_write(context, &bytes[*sent..]))?;
            *sent += wrote;
            if wrote == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            if *sent == bytes.len() {
                self.document = None;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: Read + Unpin> Refusals<T> {
    /// Closing a socket with unread bytes resets it, and the document with it: they are read away first.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(timer) = &mut self.linger else { return Poll::Ready(()) };
        let mut scratch = [0; 4096];
        while timer.as_mut().poll(context).is_pending() {
            let mut buffer = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut self.inner).poll_read(context, buffer.unfilled())) {
                Ok(()) if !buffer.filled().is_empty() => {}
                _ => break,
            }
        }
        Poll::Ready(())
    }
}

impl<T: Read + Write + Unpin> Write for Refusals<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if bytes.len() <= LONGEST_BARE_ANSWER
            && let Some(document) = this.replacement(bytes)
        {
            this.document = Some((document, 0));
            this.linger = Some(Box::pin(tokio::time::sleep(LINGER)));
            // Said to be written; `poll_flush` and `poll_shutdown` write the document first.
            if let Poll::Ready(Err(error)) = this.poll_document(context) {
                return Poll::Ready(Err(error));
            }
            return Poll::Ready(Ok(bytes.len()));
        }
        let wrote = Pin::new(&mut this.inner).poll_write(context, bytes);
        this.note(&wrote);
        wrote
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_document(context))?;
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_document(context))?;
        ready!(Pin::new(&mut self.inner).poll_shutdown(context))?;
        self.poll_linger(context).map(Ok)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [one] = slices
            && one.len() <= LONGEST_BARE_ANSWER
        {
            return self.poll_write(context, one);
        }
        let wrote = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.note(&wrote);
        wrote
    }
}

impl<T: Read + Unpin> Read for Refusals<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}
