//! How large V8's heap may grow in a function whose memory is limited.

use plugin_api::serde::Deserialize;
use plugin_api::{FunctionSpec, Result};

/// Of 100 bytes that a function may use, those that the heap may take; the rest is for buffers, code and V8 itself.
const HEAP_PERCENT: u64 = 75;
/// With less, V8 does not even start.
const LEAST_HEAP_MIB: u64 = 8;

#[derive(Deserialize)]
#[serde(crate = "plugin_api::serde")]
struct Manifest {
    #[serde(default)]
    limits: Limits,
}

#[derive(Deserialize, Default)]
#[serde(crate = "plugin_api::serde", default)]
struct Limits {
    memory_bytes: Option<u64>,
}

/// V8's option for a function with `limits.memory`; without it the heap grows beyond the limit before V8 looks for garbage.
///
/// # Errors
/// The manifest cannot be read.
pub fn heap_option(function: &FunctionSpec) -> Result<Option<String>> {
    let manifest: Manifest = function.manifest()?;
    Ok(manifest.limits.memory_bytes.map(option))
}

fn option(memory_bytes: u64) -> String {
    let heap_mib = memory_bytes / 100 * HEAP_PERCENT / (1 << 20);
    format!("--max-old-space-size={}", heap_mib.max(LEAST_HEAP_MIB))
}

#[cfg(test)]
mod tests {
    use super::option;

    #[test]
    fn the_heap_is_smaller_than_the_limit() {
        assert_eq!(option(256 << 20), "--max-old-space-size=191");
        assert_eq!(option(1 << 20), "--max-old-space-size=8");
    }
}
