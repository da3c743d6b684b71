//! `language/1`: which command, which launcher, which build step runs a function of a language.

use crate::{AbiError, CreateV1, FunctionSpecV1, Instance};
use abi_stable::{
    StableAbi,
    std_types::{RResult, RString},
};

/// Id of this interface.
pub const LANGUAGE_V1: &str = "language/1";

/// Function table of a language plugin.
///
/// A language knows what is needed to run a function, and starts nothing that outlives a call. Both answers are JSON,
/// whose objects grow by keys: a reader ignores those that it does not know.
#[repr(C)]
#[derive(StableAbi)]
pub struct LanguageV1 {
    /// `[load]` Makes an instance from its configuration. At most once per generation and configuration.
    pub create: extern "C" fn(CreateV1) -> RResult<Instance, AbiError>,
    /// `[load]` What the language can do: the JSON object of `plugin_api::Description`.
    pub describe: extern "C" fn(Instance) -> RResult<RString, AbiError>,
    /// May block some seconds; called on threads that may, several at a time. What runs a function: the JSON object of
    /// `plugin_api::Plan`. Called once per generation of a function, before the runner prepares it.
    pub plan: extern "C" fn(Instance, FunctionSpecV1) -> RResult<RString, AbiError>,
    /// `[load]` Ends the instance; called once, after every call of it has returned.
    pub destroy: extern "C" fn(Instance),
}
