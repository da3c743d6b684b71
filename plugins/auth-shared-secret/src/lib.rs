//! `Authorization: SharedSecret <value>`, compared with a variable of the host's in constant time.

use plugin_api::{AuthPlugin, AuthRequest, Decision, Error, Host, Result, export_plugin, serde};
use std::time::Duration;
use subtle::ConstantTimeEq;

/// The scheme of the Authorization header.
const SCHEME: &str = "SharedSecret";
/// The secret is the same as long as the instance lives, and with it what the host remembers goes.
const REUSE: Duration = Duration::from_secs(60);
/// Who the bearer of the secret is.
const IDENTITY: &str = "shared-secret";

#[derive(serde::Deserialize)]
#[serde(crate = "plugin_api::serde", default, deny_unknown_fields)]
struct Config {
    /// Name of the host's variable that holds the secret.
    variable: String,
}

impl Default for Config {
    fn default() -> Self {
        Self { variable: "ShortedFaaS_SharedSecret".to_owned() }
    }
}

struct SharedSecret {
    secret: Vec<u8>,
}

impl AuthPlugin for SharedSecret {
    type Config = Config;

    fn new(config: Config, _host: Host) -> Result<Self> {
        let variable = config.variable;
        match std::env::var(&variable) {
            Ok(secret) if !secret.trim().is_empty() => {
                Ok(Self { secret: secret.trim().as_bytes().to_vec() })
            }
            _ => Err(Error::config(
                "variable",
                format!(
                    "the environment variable `{variable}` is not set or empty: \
                     set it to the secret, or take shared-secret out of auth.chain"
                ),
            )),
        }
    }

    fn challenge(&self) -> String {
        format!("{SCHEME} realm=\"shortedfaas\"")
    }

    async fn authenticate(&self, request: &AuthRequest) -> Result<Decision> {
        Ok(match request.credentials_of(SCHEME) {
            None => Decision::Unknown,
            Some(offered) if matches(offered.as_bytes(), &self.secret) => {
                Decision::allow_for(REUSE, IDENTITY)
            }
            Some(_) => Decision::deny("wrong shared secret"),
        })
    }
}

/// Takes as long as `offered` is, whatever it holds: neither the secret nor its length shows in the time.
fn matches(offered: &[u8], secret: &[u8]) -> bool {
    let mut equal = offered.len().ct_eq(&secret.len());
    for (index, byte) in offered.iter().enumerate() {
        equal &= byte.ct_eq(&secret[index % secret.len()]);
    }
    equal.into()
}

export_plugin!(auth: SharedSecret);

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn only_the_very_secret_matches() {
        assert!(matches(b"secret", b"secret"));
        for wrong in ["", "secre", "secrets", "Secret", "secretsecret", "xxxxxx"] {
            assert!(!matches(wrong.as_bytes(), b"secret"), "{wrong}");
        }
    }
}
