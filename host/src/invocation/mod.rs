//! What travels along the request path: plain data, no I/O.

mod end;
mod id;
mod rejection;
mod request;

pub(crate) use end::{End, Outcome};
pub(crate) use id::InvocationId;
pub(crate) use rejection::{Component, Rejection};
pub(crate) use request::{Capture, Identity, Piece, Request, Trigger};
