//! The `L` frame: what a launcher is told of its function.

use crate::frame::{kind, with_header};
use crate::manifest::Manifest;
use plugin_api::FunctionSpec;
use plugin_api::serde_json::json;

/// Version of the launcher protocol.
pub(crate) const PROTOCOL: u64 = 1;

/// The frame, whole.
pub(crate) fn load_frame(spec: &FunctionSpec, manifest: &Manifest) -> Vec<u8> {
    let plan = manifest.launch.as_ref();
    let header = json!({
        "protocol": PROTOCOL,
        "function": spec.name,
        "folder": spec.folder.to_string_lossy(),
        "file": plan.and_then(|plan| plan.file.as_deref()),
        "handler": plan.and_then(|plan| plan.handler.as_deref()).or(manifest.handler.as_deref()),
        "signature": manifest.signature,
        "event": manifest.event,
        "input": manifest.input,
        "variables": manifest.environment,
        "timeout_ms": manifest.timeout_ms,
        "memory_bytes": manifest.limits.memory_bytes,
        "version": spec.generation.to_string(),
    });
    with_header(kind::LOAD, header.to_string().as_bytes())
}
