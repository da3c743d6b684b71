//! Bodies: bytes that are shared, and streams that are pulled.

use crate::{End, Error, Result};
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use plugin_abi::abi_stable::std_types::{ROption, RResult};
use plugin_abi::{BodyV1, FfiBytes, StreamV1, chunk_kind};
use std::pin::Pin;

/// One item of a reply's stream.
#[derive(Debug)]
pub enum Chunk {
    /// Bytes of the body.
    Data(Bytes),
    /// What the invocation ended as: the last item.
    End(End),
}

pub(crate) type BoxedStream = Pin<Box<dyn Stream<Item = Result<Chunk>> + Send>>;

enum Rest {
    None,
    Foreign(StreamV1),
    Own(BoxedStream),
}

/// A body. Small ones are whole; a large or endless one is a stream that produces only when it is asked.
pub struct Body {
    size_hint: Option<u64>,
    first: Bytes,
    rest: Rest,
}

impl Body {
    /// No bytes.
    #[must_use]
    pub fn empty() -> Self {
        Self::from(Bytes::new())
    }

    /// A stream of chunks; for replies its last item should be [`Chunk::End`]. Dropping the body drops the stream.
    pub fn from_stream(stream: impl Stream<Item = Result<Chunk>> + Send + 'static) -> Self {
        Self { size_hint: None, first: Bytes::new(), rest: Rest::Own(Box::pin(stream)) }
    }

    /// Length in bytes where it is known.
    #[must_use]
    pub fn size_hint(&self) -> Option<u64> {
        self.size_hint
    }

    /// True when all bytes are there already.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(self.rest, Rest::None)
    }

    /// What is there already; the whole body when [`Body::is_whole`].
    #[must_use]
    pub fn first(&self) -> &Bytes {
        &self.first
    }

    /// The next bytes, or none at the end. Safe to drop and call again.
    ///
    /// # Errors
    /// What the producer says: the client has gone, the body is too large or too slow.
    pub async fn chunk(&mut self) -> Option<Result<Bytes>> {
        if !self.first.is_empty() {
            return Some(Ok(std::mem::take(&mut self.first)));
        }
        loop {
            match &mut self.rest {
                Rest::None => return None,
                Rest::Own(stream) => {
                    let item = std::future::poll_fn(|context| stream.as_mut().poll_next(context));
                    match item.await {
                        Some(Ok(Chunk::Data(bytes))) => return Some(Ok(bytes)),
                        Some(Ok(Chunk::End(_))) => {}
                        Some(Err(error)) => return Some(Err(error)),
                        None => return None,
                    }
                }
                Rest::Foreign(stream) => match (stream.next)(stream.context).await {
                    ROption::RSome(RResult::ROk(chunk)) if chunk.kind == chunk_kind::DATA => {
                        return Some(Ok(Bytes::from_owner(chunk.data)));
                    }
                    ROption::RSome(RResult::ROk(_)) => {}
                    ROption::RSome(RResult::RErr(error)) => {
                        return Some(Err(Error::from_abi(error)));
                    }
                    ROption::RNone => return None,
                },
            }
        }
    }

    /// All bytes.
    ///
    /// # Errors
    /// The body is longer than `limit_bytes`, or its producer failed.
    pub async fn bytes(mut self, limit_bytes: u64) -> Result<Bytes> {
        if self.is_whole() && self.first.len() as u64 <= limit_bytes {
            return Ok(self.first);
        }
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.chunk().await {
            whole.extend_from_slice(&chunk?);
            if whole.len() as u64 > limit_bytes {
                return Err(Error::plugin(format!("body larger than {limit_bytes} bytes")));
            }
        }
        Ok(whole.freeze())
    }

    pub(crate) fn from_abi(body: BodyV1) -> Self {
        let first = if body.first.len == 0 { Bytes::new() } else { Bytes::from_owner(body.first) };
        Self {
            size_hint: (body.size_hint != u64::MAX).then_some(body.size_hint),
            first,
            rest: match body.rest {
                ROption::RSome(stream) => Rest::Foreign(stream),
                ROption::RNone => Rest::None,
            },
        }
    }

    /// `wrap` makes a boundary stream of one of our own.
    pub(crate) fn into_abi(self, wrap: impl FnOnce(BoxedStream) -> StreamV1) -> BodyV1 {
        BodyV1 {
            size_hint: self.size_hint.unwrap_or(u64::MAX),
            first: bytes_into_abi(self.first),
            rest: match self.rest {
                Rest::None => ROption::RNone,
                Rest::Foreign(stream) => ROption::RSome(stream),
                Rest::Own(stream) => ROption::RSome(wrap(stream)),
            },
        }
    }
}

pub(crate) fn bytes_into_abi(bytes: Bytes) -> FfiBytes {
    if bytes.is_empty() { FfiBytes::empty() } else { FfiBytes::from_owner(bytes) }
}

impl From<Bytes> for Body {
    fn from(first: Bytes) -> Self {
        Self { size_hint: Some(first.len() as u64), first, rest: Rest::None }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Body")
            .field("size_hint", &self.size_hint)
            .field("first", &self.first.len())
            .field("whole", &self.is_whole())
            .finish()
    }
}
