//! The plugin behind its real boundary, with a host that is only as much as a test needs.
#![allow(dead_code, unreachable_pub, reason = "every test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test")]

pub mod echo;
pub mod host;
pub mod request;

use plugin_api::abi::abi_stable::std_types::{ROption, RResult};
use plugin_api::abi::{
    AbiError, BodyV1, EndV1, Extra, FfiBytes, FunctionSpecV1, Handle, InvokeV1, PreparedV1,
    ReplyV1, RunnerV1, chunk_kind,
};
use request::Call;
use runner_executable::Executable;
use std::path::{Path, PathBuf};
use std::time::Duration;

static TABLE: RunnerV1 = plugin_api::runner_table::<Executable>();

/// An instance of the plugin.
pub struct Plugin {
    instance: Handle,
}

/// A folder of functions.
pub struct Deploy(tempfile::TempDir);

/// A prepared function; released when dropped.
pub struct Function<'a> {
    plugin: &'a Plugin,
    pub prepared: PreparedV1,
}

/// What came of an invocation.
pub struct Answer {
    pub reply: ReplyV1,
    pub body: Vec<u8>,
    pub stderr: String,
}

impl Plugin {
    pub fn new() -> Self {
        Self::with("{}")
    }

    pub fn with(config_json: &str) -> Self {
        match (TABLE.create)(host::create(config_json)) {
            RResult::ROk(instance) => Self { instance },
            RResult::RErr(error) => panic!("{error:?}"),
        }
    }

    /// Prepares the function in `folder`.
    pub fn prepare(
        &self,
        deploy: &Deploy,
        name: &str,
        manifest: &str,
    ) -> Result<Function<'_>, AbiError> {
        let spec = FunctionSpecV1 {
            name: name.into(),
            kind: "executable".into(),
            folder: deploy.folder(name).to_str().unwrap().into(),
            deploy_folder: deploy.path().to_str().unwrap().into(),
            generation: 1,
            manifest_json: manifest.into(),
            extra: Extra::new(),
        };
        let prepared = block_on((TABLE.prepare)(self.instance, spec)).into_result()?;
        Ok(Function { plugin: self, prepared })
    }

    pub fn shutdown(&self, grace: Duration) -> impl Future<Output = ()> + Send + use<> {
        (TABLE.shutdown)(self.instance, u64::try_from(grace.as_millis()).unwrap())
    }
}

impl Drop for Plugin {
    fn drop(&mut self) {
        (TABLE.destroy)(self.instance);
    }
}

impl Deploy {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn folder(&self, function: &str) -> PathBuf {
        self.path().join(function)
    }

    /// A function whose program is this shell script.
    pub fn script(&self, function: &str, script: &str) {
        self.program(function, "run", format!("#!/bin/sh\n{script}\n").as_bytes());
    }

    pub fn program(&self, function: &str, name: &str, content: &[u8]) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.folder(function).join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

impl Function<'_> {
    /// The raw future of an invocation.
    pub fn start(
        &self,
        call: &Call,
    ) -> impl Future<Output = RResult<ReplyV1, AbiError>> + Send + use<> {
        let invoke = InvokeV1 { request: call.request(), body: call.body() };
        (TABLE.invoke)(self.plugin.instance, self.prepared.handle, Handle::NULL, invoke)
    }

    /// Invokes and reads the whole answer.
    pub fn invoke(&self, call: &Call) -> Result<Answer, AbiError> {
        block_on(async {
            let mut reply = self.start(call).await.into_result()?;
            let body = whole(&mut reply).await?;
            Ok(Answer { reply, body, stderr: call.stderr() })
        })
    }

    /// Invokes with this body.
    pub fn call(&self, body: &str) -> Answer {
        self.invoke(&Call::new(body)).unwrap()
    }
}

impl Drop for Function<'_> {
    fn drop(&mut self) {
        block_on((TABLE.release)(self.plugin.instance, self.prepared.handle));
    }
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn end(&self) -> &EndV1 {
        &self.reply.end
    }

    pub fn check(&self, outcome: u32, exit_code: Option<i32>, error_part: &str) {
        let end = self.end();
        let found = (end.outcome, (end.exit_code != i32::MIN).then_some(end.exit_code));
        assert_eq!(found, (outcome, exit_code), "{end:?} {}", self.stderr);
        assert!(end.error.contains(error_part), "{end:?}");
    }
}

/// Reads a reply's body to its end; the end that a stream brings replaces the reply's.
pub async fn whole(reply: &mut ReplyV1) -> Result<Vec<u8>, AbiError> {
    let BodyV1 { first, rest, .. } = std::mem::replace(&mut reply.body, empty());
    let mut bytes = first.as_slice().to_vec();
    let ROption::RSome(stream) = rest else { return Ok(bytes) };
    while let ROption::RSome(item) = (stream.next)(stream.context).await {
        let chunk = item.into_result()?;
        bytes.extend_from_slice(chunk.data.as_slice());
        if chunk.kind == chunk_kind::END
            && let ROption::RSome(end) = chunk.end
        {
            reply.end = end;
        }
    }
    Ok(bytes)
}

pub fn empty() -> BodyV1 {
    BodyV1 { size_hint: 0, first: FfiBytes::empty(), rest: ROption::RNone }
}

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = plugin_api::tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(future)
}

/// Waits with patience for something to become true.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// True while a process of that id exists and is no zombie.
pub fn lives(id: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").map(|(_, rest)| rest.chars().next());
    !matches!(state.flatten(), None | Some('Z' | 'X'))
}
