//! A runner plugin's instance, the functions that it prepared, and their workers.

use super::body::{InputBody, ReplyStream, adopt, end, into_abi};
use super::call::{Call, Named};
use super::create::{Folders, create, in_background};
use super::deployed::WorkerLease;
use super::fault::Fault;
use super::library::Library;
use super::request::{Viewer, share};
use crate::config::PluginConfig;
use crate::invocation::{End, Request};
use abi_stable::std_types::{ROption, RResult};
use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use plugin_abi::{
    AbiError, Extra, FunctionSpecV1, Handle, Instance, InvokeV1, RUNNER_V1, ReplyV1, RunnerV1,
};
use std::sync::Arc;
use std::time::Duration;

/// An instance; destroyed when the last function that it prepared and the last reply of it are gone.
pub(crate) struct Runner {
    pub(crate) name: String,
    /// Function types that it takes.
    pub(crate) serves: Vec<String>,
    table: &'static RunnerV1,
    instance: Instance,
}

/// What a runner or a language is told of a function.
#[derive(Clone)]
pub(crate) struct Spec {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) folder: String,
    pub(crate) deploy_folder: String,
    pub(crate) generation: u64,
    pub(crate) manifest_json: String,
}

impl Spec {
    pub(super) fn to_abi(&self) -> FunctionSpecV1 {
        FunctionSpecV1 {
            name: self.name.as_str().into(),
            kind: self.kind.as_str().into(),
            folder: self.folder.as_str().into(),
            deploy_folder: self.deploy_folder.as_str().into(),
            generation: self.generation,
            manifest_json: self.manifest_json.as_str().into(),
            extra: Extra::new(),
        }
    }
}

/// A function that a runner has prepared; released when it is dropped.
pub(crate) struct PreparedFunction {
    pub(crate) runner: Arc<Runner>,
    pub(crate) capacity: u32,
    /// Invocations beyond `capacity` that may wait inside a busy worker.
    pub(crate) ahead: u32,
    handle: Handle,
}

/// A live worker; it must be given to [`PreparedFunction::stop`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WorkerHandle(Handle);

/// A runner's answer.
pub(crate) struct Reply {
    pub(crate) status: Option<u16>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: ReplyBody,
    pub(crate) end: End,
    /// The worker that answers, where there are workers.
    pub(crate) lease: Option<WorkerLease>,
}

/// A reply's body.
pub(crate) enum ReplyBody {
    Whole(Bytes),
    Stream { first: Bytes, rest: ReplyStream },
}

impl Runner {
    /// Creates an instance. Blocks.
    pub(crate) fn create(
        config: &PluginConfig,
        library: &Library,
        folders: &Folders,
    ) -> Result<Self, Fault> {
        let table = library.interface::<RunnerV1>(RUNNER_V1)?;
        let instance = create(table.create, config, folders)?;
        let serves = library.metadata.serves.clone();
        Ok(Self { name: config.name.clone(), serves, table, instance })
    }

    /// Prepares a function.
    pub(crate) async fn prepare(
        self: &Arc<Self>,
        spec: &Spec,
    ) -> Result<(PreparedFunction, Option<String>), Fault> {
        let future = (self.table.prepare)(self.instance, spec.to_abi());
        match Call::new(Arc::clone(self), future).await {
            RResult::RErr(error) => Err(error.into()),
            RResult::ROk(prepared) => {
                let warning = (!prepared.warning.is_empty()).then(|| prepared.warning.to_string());
                let function = PreparedFunction {
                    runner: Arc::clone(self),
                    capacity: prepared.capacity,
                    ahead: ahead(&prepared.extra),
                    handle: prepared.handle,
                };
                Ok((function, warning))
            }
        }
    }

    /// Ends everything of it that runs.
    pub(crate) async fn shutdown(self: &Arc<Self>, grace: Duration) {
        let future = (self.table.shutdown)(self.instance, millis(grace));
        Call::new(Arc::clone(self), future).await;
    }
}

impl PreparedFunction {
    /// Starts a worker.
    pub(crate) async fn start(&self) -> Result<WorkerHandle, Fault> {
        let future = (self.runner.table.start)(self.runner.instance, self.handle);
        match Call::new(Arc::clone(&self.runner), future).await {
            RResult::ROk(handle) => Ok(WorkerHandle(handle)),
            RResult::RErr(error) => Err(error.into()),
        }
    }

    /// One invocation. Dropping the future cancels it.
    pub(crate) async fn invoke(
        self: &Arc<Self>,
        worker: Option<WorkerHandle>,
        request: &Arc<Request>,
        body: InputBody,
    ) -> Result<Reply, Fault> {
        let call = InvokeV1 { request: share(request, Viewer::Runner), body: into_abi(body) };
        let worker = worker.map_or(Handle::NULL, |worker| worker.0);
        let future = (self.runner.table.invoke)(self.runner.instance, self.handle, worker, call);
        let answer: RResult<ReplyV1, AbiError> = Call::new(&*self.runner, future).await;
        match answer {
            RResult::RErr(error) => Err(error.into()),
            RResult::ROk(reply) => Ok(self.reply(reply)),
        }
    }

    /// Stops a worker, by force after `grace`.
    pub(crate) async fn stop(&self, worker: WorkerHandle, grace: Duration) {
        let future = (self.runner.table.stop)(self.runner.instance, worker.0, millis(grace));
        Call::new(Arc::clone(&self.runner), future).await;
    }

    fn reply(self: &Arc<Self>, raw: ReplyV1) -> Reply {
        let first = adopt(raw.body.first);
        let headers = raw.headers.into_iter().filter_map(|header| {
            let name = HeaderName::from_bytes(header.name.as_bytes());
            let value = HeaderValue::from_bytes(&header.value);
            name.ok().zip(value.ok())
        });
        Reply {
            status: u16::try_from(raw.status).ok().filter(|status| *status != 0),
            headers: headers.collect(),
            body: match raw.body.rest {
                ROption::RNone => ReplyBody::Whole(first),
                ROption::RSome(stream) => {
                    let rest = ReplyStream::new(stream, Arc::clone(self));
                    ReplyBody::Stream { first, rest }
                }
            },
            end: end(raw.end),
            lease: None,
        }
    }
}

fn ahead(extra: &Extra) -> u32 {
    let found = extra.iter().find(|pair| pair.0 == "ahead");
    found.and_then(|pair| pair.1.parse().ok()).unwrap_or_default()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Named for PreparedFunction {
    fn name(&self) -> &str {
        &self.runner.name
    }
}

impl Named for Runner {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for PreparedFunction {
    fn drop(&mut self) {
        let future = (self.runner.table.release)(self.runner.instance, self.handle);
        let call = Call::new(Arc::clone(&self.runner), future);
        // Without a runtime nobody waits: dropping the future gives the handle back as well.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(call);
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let (destroy, instance) = (self.table.destroy, self.instance);
        in_background(move || destroy(instance));
    }
}
