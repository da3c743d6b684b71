//! The frozen binary boundary between ShortedFaaS (the host) and its plugins: types, function tables and interface ids, nothing else.
//!
//! Plugin authors do not use this crate: they use `plugin-api`, which wraps it. It is for those who write
//! the host's side, another language's binding, or a checker.
//!
//! # How a plugin is found and asked
//!
//! 1. The host reads the ELF section [`SECTION`] (JSON, [`METADATA_FORMAT`]) without running a byte of the library.
//! 2. It opens a private copy, finds the `abi_stable` library header, and checks the layout of [`PluginRoot`].
//! 3. It calls [`PluginRoot::query`] with an interface id, for example [`RUNNER_V1`], checks the layout that
//!    comes back against its own, and only then uses the table.
//!
//! # How it grows
//!
//! Nothing in here ever changes: abi_stable refuses an *older* plugin in a *newer* host as soon as one field
//! is appended to a table. A new meaning, a new field or a new function is a new interface id (`runner/2`)
//! beside the old one. Inside a version only the open-ended `extra` lists and the numbered fields of
//! [`RequestTableV1`] grow: an unknown number answers empty, an unknown key is ignored.
//!
//! # Rules that hold for every function here
//!
//! - No function unwinds. A panic is caught on the side where it happened and becomes [`AbiError`] with [`error_kind::PANIC`].
//! - Whoever is given a value owns it and drops it through the functions inside it; memory never crosses allocators.
//! - Enumerations are integers (`u32`) with named constants; a receiver treats an unknown number as the doc says.
//! - Threads: `[load]` may block, never concurrent on one instance; `[worker]` any host thread, concurrent, must not
//!   block longer than 1 ms; `[any]` any thread at any time.
#![allow(
    unsafe_code,
    reason = "derive(StableAbi) expands to unsafe impls; this crate is the boundary itself"
)]

mod auth;
mod body;
mod error;
mod host;
mod language;
mod reactor;
mod request;
mod root;
mod runner;

pub use abi_stable;
pub use async_ffi;
pub use auth::{AUTH_V1, AuthDescriptionV1, AuthV1, DecisionV1, decision};
pub use body::{BodyV1, ChunkV1, FfiBytes, StreamV1, chunk_kind};
pub use error::{AbiError, error_kind};
pub use host::{CreateV1, HostV1, executor, level};
pub use language::{LANGUAGE_V1, LanguageV1};
pub use reactor::{REACTOR_V1, ReactorV1, readiness};
pub use request::{HeaderVisitorV1, RequestTableV1, RequestV1, field, log_stream, number};
pub use root::{
    ABI_MAJOR, METADATA_FORMAT, PluginRoot, PluginRootRef, RawInterface, SECTION, SECTION_LIMIT,
};
pub use runner::{
    EndV1, FunctionSpecV1, Handle, HeaderV1, InvokeV1, NO_EXIT_CODE, PreparedV1, RUNNER_V1,
    ReplyV1, RunnerV1, outcome, start_kind,
};

/// A key and a value: the open-ended part of a structure.
pub type Extra = abi_stable::std_types::RVec<
    abi_stable::std_types::Tuple2<abi_stable::std_types::RString, abi_stable::std_types::RString>,
>;

/// An instance that `create` made: an opaque pointer, valid until `destroy`.
pub type Instance = Handle;
