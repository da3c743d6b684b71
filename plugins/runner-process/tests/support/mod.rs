//! The plugin behind its real boundary, with a host that is only as much as a test needs and a launcher in Python.
#![allow(dead_code, unused_imports, unreachable_pub, reason = "every test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../../../runner-executable/tests/support/host.rs"]
pub mod host;
#[path = "../../../runner-executable/tests/support/replies.rs"]
pub mod replies;
#[path = "../../../runner-executable/tests/support/request.rs"]
pub mod request;

use plugin_api::abi::abi_stable::std_types::RResult;
use plugin_api::abi::{
    AbiError, EndV1, Extra, FunctionSpecV1, Handle, InvokeV1, PreparedV1, ReplyV1, RunnerV1,
};
use plugin_api::serde_json::{Value, json};
pub use replies::{block_on, empty, eventually, lives, whole};
use request::Call;
use runner_process::ProcessRunner;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

static TABLE: RunnerV1 = plugin_api::runner_table::<ProcessRunner>();
const LAUNCHER: &str = include_str!("launcher.py");

/// The interpreter itself, not a version manager's script.
static PYTHON: LazyLock<String> = LazyLock::new(|| {
    let asked = std::process::Command::new("python3")
        .args(["-c", "import sys; print(sys.executable)"])
        .output()
        .expect("these tests need python3");
    String::from_utf8(asked.stdout).unwrap().trim().to_owned()
});

/// An instance of the plugin.
pub struct Plugin {
    instance: Handle,
}

/// A folder with a function `f`, and a launcher beside it.
pub struct Deploy(tempfile::TempDir);

/// A prepared function; released when dropped.
pub struct Function<'a> {
    plugin: &'a Plugin,
    pub prepared: PreparedV1,
}

/// A worker; stopped when dropped.
pub struct Worker<'a> {
    function: &'a Function<'a>,
    handle: Handle,
}

/// What came of an invocation.
#[derive(Debug)]
pub struct Answer {
    pub status: u32,
    pub headers: Vec<(String, String)>,
    pub end: EndV1,
    pub body: Vec<u8>,
    pub log: String,
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

    /// Prepares `f`; `change` is put over the manifest.
    pub fn prepare(&self, deploy: &Deploy, change: Value) -> Result<Function<'_>, AbiError> {
        let spec = FunctionSpecV1 {
            name: "f".into(),
            kind: "interpreted".into(),
            folder: deploy.folder().to_str().unwrap().into(),
            deploy_folder: deploy.deploy().to_str().unwrap().into(),
            generation: 7,
            manifest_json: deploy.manifest(change).to_string().into(),
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
        let place = tempfile::tempdir().unwrap();
        for folder in ["deploy/f", "launcher"] {
            std::fs::create_dir_all(place.path().join(folder)).unwrap();
        }
        std::fs::write(place.path().join("launcher/launcher.py"), LAUNCHER).unwrap();
        std::fs::write(place.path().join("deploy/f/lambda.py"), "the handler").unwrap();
        Self(place)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn deploy(&self) -> PathBuf {
        self.path().join("deploy")
    }

    pub fn folder(&self) -> PathBuf {
        self.deploy().join("f")
    }

    fn manifest(&self, change: Value) -> Value {
        let mut manifest = json!({
            "type": "interpreted", "language": "python", "environment": {}, "timeout_ms": 60000,
            "response": "buffered", "input": "text", "handler": null, "signature": "shortedfaas", "event": "json",
            "limits": {"output_bytes": 16 << 20, "open_files": 1024}, "allow": null,
            "launch": {"command": *PYTHON, "arguments": [self.path().join("launcher/launcher.py")],
                "environment": {}, "version": "3", "file": "lambda.py", "handler": null},
        });
        merge(&mut manifest, change);
        manifest
    }

    /// A manifest's change that gives the function a template, for the first worker already.
    pub fn with_template(&self, mode: &str) -> Value {
        let arguments = json!([self.path().join("launcher/launcher.py"), "--template", mode]);
        json!({
            "scaling": {"mode": "cold"},
            "launch": {"template": {"command": *PYTHON, "arguments": arguments}},
        })
    }

    /// A manifest's change that starts the launcher in one of its modes.
    pub fn in_mode(&self, mode: &str) -> Value {
        json!({"launch": {"arguments": [self.path().join("launcher/launcher.py"), mode]}})
    }
}

fn merge(into: &mut Value, change: Value) {
    match (into, change) {
        (Value::Object(into), Value::Object(change)) => {
            for (key, value) in change {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, change) => *into = change,
    }
}

impl Function<'_> {
    pub fn worker(&self) -> Result<Worker<'_>, AbiError> {
        let started = block_on((TABLE.start)(self.plugin.instance, self.prepared.handle));
        Ok(Worker { function: self, handle: started.into_result()? })
    }
}

impl Drop for Function<'_> {
    fn drop(&mut self) {
        block_on((TABLE.release)(self.plugin.instance, self.prepared.handle));
    }
}

impl Worker<'_> {
    /// The raw future of an invocation.
    pub fn start(
        &self,
        call: &Call,
    ) -> impl Future<Output = RResult<ReplyV1, AbiError>> + Send + use<> {
        let Function { plugin, prepared } = self.function;
        let invoke = InvokeV1 { request: call.request(), body: call.body() };
        (TABLE.invoke)(plugin.instance, prepared.handle, self.handle, invoke)
    }

    /// Invokes and reads the whole answer.
    pub async fn answer(&self, call: &Call) -> Result<Answer, AbiError> {
        let mut reply = self.start(call).await.into_result()?;
        let body = whole(&mut reply).await?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let headers = reply.headers.iter();
        let headers = headers.map(|header| (header.name.to_string(), text(&header.value)));
        let (status, headers) = (reply.status, headers.collect());
        Ok(Answer { status, headers, end: reply.end, body, log: call.stderr() })
    }

    pub fn invoke(&self, call: &Call) -> Result<Answer, AbiError> {
        block_on(self.answer(call))
    }

    /// Invokes with this body.
    pub fn call(&self, body: &str) -> Answer {
        self.invoke(&Call::new(body)).unwrap()
    }

    pub fn id(&self) -> i32 {
        self.call("pid").text().parse().unwrap()
    }

    /// The raw future of a stop, after which nothing else may be done with the worker: forget it.
    pub fn stopping(&self, grace: Duration) -> impl Future<Output = ()> + Send + use<> {
        let grace_ms = u64::try_from(grace.as_millis()).unwrap();
        (TABLE.stop)(self.function.plugin.instance, self.handle, grace_ms)
    }

    /// Stops it with patience.
    pub fn stop(self, grace: Duration) {
        self.stop_within(grace);
        std::mem::forget(self);
    }

    fn stop_within(&self, grace: Duration) {
        block_on(self.stopping(grace));
    }
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        self.stop_within(Duration::from_secs(5));
    }
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        plugin_api::serde_json::from_slice(&self.body).unwrap()
    }

    pub fn check(&self, outcome: u32, exit_code: Option<i32>, error_part: &str) {
        let found =
            (self.end.outcome, (self.end.exit_code != i32::MIN).then_some(self.end.exit_code));
        assert_eq!(found, (outcome, exit_code), "{self:?}");
        assert!(self.end.error.contains(error_part), "{self:?}");
    }
}
