//! The plugin behind its real boundary, with a host that is only as much as a test needs.
#![allow(dead_code, unused_imports, unreachable_pub, reason = "every test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test")]

pub mod echo;
pub mod host;
pub mod replies;
pub mod request;

use plugin_api::abi::abi_stable::std_types::RResult;
use plugin_api::abi::{
    AbiError, EndV1, Extra, FunctionSpecV1, Handle, InvokeV1, PreparedV1, ReplyV1, RunnerV1,
};
pub use replies::{block_on, empty, eventually, lives, whole};
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
