//! The guard around every future that crosses the boundary: runtime entered, panics caught, log records marked.

use crate::instance::{Held, Instance};
use crate::logging::InvocationMark;
use crate::{Error, ErrorKind, Result};
use plugin_abi::AbiError;
use plugin_abi::abi_stable::std_types::RResult;
use plugin_abi::async_ffi::{FfiFuture, FutureExt};
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A future of an instance. The future is dropped before the reference to its instance.
struct Guarded<P: Send + Sync + 'static, F> {
    future: ManuallyDrop<F>,
    instance: Held<Instance<P>>,
    mark: InvocationMark,
}

/// Wraps what an author's code does in a future that the host can poll: on the host's threads, or on the plugin's own.
pub(crate) fn guard<P, T>(
    instance: Held<Instance<P>>,
    mark: InvocationMark,
    future: impl Future<Output = Result<T>> + Send + 'static,
) -> FfiFuture<RResult<T, AbiError>>
where
    P: Send + Sync + 'static,
    T: Send + 'static,
{
    if !instance.runtime.runs_own() {
        return Guarded { future: ManuallyDrop::new(future), instance, mark }.into_ffi();
    }
    let inner = Guarded { future: ManuallyDrop::new(future), instance: instance.clone(), mark };
    async move {
        match instance.runtime.spawn(inner).await {
            Ok(result) => result,
            Err(error) => RResult::RErr(error.into_abi()),
        }
    }
    .into_ffi()
}

impl<P, T, F> Future for Guarded<P, F>
where
    P: Send + Sync + 'static,
    F: Future<Output = Result<T>>,
{
    type Output = RResult<T, AbiError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: `future` is structurally pinned: it is never moved out, and dropped in place in `drop`.
        let this = unsafe { self.get_unchecked_mut() };
        let _entered = this.instance.runtime.enter();
        let _marked = this.mark.enter(this.instance.host.raw());
        // SAFETY: as above.
        let future = unsafe { Pin::new_unchecked(&mut *this.future) };
        match catch_unwind(AssertUnwindSafe(|| future.poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(Ok(value))) => Poll::Ready(RResult::ROk(value)),
            Ok(Poll::Ready(Err(error))) => Poll::Ready(RResult::RErr(error.into_abi())),
            Err(payload) => Poll::Ready(RResult::RErr(panic_error(payload).into_abi())),
        }
    }
}

impl<P: Send + Sync + 'static, F> Drop for Guarded<P, F> {
    fn drop(&mut self) {
        let _entered = self.instance.runtime.enter();
        let _marked = self.mark.enter(self.instance.host.raw());
        // SAFETY: dropped once, here; `self.future` is not used afterwards.
        let drop_it = AssertUnwindSafe(|| unsafe { ManuallyDrop::drop(&mut self.future) });
        if let Err(payload) = catch_unwind(drop_it) {
            std::mem::forget(payload);
        }
    }
}

/// Runs author code that is not a future.
pub(crate) fn catch<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| Err(panic_error(payload)))
}

/// The payload is forgotten, not dropped: its own drop may panic.
pub(crate) fn panic_error(payload: Box<dyn std::any::Any + Send>) -> Error {
    let text = payload
        .downcast_ref::<&'static str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panicked with a value that is not a text".to_owned());
    std::mem::forget(payload);
    Error::new(ErrorKind::Panic, format!("plugin panicked: {text}"))
}
