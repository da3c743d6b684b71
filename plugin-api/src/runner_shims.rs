//! The boundary's `runner/1` table over a [`RunnerPlugin`].

use crate::guard::{catch, guard};
use crate::instance::{Held, Instance, into_handle, take_arc};
use crate::logging::InvocationMark;
use crate::request::{Invocation, Request};
use crate::runner::{FunctionSpec, RunnerPlugin};
use crate::{Body, Error, Result};
use plugin_abi::abi_stable::std_types::{RResult, Tuple2};
use plugin_abi::async_ffi::{FfiFuture, FutureExt};
use plugin_abi::{
    AbiError, CreateV1, Extra, FunctionSpecV1, Handle, InvokeV1, PreparedV1, ReplyV1, RunnerV1,
};
use std::time::Duration;

/// The table for a plugin. Used by [`export_plugin!`](crate::export_plugin).
#[doc(hidden)]
#[must_use]
pub const fn table<P: RunnerPlugin>() -> RunnerV1 {
    RunnerV1 {
        create: create::<P>,
        prepare: prepare::<P>,
        start: start::<P>,
        invoke: invoke::<P>,
        stop: stop::<P>,
        release: release::<P>,
        shutdown: shutdown::<P>,
        destroy: destroy::<P>,
    }
}

extern "C" fn create<P: RunnerPlugin>(call: CreateV1) -> RResult<Handle, AbiError> {
    match catch(|| Instance::<P>::create(call, P::new)) {
        Ok(handle) => RResult::ROk(handle),
        Err(error) => RResult::RErr(error.into_abi()),
    }
}

pub(crate) fn spec(raw: &FunctionSpecV1) -> Result<FunctionSpec> {
    Ok(FunctionSpec {
        name: raw.name.to_string(),
        kind: raw.kind.to_string(),
        folder: raw.folder.as_str().into(),
        deploy_folder: raw.deploy_folder.as_str().into(),
        generation: raw.generation,
        manifest: serde_json::from_str(&raw.manifest_json)
            .map_err(|error| Error::config("", error.to_string()))?,
    })
}

extern "C" fn prepare<P: RunnerPlugin>(
    instance: Handle,
    raw: FunctionSpecV1,
) -> FfiFuture<RResult<PreparedV1, AbiError>> {
    let instance = Instance::<P>::of(instance);
    let held = instance.clone();
    guard(instance, InvocationMark::NONE, async move {
        let prepared = held.plugin.prepare(spec(&raw)?).await?;
        let mut extra = Extra::new();
        if prepared.ahead > 0 {
            extra.push(Tuple2("ahead".into(), prepared.ahead.to_string().into()));
        }
        Ok(PreparedV1 {
            handle: into_handle(prepared.function),
            capacity: prepared.capacity,
            warning: prepared.warning.unwrap_or_default().into(),
            extra,
        })
    })
}

extern "C" fn start<P: RunnerPlugin>(
    instance: Handle,
    prepared: Handle,
) -> FfiFuture<RResult<Handle, AbiError>> {
    let instance = Instance::<P>::of(instance);
    let function = instance.like::<P::Function>(prepared);
    let held = instance.clone();
    guard(instance, InvocationMark::NONE, async move {
        held.plugin.start(&function).await.map(into_handle)
    })
}

extern "C" fn invoke<P: RunnerPlugin>(
    instance: Handle,
    prepared: Handle,
    worker: Handle,
    call: InvokeV1,
) -> FfiFuture<RResult<ReplyV1, AbiError>> {
    let instance = Instance::<P>::of(instance);
    let function = instance.like::<P::Function>(prepared);
    let worker = (worker != Handle::NULL).then(|| Held::<P::Worker>::counted(worker));
    let request = Request::new(call.request);
    let mark = InvocationMark::new(request.id());
    let body = Body::from_abi(call.body);
    let held = instance.clone();
    guard(instance, mark, async move {
        let invocation = Invocation { request, body };
        let reply = held.plugin.invoke(&function, worker.as_deref(), invocation).await?;
        let wrap = |stream| crate::stream::export(held.clone(), mark, stream);
        Ok(reply.into_abi(wrap))
    })
}

/// A future whose failure nobody can mend: it is logged by the panic hook, and that is all.
fn finish<P: RunnerPlugin>(
    instance: Held<Instance<P>>,
    future: impl Future<Output = ()> + Send + 'static,
) -> FfiFuture<()> {
    let guarded = guard(instance, InvocationMark::NONE, async move {
        future.await;
        Ok(0u8)
    });
    async move {
        let _ = guarded.await;
    }
    .into_ffi()
}

extern "C" fn stop<P: RunnerPlugin>(
    instance: Handle,
    worker: Handle,
    grace_ms: u64,
) -> FfiFuture<()> {
    let instance = Instance::<P>::of(instance);
    let worker = take_arc::<P::Worker>(worker);
    let held = instance.clone();
    finish(instance, async move {
        held.plugin.stop(&worker, Duration::from_millis(grace_ms)).await;
    })
}

extern "C" fn release<P: RunnerPlugin>(instance: Handle, prepared: Handle) -> FfiFuture<()> {
    let instance = Instance::<P>::of(instance);
    let function = take_arc::<P::Function>(prepared);
    finish(instance, async move { drop(function) })
}

extern "C" fn shutdown<P: RunnerPlugin>(instance: Handle, grace_ms: u64) -> FfiFuture<()> {
    let instance = Instance::<P>::of(instance);
    let held = instance.clone();
    finish(instance, async move {
        held.plugin.shutdown(Duration::from_millis(grace_ms)).await;
    })
}

extern "C" fn destroy<P: RunnerPlugin>(instance: Handle) {
    Instance::<P>::destroy(instance);
}
