//! The only room that loads a library or names abi_stable: discover, check, load, create, replace, convert.
#![allow(
    unsafe_code,
    reason = "libraries are loaded and foreign pointers followed here; every block says why it is sound"
)]

mod active;
mod auth;
mod body;
mod call;
mod create;
mod deployed;
mod elf;
mod fault;
mod given_language;
mod language;
mod library;
mod locate;
mod metadata;
mod prepare;
mod reactor;
mod registry;
mod remembered;
mod report;
mod request;
mod runner;
mod services;

pub(crate) use active::Active;
pub(crate) use auth::{Authenticator, Decision};
pub(crate) use body::{InputBody, InputStream, ReplyItem, ReplyStream};
pub(crate) use deployed::{WorkerLease, verdict};
pub(crate) use fault::{Fault, FaultKind};
pub(crate) use language::{Language, PlanView, Sample};
pub(crate) use library::{inspect, loaded_count};
pub(crate) use locate::{Libraries, Signature, signature};
pub(crate) use reactor::serve_calls_here;
pub(crate) use registry::{Changed, Plugins};
pub(crate) use runner::{Reply, ReplyBody, Spec};
