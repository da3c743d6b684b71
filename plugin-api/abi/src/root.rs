//! The one exported symbol of a plugin: its root, which answers to interface ids.

use abi_stable::{
    StableAbi, library::RootModule, package_version_strings, sabi_types::VersionStrings,
    std_types::RStr, type_layout::TypeLayout,
};
use std::ffi::c_void;

/// Major number of this boundary. A plugin with another one is refused before its code runs.
pub const ABI_MAJOR: u32 = 1;

/// Name of the ELF section which holds a plugin's metadata as JSON, ended by one NUL byte.
///
/// ```json
/// {"format":1,"abi":1,"abi_stable":"0.11","name":"auth-api-key","version":"0.1.0","interfaces":["auth/1"],
///  "serves":[],"panic":"unwind","rustc":"rustc 1.95.0 (…)","target":"x86_64-unknown-linux-gnu","plugin_api":"0.1.0"}
/// ```
pub const SECTION: &str = ".shortedfaas";

/// Version of the section's JSON: the value of its `format`.
pub const METADATA_FORMAT: u32 = 1;

/// Largest section that is read, in bytes. A larger one is not a ShortedFaaS plugin.
pub const SECTION_LIMIT: usize = 64 * 1024;

/// What a plugin exports. Frozen: it never gains a field.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = PluginRootRef)))]
#[sabi(missing_field(panic))]
pub struct PluginRoot {
    /// The plugin's [`ABI_MAJOR`].
    pub abi_major: u32,
    /// Answers an interface id (`"runner/1"`) with its table, or with a null pointer when it is not offered.
    ///
    /// `[load]`; may be called any number of times; the table lives as long as the process.
    #[sabi(last_prefix_field)]
    pub query: extern "C" fn(RStr<'_>) -> RawInterface,
}

impl RootModule for PluginRootRef {
    abi_stable::declare_root_module_statics! {PluginRootRef}
    const BASE_NAME: &'static str = "shortedfaas_plugin";
    const NAME: &'static str = "shortedfaas_plugin";
    const VERSION_STRINGS: VersionStrings = package_version_strings!();
}

/// An interface of which only the id is known: a pointer to a table and the layout to check it by.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct RawInterface {
    /// Layout of the table, compared with the host's own before the pointer is used.
    pub layout: Option<&'static TypeLayout>,
    /// The table, or null: this id is not offered.
    pub table: *const c_void,
}

impl RawInterface {
    /// The answer to an id that is not offered.
    #[must_use]
    pub const fn none() -> Self {
        Self { layout: None, table: std::ptr::null() }
    }

    /// The answer to an id that is offered.
    #[must_use]
    pub const fn of<T: StableAbi>(table: &'static T) -> Self {
        Self { layout: Some(<T as StableAbi>::LAYOUT), table: std::ptr::from_ref(table).cast() }
    }
}
