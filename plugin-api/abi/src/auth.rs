//! `auth/1`: who calls.

use crate::{AbiError, CreateV1, Extra, Instance, RequestV1};
use abi_stable::{
    StableAbi,
    std_types::{RResult, RString, RVec},
};
use async_ffi::FfiFuture;

/// Id of this interface.
pub const AUTH_V1: &str = "auth/1";

/// Function table of an auth plugin.
#[repr(C)]
#[derive(StableAbi)]
pub struct AuthV1 {
    /// `[load]` Makes an instance from its configuration. At most once per generation and configuration.
    pub create: extern "C" fn(CreateV1) -> RResult<Instance, AbiError>,
    /// `[load]` What the host must know before the first request.
    pub describe: extern "C" fn(Instance) -> AuthDescriptionV1,
    /// `[worker]` Decides about one request, before its body is read. Dropping the future cancels it.
    pub authenticate:
        extern "C" fn(Instance, RequestV1) -> FfiFuture<RResult<DecisionV1, AbiError>>,
    /// `[load]` Ends the instance; called once, after every future of it is gone.
    pub destroy: extern "C" fn(Instance),
}

/// Answer of [`AuthV1::describe`].
#[repr(C)]
#[derive(StableAbi)]
pub struct AuthDescriptionV1 {
    /// Value of `WWW-Authenticate` when nobody in the chain knew the caller (`SharedSecret realm="shortedfaas"`).
    pub challenge: RString,
    /// Headers besides `Authorization` that hold credentials, in lower case: never logged, recorded or passed on.
    pub credential_headers: RVec<RString>,
    /// Open-ended.
    pub extra: Extra,
}

/// Answer of [`AuthV1::authenticate`].
#[repr(C)]
#[derive(StableAbi)]
pub struct DecisionV1 {
    /// One of [`decision`]; an unknown number closes the door.
    pub kind: u32,
    /// Who it is, for [`decision::ALLOW`].
    pub identity: RString,
    /// Why not, for the log and the history, never for the caller.
    pub reason: RString,
    /// Open-ended.
    pub extra: Extra,
}

/// Values of [`DecisionV1::kind`].
pub mod decision {
    /// Not my scheme: the next plugin of the chain decides.
    pub const UNKNOWN: u32 = 0;
    /// Let in as `identity`.
    pub const ALLOW: u32 = 1;
    /// Wrong credentials: 401.
    pub const DENY: u32 = 2;
    /// Known, but not allowed here: 403.
    pub const FORBID: u32 = 3;

    /// Key of `extra` beside [`ALLOW`]: for so many milliseconds (a decimal number) the host may give the same answer to
    /// requests with the same Authorization header without asking. Absent: it asks every time.
    pub const REUSE_MS: &str = "reuse_ms";
}
