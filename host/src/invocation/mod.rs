//! What travels along the request path: plain data, no I/O.

mod authorization;
mod end;
mod id;
mod rejection;
mod request;

pub(crate) use end::{End, Outcome};
pub(crate) use id::InvocationId;
pub(crate) use rejection::Rejection;
pub(crate) use request::{Identity, Request, Trigger};
