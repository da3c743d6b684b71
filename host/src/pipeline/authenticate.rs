//! Who calls: the chain of auth plugins, asked in order, before the body is read.

use crate::app::App;
use crate::invocation::{Identity, Rejection, Request};
use crate::patience::within;
use crate::plugins::{Active, Authenticator, Decision};
use std::sync::Arc;
use std::time::Duration;

/// Lets a request pass, or says why not. Marks the request with the identity.
pub(crate) async fn authenticate(
    app: &'static App,
    request: &Arc<Request>,
) -> Result<(), Rejection> {
    let plugins = app.plugins.active();
    if let Some(reason) = &plugins.closed {
        tracing::warn!(id = %request.id, reason, "refused: the auth chain is not complete");
        return Err(Rejection::AuthUnavailable);
    }
    if plugins.chain.is_empty() {
        return Ok(());
    }
    if request.authorization.count() > 1 {
        return Err(Rejection::Malformed("two Authorization headers: send one".into()));
    }
    for authenticator in &plugins.chain {
        match ask(authenticator, request, app.hot().auth_timeout).await? {
            Decision::Unknown => {}
            Decision::Allow { identity } => {
                request.identify(Identity {
                    name: identity,
                    scheme: request.authorization.scheme().into(),
                });
                return Ok(());
            }
            Decision::Deny { reason } => {
                tracing::info!(id = %request.id, plugin = authenticator.name, reason, "denied");
                return Err(unauthorized(&plugins));
            }
            Decision::Forbid { reason } => {
                tracing::info!(id = %request.id, plugin = authenticator.name, reason, "forbidden");
                return Err(Rejection::Forbidden);
            }
        }
    }
    Err(unauthorized(&plugins))
}

/// A plugin that fails or is late closes the door.
async fn ask(
    authenticator: &Arc<Authenticator>,
    request: &Arc<Request>,
    patience: Duration,
) -> Result<Decision, Rejection> {
    let plugin = &authenticator.name;
    match within(patience, authenticator.authenticate(request)).await {
        Some(Ok(decision)) => Ok(decision),
        Some(Err(fault)) => {
            tracing::error!(id = %request.id, plugin, %fault, "auth plugin failed: refused");
            Err(Rejection::AuthUnavailable)
        }
        None => {
            tracing::error!(id = %request.id, plugin, ?patience, "auth plugin too slow: refused");
            Err(Rejection::AuthUnavailable)
        }
    }
}

fn unauthorized(plugins: &Active) -> Rejection {
    Rejection::Unauthorized { challenge: plugins.challenge.clone() }
}
