//! A stream of ours as the boundary's pull stream.

use crate::body::{BoxedStream, Chunk, bytes_into_abi};
use crate::guard::guard;
use crate::instance::{Held, Instance};
use crate::logging::InvocationMark;
use plugin_abi::abi_stable::std_types::{ROption, RResult};
use plugin_abi::async_ffi::FfiFuture;
use plugin_abi::{AbiError, ChunkV1, FfiBytes, StreamV1, chunk_kind};
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

type Item = ROption<RResult<ChunkV1, AbiError>>;

/// The stream is behind a lock that nobody contends for: an aborted task of an own executor may outlive the call
/// that the host has given up, and must not find the stream freed.
struct State<P: Send + Sync + 'static> {
    stream: Mutex<Option<BoxedStream>>,
    instance: Held<Instance<P>>,
    mark: InvocationMark,
}

/// Wraps a stream of an instance.
pub(crate) fn export<P: Send + Sync + 'static>(
    instance: Held<Instance<P>>,
    mark: InvocationMark,
    stream: BoxedStream,
) -> StreamV1 {
    let state = Arc::new(State { stream: Mutex::new(Some(stream)), instance, mark });
    StreamV1 { context: Arc::into_raw(state).cast(), next: next::<P>, drop: release::<P> }
}

extern "C" fn next<P: Send + Sync + 'static>(context: *const c_void) -> FfiFuture<Item> {
    let state = crate::instance::clone_arc::<State<P>>(plugin_abi::Handle(context));
    let pull = {
        let state = Arc::clone(&state);
        async move {
            let item = std::future::poll_fn(|context| {
                let mut stream = state.stream.lock().unwrap_or_else(PoisonError::into_inner);
                match stream.as_mut() {
                    Some(stream) => stream.as_mut().poll_next(context),
                    None => std::task::Poll::Ready(None),
                }
            });
            item.await.transpose()
        }
    };
    let guarded = guard(state.instance.clone(), state.mark, pull);
    use plugin_abi::async_ffi::FutureExt;
    async move {
        match guarded.await {
            RResult::ROk(None) => ROption::RNone,
            RResult::ROk(Some(chunk)) => ROption::RSome(RResult::ROk(into_abi(chunk))),
            RResult::RErr(error) => ROption::RSome(RResult::RErr(error)),
        }
    }
    .into_ffi()
}

fn into_abi(chunk: Chunk) -> ChunkV1 {
    match chunk {
        Chunk::Data(bytes) => {
            ChunkV1 { kind: chunk_kind::DATA, data: bytes_into_abi(bytes), end: ROption::RNone }
        }
        Chunk::End(end) => ChunkV1 {
            kind: chunk_kind::END,
            data: FfiBytes::empty(),
            end: ROption::RSome(end.into_abi()),
        },
    }
}

extern "C" fn release<P: Send + Sync + 'static>(context: *const c_void) {
    let state = crate::instance::take_arc::<State<P>>(plugin_abi::Handle(context));
    let _entered = state.instance.runtime.enter();
    let stream = state.stream.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(stream))) {
        std::mem::forget(payload);
    }
}
