//! The body of a response: nothing, whole, or as it comes.

use super::connection::Open;
use crate::pipeline::AnswerStream;
use bytes::Bytes;
use futures_util::Stream;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Why a body ends early: the connection is cut, so that nobody takes it for whole.
pub(crate) type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// A response's body. The common case, whole bytes, is one move and no allocation.
pub(crate) enum ResponseBody {
    Whole(Bytes),
    /// The request is open until the last byte is out.
    Stream(Box<AnswerStream>, #[expect(dead_code, reason = "held for its drop")] Open),
    Routed(axum::body::Body),
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Stream(stream, _) => {
                let item = ready!(Pin::new(&mut **stream).poll_next(context));
                Poll::Ready(item.map(|item| item.map(Frame::data).map_err(Into::into)))
            }
            Self::Routed(body) => {
                let frame = ready!(Pin::new(body).poll_frame(context));
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Stream(..) => false,
            Self::Routed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Stream(..) => SizeHint::default(),
            Self::Routed(body) => body.size_hint(),
        }
    }
}
