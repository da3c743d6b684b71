//! `X-Api-Key: <key>`: a complete auth plugin. docs/plugins.md explains it line by line.

use plugin_api::{AuthPlugin, AuthRequest, Decision, Host, Result, export_plugin, serde};
use std::collections::HashMap;
use subtle::ConstantTimeEq;

#[derive(serde::Deserialize)]
#[serde(crate = "plugin_api::serde", deny_unknown_fields)]
struct ApiKey {
    /// Who may call, and the key of each.
    keys: HashMap<String, String>,
}

impl AuthPlugin for ApiKey {
    type Config = Self;

    fn new(config: Self, _host: Host) -> Result<Self> {
        Ok(config)
    }

    fn challenge(&self) -> String {
        "ApiKey header=\"x-api-key\"".into()
    }

    fn credential_headers(&self) -> Vec<String> {
        vec!["x-api-key".into()]
    }

    async fn authenticate(&self, request: &AuthRequest) -> Result<Decision> {
        let Some(offered) = request.header("x-api-key") else { return Ok(Decision::Unknown) };
        let fits = |key: &String| bool::from(key.as_bytes().ct_eq(offered));
        let owner = self.keys.iter().find(|(_, key)| fits(key));
        Ok(owner.map_or(Decision::deny("unknown key"), |(name, _)| Decision::allow(name)))
    }
}

export_plugin!(auth: ApiKey);
