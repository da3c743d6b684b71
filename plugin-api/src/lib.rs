//! Write plugins for ShortedFaaS: auth plugins that decide who calls, runner plugins that run functions, and language
//! plugins that say what runs a function of a language.
//!
//! A plugin is a shared library: a crate with `crate-type = ["cdylib"]`, one type, one trait, one macro.
//! This is a complete auth plugin:
//!
//! ```
//! use plugin_api::{AuthPlugin, AuthRequest, Decision, Host, Result, serde};
//!
//! #[derive(serde::Deserialize)]
//! #[serde(crate = "plugin_api::serde", deny_unknown_fields)]
//! struct Config { header: String, key: String }
//!
//! struct ApiKey(Config);
//!
//! impl AuthPlugin for ApiKey {
//!     type Config = Config;
//!     fn new(config: Config, _host: Host) -> Result<Self> { Ok(Self(config)) }
//!     fn challenge(&self) -> String { "ApiKey".into() }
//!     fn credential_headers(&self) -> Vec<String> { vec![self.0.header.clone()] }
//!     async fn authenticate(&self, request: &AuthRequest) -> Result<Decision> {
//!         Ok(match request.header(&self.0.header) {
//!             None => Decision::Unknown,
//!             Some(key) if key == self.0.key.as_bytes() => Decision::allow("api-key"),
//!             Some(_) => Decision::deny("wrong key"),
//!         })
//!     }
//! }
//!
//! plugin_api::export_plugin!(auth: ApiKey);
//! # fn main() {}
//! ```
//!
//! Build it (`cargo build --release`), put the library where the host looks (beside its binary, or name it with `library`),
//! and enable it: `[auth.api-key]` with its keys, and `chain = ["api-key"]` under `[auth]`.
//! Compare keys in constant time in earnest: the example is for reading.
//!
//! # What a plugin may rely on
//!
//! - **Panics** become an error of that call (500; auth: the door stays closed). They never reach the host.
//! - **Threads**: every trait says which calls may block. Values must be `Send + Sync`; calls take `&self` and are concurrent.
//! - **tokio**: with feature `rt`, `tokio::process`, `net` and `time` of the plugin's own tokio work inside its futures.
//! - **Logging**: with feature `tracing` (default) the macros of `tracing` reach the host's log with the invocation's id.
//! - **Bodies** are shared by reference count; streams are pulled, dropping one cancels its producer.
//!
//! # What a plugin must not do
//!
//! Change the environment, the working directory or signal handlers of the process; call `exit`; assume that it is ever unloaded
//! (it is not: statics live until the host ends, and a replaced plugin stays mapped).
//! A segmentation fault or an abort in a plugin ends the host: nothing in one process can prevent that.
#![allow(
    unsafe_code,
    reason = "this crate turns the boundary's raw handles into safe types; every block says why it is sound"
)]

mod auth;
mod body;
mod error;
mod export;
mod guard;
mod host;
mod instance;
mod language;
mod language_shims;
mod logging;
#[cfg(feature = "rt")]
mod readiness;
mod reply;
mod request;
mod runner;
mod runner_shims;
mod runtime;
mod stream;
#[cfg(feature = "tracing")]
mod tracing_bridge;

pub use auth::{AuthPlugin, AuthRequest, Decision};
pub use body::{Body, Chunk};
pub use bytes::Bytes;
pub use error::{Error, ErrorKind, Result};
pub use host::{Folders, Host, Level};
pub use language::{Build, BuildCommand, CommandLine, Description, LanguagePlugin, Plan, Sample};
#[cfg(feature = "rt")]
pub use readiness::Readiness;
pub use reply::{End, Outcome, Reply};
pub use request::{Invocation, Request};
pub use runner::{FunctionSpec, Prepared, RunnerPlugin};
pub use {futures_core, serde, serde_json};

#[cfg(feature = "rt")]
pub use tokio;
#[cfg(feature = "tracing")]
pub use tracing;

#[doc(hidden)]
pub use auth::table as auth_table;
#[doc(hidden)]
pub use export::{RUSTC, TARGET, VERSION, joined, joined_len};
#[doc(hidden)]
pub use language_shims::table as language_table;
#[doc(hidden)]
pub use plugin_abi as abi;
#[doc(hidden)]
pub use runner_shims::table as runner_table;
