//! An auth plugin's instance.

use super::call::{Call, Named};
use super::create::{Folders, create, in_background};
use super::fault::Fault;
use super::library::Library;
use super::remembered::Remembered;
use super::request::{Viewer, share};
use crate::config::PluginConfig;
use crate::invocation::Request;
use abi_stable::std_types::RResult;
use plugin_abi::{AUTH_V1, AuthV1, DecisionV1, Instance, decision};
use smol_str::SmolStr;
use std::sync::Arc;
use std::time::Duration;

/// A decision is asked for again after this time, whatever the plugin says.
const LONGEST_REUSE: Duration = Duration::from_secs(3600);

/// An instance; destroyed when the last request that asks it has its answer.
pub(crate) struct Authenticator {
    pub(crate) name: String,
    pub(crate) challenge: String,
    pub(crate) credential_headers: Vec<String>,
    table: &'static AuthV1,
    instance: Instance,
    remembered: Remembered,
}

/// What an auth plugin decided.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Unknown,
    Allow { identity: SmolStr },
    Deny { reason: String },
    Forbid { reason: String },
}

impl Authenticator {
    /// Creates an instance. Blocks.
    pub(crate) fn create(
        config: &PluginConfig,
        library: &Library,
        folders: &Folders,
    ) -> Result<Self, Fault> {
        let table = library.interface::<AuthV1>(AUTH_V1)?;
        let instance = create(table.create, config, folders)?;
        let description = (table.describe)(instance);
        Ok(Self {
            name: config.name.clone(),
            challenge: description.challenge.into(),
            credential_headers: description
                .credential_headers
                .into_iter()
                .map(|header| header.to_ascii_lowercase())
                .collect(),
            table,
            instance,
            remembered: Remembered::default(),
        })
    }

    /// Asks who calls.
    pub(crate) async fn authenticate(&self, request: &Arc<Request>) -> Result<Decision, Fault> {
        let header = request.authorization.bytes();
        if let Some(identity) = self.remembered.get(header, request.received) {
            return Ok(Decision::Allow { identity });
        }
        let future = (self.table.authenticate)(self.instance, share(request, Viewer::Auth));
        match Call::new(self, future).await {
            RResult::RErr(error) => Err(error.into()),
            RResult::ROk(decided) => Ok(match decided.kind {
                decision::UNKNOWN => Decision::Unknown,
                decision::ALLOW => {
                    let identity: SmolStr = decided.identity.as_str().into();
                    let reuse = reuse(&decided);
                    if !header.is_empty() && !reuse.is_zero() {
                        self.remembered.put(header, &identity, reuse, request.received);
                    }
                    Decision::Allow { identity }
                }
                decision::FORBID => Decision::Forbid { reason: decided.reason.into() },
                _ => Decision::Deny { reason: decided.reason.into() },
            }),
        }
    }
}

/// How long the plugin lets its decision hold; zero when it says nothing.
fn reuse(decided: &DecisionV1) -> Duration {
    let said = decided.extra.iter().find(|pair| pair.0 == decision::REUSE_MS);
    let millis = said.and_then(|pair| pair.1.parse().ok()).unwrap_or(0);
    Duration::from_millis(millis).min(LONGEST_REUSE)
}

impl Named for Authenticator {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Authenticator {
    fn drop(&mut self) {
        let (destroy, instance) = (self.table.destroy, self.instance);
        in_background(move || destroy(instance));
    }
}
