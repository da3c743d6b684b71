//! The manifest as a runner receives it; docs/plugins.md lists the keys.

use super::policies::millis;
use super::{Input, Manifest, Response};
use serde_json::{Value, json};

impl Manifest {
    /// Every key is there; `null` where there is nothing; `launch` is the language's plan. Holds secrets: for the runner alone.
    pub(crate) fn runner_json(&self, plan: Option<Value>) -> String {
        let runner = &self.for_runner;
        let mut manifest = json!({
            "type": self.kind,
            "language": self.language,
            "command": runner.command,
            "arguments": runner.arguments,
            "environment": runner.environment.to_json(),
            "timeout_ms": millis(self.timeout),
            "concurrency": self.concurrency,
            "response": match self.response {
                Response::Buffered => "buffered",
                Response::Stream => "stream",
                Response::Cgi => "cgi",
            },
            "input": match self.input {
                Input::Text => "text",
                Input::Bytes => "bytes",
            },
            "handler": runner.handler,
            "signature": runner.signature,
            "event": runner.event,
            "limits": self.limits.to_json(),
            "allow": runner.allow.as_ref().map(|allow| allow.to_json()),
            "scaling": self.scaling.to_json(),
            "isolation": runner.isolation,
            "placement": runner.placement,
            "thread_safe": runner.thread_safe,
            "image": runner.image,
            "group": runner.group,
            "build": runner.build,
            "completion": self.completion,
        });
        if let (Some(plan), Some(members)) = (plan, manifest.as_object_mut()) {
            members.insert("launch".to_owned(), plan);
        }
        manifest.to_string()
    }

    /// Whether a language must say how the function is started.
    pub(crate) fn needs_plan(&self) -> bool {
        super::kind::needs_plan(&self.kind, self.for_runner.command.is_some())
    }

    /// `build`: whether it is built on deploy.
    pub(crate) fn builds_by_itself(&self) -> bool {
        self.for_runner.build == "auto"
    }

    /// The same with a language's command line before its own arguments.
    pub(crate) fn with_command(&self, command: String, mut leading: Vec<String>) -> Self {
        let mut completed = self.clone();
        leading.append(&mut completed.for_runner.arguments);
        completed.for_runner.arguments = leading;
        completed.for_runner.command = Some(command);
        completed
    }
}
