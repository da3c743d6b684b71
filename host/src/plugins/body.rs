//! Bodies across the boundary: bytes by reference count, streams by pulling.

use super::call::Call;
use super::fault::Fault;
use super::runner::PreparedFunction;
use crate::invocation::{End, Outcome};
use abi_stable::std_types::{ROption, RResult};
use bytes::Bytes;
use futures_util::Stream;
use plugin_abi::async_ffi::{FfiFuture, FutureExt};
use plugin_abi::{
    AbiError, BodyV1, ChunkV1, EndV1, Extra, FfiBytes, NO_EXIT_CODE, StreamV1, chunk_kind,
    error_kind, outcome, start_kind,
};
use std::ffi::c_void;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// A request's body on its way to a runner. Cloning shares it; a stream can be sent once.
pub(crate) enum InputBody {
    Whole(Bytes),
    Stream { size_hint: Option<u64>, stream: InputStream },
}

/// Chunks of a body as they arrive, or the text of why it ended early.
pub(crate) type InputStream = Pin<Box<dyn Stream<Item = Result<Bytes, String>> + Send>>;

/// Hands a body over.
pub(crate) fn into_abi(body: InputBody) -> BodyV1 {
    match body {
        InputBody::Whole(bytes) => {
            BodyV1 { size_hint: bytes.len() as u64, first: share(bytes), rest: ROption::RNone }
        }
        InputBody::Stream { size_hint, stream } => BodyV1 {
            size_hint: size_hint.unwrap_or(u64::MAX),
            first: FfiBytes::empty(),
            rest: ROption::RSome(StreamV1 {
                context: Arc::into_raw(Arc::new(Mutex::new(stream))).cast(),
                next: next_input,
                drop: drop_input,
            }),
        },
    }
}

fn share(bytes: Bytes) -> FfiBytes {
    if bytes.is_empty() { FfiBytes::empty() } else { FfiBytes::from_owner(bytes) }
}

/// The bytes behind a plugin's, without a copy.
pub(crate) fn adopt(bytes: FfiBytes) -> Bytes {
    if bytes.len == 0 { Bytes::new() } else { Bytes::from_owner(bytes) }
}

extern "C" fn next_input(context: *const c_void) -> FfiFuture<ROption<RResult<ChunkV1, AbiError>>> {
    let pointer = context.cast::<Mutex<InputStream>>();
    // SAFETY: `context` is the reference that `into_abi` gave away; it is held until `drop_input`, and this is one more.
    let stream = unsafe {
        Arc::increment_strong_count(pointer);
        Arc::from_raw(pointer)
    };
    async move {
        let item = std::future::poll_fn(|context| {
            let mut stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
            stream.as_mut().poll_next(context)
        });
        match item.await {
            None => ROption::RNone,
            Some(Ok(bytes)) => ROption::RSome(RResult::ROk(ChunkV1 {
                kind: chunk_kind::DATA,
                data: share(bytes),
                end: ROption::RNone,
            })),
            Some(Err(message)) => ROption::RSome(RResult::RErr(AbiError {
                kind: error_kind::CANCELLED,
                retry_after_ms: 0,
                message: message.into(),
                path: "".into(),
                extra: Extra::new(),
            })),
        }
    }
    .into_ffi()
}

extern "C" fn drop_input(context: *const c_void) {
    // SAFETY: called once, for the reference that `into_abi` gave away.
    drop(unsafe { Arc::from_raw(context.cast::<Mutex<InputStream>>()) });
}

/// The end of an invocation as a runner tells it.
pub(crate) fn end(raw: EndV1) -> End {
    End {
        outcome: match raw.outcome {
            outcome::SUCCEEDED => Outcome::Succeeded,
            outcome::FAILED => Outcome::Failed,
            outcome::TIMED_OUT => Outcome::TimedOut,
            outcome::CRASHED => Outcome::Crashed,
            outcome::CANCELLED => Outcome::Cancelled,
            _ => Outcome::BadProtocol,
        },
        exit_code: (raw.exit_code != NO_EXIT_CODE).then_some(raw.exit_code),
        error: raw.error.into(),
        cold: raw.start == start_kind::COLD,
        start: Duration::from_micros(raw.start_us),
        cpu: Duration::from_micros(raw.cpu_us),
        max_rss_bytes: raw.max_rss_bytes,
    }
}

type NextItem = Call<Arc<PreparedFunction>, ROption<RResult<ChunkV1, AbiError>>>;

/// A reply's body that is still being produced. Dropping it stops the producer.
pub(crate) struct ReplyStream {
    /// Dropped before the stream that it pulls from.
    next: Option<NextItem>,
    stream: StreamV1,
    function: Arc<PreparedFunction>,
}

/// One item of a reply's stream.
pub(crate) enum ReplyItem {
    Data(Bytes),
    End(End),
}

impl ReplyStream {
    pub(crate) fn new(stream: StreamV1, function: Arc<PreparedFunction>) -> Self {
        Self { next: None, stream, function }
    }
}

impl Stream for ReplyStream {
    type Item = Result<ReplyItem, Fault>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            let next = this.next.get_or_insert_with(|| {
                let future = (this.stream.next)(this.stream.context);
                Call::new(Arc::clone(&this.function), future)
            });
            let item = ready!(Pin::new(next).poll(context));
            this.next = None;
            return Poll::Ready(match item {
                ROption::RNone => None,
                ROption::RSome(RResult::RErr(error)) => Some(Err(error.into())),
                ROption::RSome(RResult::ROk(chunk)) => match (chunk.kind, chunk.end) {
                    (chunk_kind::DATA, _) => Some(Ok(ReplyItem::Data(adopt(chunk.data)))),
                    (chunk_kind::END, ROption::RSome(raw)) => Some(Ok(ReplyItem::End(end(raw)))),
                    _ => continue,
                },
            });
        }
    }
}
