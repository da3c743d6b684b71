//! Interpreters that the project installs beside its target folder, where the system has none.

use super::Setup;
use super::setup::plugin_folder;
use std::path::PathBuf;

/// Where `cargo xtask test` puts them.
pub(crate) fn tools_folder() -> PathBuf {
    plugin_folder().parent().unwrap().join("tools/bin")
}

/// PATH as it is, and the project's own programs after it.
pub(crate) fn path_with_tools() -> String {
    let path = std::env::var("PATH").unwrap();
    format!("{path}:{}", tools_folder().display())
}

/// A host that finds them.
pub(crate) fn with_tools(setup: Setup) -> Setup {
    setup.environment("PATH", &path_with_tools())
}
