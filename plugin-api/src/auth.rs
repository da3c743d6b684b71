//! Auth plugins: who calls.

use crate::guard::{catch, guard};
use crate::instance::Instance;
use crate::logging::InvocationMark;
use crate::request::Request;
use crate::{Host, Result};
use plugin_abi::abi_stable::std_types::{RResult, Tuple2};
use plugin_abi::async_ffi::FfiFuture;
use plugin_abi::{
    AbiError, AuthDescriptionV1, AuthV1, CreateV1, DecisionV1, Extra, Handle, RequestV1, decision,
};
use std::time::Duration;

/// Decides who calls, before the body is read and before a byte of function code runs.
///
/// # Lifecycle
/// [`AuthPlugin::new`] once per generation and configuration, on a thread that may block; then
/// [`AuthPlugin::authenticate`] for every request, concurrently, on the host's workers: no call may block
/// longer than a millisecond (await instead, or let the operator set `executor = "own"`); then the value is
/// dropped, when the last call has ended.
///
/// # Errors
/// An error, a panic or a call longer than `auth.timeout` closes the door: the caller gets 503 and is not let in.
pub trait AuthPlugin: Sized + Send + Sync + 'static {
    /// The plugin's table in shortedfaas.toml. Put `#[serde(deny_unknown_fields)]` on it, so that a mistyped key is an error.
    type Config: serde::de::DeserializeOwned;

    /// Makes the plugin from its configuration. `[load]`: may block, never concurrent with itself.
    ///
    /// # Errors
    /// A configuration that cannot work: the host does not start (exit code 64), or keeps what it has.
    fn new(config: Self::Config, host: Host) -> Result<Self>;

    /// Decides about one request. `[worker]`
    ///
    /// # Errors
    /// Whatever keeps the plugin from deciding; the door stays closed.
    fn authenticate(&self, request: &AuthRequest) -> impl Future<Output = Result<Decision>> + Send;

    /// Value of `WWW-Authenticate` for callers whom nobody knew (`Bearer realm="x"`).
    fn challenge(&self) -> String;

    /// Headers besides `Authorization` that hold credentials, in lower case: the host never logs, records or passes them on.
    fn credential_headers(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What an auth plugin is asked about.
#[derive(Debug)]
pub struct AuthRequest(Request);

impl AuthRequest {
    /// Scheme of the Authorization header as it came (`Bearer`), or empty. Compare without regard to case.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.0.scheme()
    }
    /// What follows the scheme.
    #[must_use]
    pub fn credentials(&self) -> &str {
        self.0.credentials()
    }
    /// The credentials when the scheme is `scheme`.
    #[must_use]
    pub fn credentials_of(&self, scheme: &str) -> Option<&str> {
        self.scheme().eq_ignore_ascii_case(scheme).then(|| self.credentials())
    }
}

impl std::ops::Deref for AuthRequest {
    type Target = Request;
    fn deref(&self) -> &Request {
        &self.0
    }
}

/// What an auth plugin says about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Not my scheme: the next plugin of the chain decides.
    Unknown,
    /// Let in as this identity.
    Allow {
        /// Who it is; shown in the history and given to the function.
        identity: String,
        /// How long the host may let in requests with the same Authorization header without asking; zero: it always asks.
        reuse: Duration,
    },
    /// Wrong credentials: 401.
    Deny {
        /// For the log, never for the caller.
        reason: String,
    },
    /// Known, but not allowed here: 403.
    Forbid {
        /// For the log, never for the caller.
        reason: String,
    },
}

impl Decision {
    /// Let in.
    pub fn allow(identity: impl Into<String>) -> Self {
        Self::Allow { identity: identity.into(), reuse: Duration::ZERO }
    }

    /// Let in, and for `reuse` every request with the same Authorization header too, without being asked. Only for a
    /// decision that rests on that header alone. A credential that is withdrawn goes on working for that time.
    pub fn allow_for(reuse: Duration, identity: impl Into<String>) -> Self {
        Self::Allow { identity: identity.into(), reuse }
    }

    /// 401.
    pub fn deny(reason: impl Into<String>) -> Self {
        Self::Deny { reason: reason.into() }
    }
    /// 403.
    pub fn forbid(reason: impl Into<String>) -> Self {
        Self::Forbid { reason: reason.into() }
    }

    fn into_abi(self) -> DecisionV1 {
        let mut extra = Extra::new();
        if let Self::Allow { reuse, .. } = &self
            && !reuse.is_zero()
        {
            extra.push(Tuple2(decision::REUSE_MS.into(), reuse.as_millis().to_string().into()));
        }
        let (kind, identity, reason) = match self {
            Self::Unknown => (decision::UNKNOWN, String::new(), String::new()),
            Self::Allow { identity, .. } => (decision::ALLOW, identity, String::new()),
            Self::Deny { reason } => (decision::DENY, String::new(), reason),
            Self::Forbid { reason } => (decision::FORBID, String::new(), reason),
        };
        DecisionV1 { kind, identity: identity.into(), reason: reason.into(), extra }
    }
}

/// The boundary's table for a plugin. Used by [`export_plugin!`](crate::export_plugin).
#[doc(hidden)]
#[must_use]
pub const fn table<P: AuthPlugin>() -> AuthV1 {
    AuthV1 {
        create: create::<P>,
        describe: describe::<P>,
        authenticate: authenticate::<P>,
        destroy: destroy::<P>,
    }
}

extern "C" fn create<P: AuthPlugin>(call: CreateV1) -> RResult<Handle, AbiError> {
    match catch(|| Instance::<P>::create(call, P::new)) {
        Ok(handle) => RResult::ROk(handle),
        Err(error) => RResult::RErr(error.into_abi()),
    }
}

extern "C" fn describe<P: AuthPlugin>(instance: Handle) -> AuthDescriptionV1 {
    let instance = Instance::<P>::of(instance);
    let plugin = &instance.plugin;
    let described = catch(|| Ok((plugin.challenge(), plugin.credential_headers())));
    let (challenge, headers) = described.unwrap_or_default();
    AuthDescriptionV1 {
        challenge: challenge.into(),
        credential_headers: headers.into_iter().map(Into::into).collect(),
        extra: Extra::new(),
    }
}

extern "C" fn authenticate<P: AuthPlugin>(
    instance: Handle,
    request: RequestV1,
) -> FfiFuture<RResult<DecisionV1, AbiError>> {
    let instance = Instance::<P>::of(instance);
    let request = AuthRequest(Request::new(request));
    let mark = InvocationMark::new(request.id());
    let held = instance.clone();
    guard(instance, mark, async move {
        held.plugin.authenticate(&request).await.map(Decision::into_abi)
    })
}

extern "C" fn destroy<P: AuthPlugin>(instance: Handle) {
    Instance::<P>::destroy(instance);
}
