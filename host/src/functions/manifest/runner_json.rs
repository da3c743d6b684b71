//! The manifest as a runner receives it; docs/plugins.md lists the keys.

use super::policies::millis;
use super::{Input, Manifest, Response};
use serde_json::json;

impl Manifest {
    /// Every key is there; `null` where there is nothing. Holds secrets: for the runner alone.
    pub(crate) fn runner_json(&self) -> String {
        let runner = &self.for_runner;
        json!({
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
        })
        .to_string()
    }
}
