//! What a plugin says about itself in its metadata section.

use plugin_abi::{ABI_MAJOR, METADATA_FORMAT};
use serde::{Deserialize, Serialize};

/// The section's JSON. Unknown keys are ignored: a newer plugin may say more.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(crate) struct Metadata {
    pub(crate) format: u32,
    pub(crate) abi: u32,
    pub(crate) abi_stable: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) interfaces: Vec<String>,
    #[serde(default)]
    pub(crate) serves: Vec<String>,
    #[serde(default)]
    pub(crate) panic: String,
    #[serde(default)]
    pub(crate) rustc: String,
    #[serde(default)]
    pub(crate) target: String,
    #[serde(default)]
    pub(crate) plugin_api: String,
}

/// Version of abi_stable on this side of the boundary: its minor number is part of the ABI.
const ABI_STABLE: &str = "0.11";

impl Metadata {
    /// Reads the section.
    pub(crate) fn parse(section: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(section)
            .map_err(|error| format!("has metadata that cannot be read: {error}"))
    }

    /// Everything that can be known to be incompatible before any of the library's code runs.
    pub(crate) fn check(&self, interface: &str) -> Result<(), String> {
        let rebuild = "rebuild it against this host's plugin-api";
        if self.format != METADATA_FORMAT {
            return Err(format!(
                "has metadata of format {}, this host reads format {METADATA_FORMAT}: {rebuild}",
                self.format
            ));
        }
        if self.abi != ABI_MAJOR {
            return Err(format!(
                "is built for plugin ABI {}, this host has plugin ABI {ABI_MAJOR}: {rebuild}",
                self.abi
            ));
        }
        if self.abi_stable != ABI_STABLE {
            return Err(format!(
                "is built with abi_stable {}, this host has {ABI_STABLE} (plugin ABI {ABI_MAJOR}): {rebuild}",
                self.abi_stable
            ));
        }
        if self.panic == "abort" {
            return Err("is built with panic = \"abort\": a panic in it would end the host; rebuild it with \"unwind\"".into());
        }
        if !self.interfaces.iter().any(|offered| offered == interface) {
            return Err(format!(
                "offers {} but is enabled as `{interface}`: enable it in the table of its kind",
                self.interfaces.join(", ")
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Metadata;

    const GOOD: &str = r#"{"format":1,"abi":1,"abi_stable":"0.11","name":"x","version":"1","interfaces":["auth/1"],"panic":"unwind"}"#;

    fn check(from: &str, to: &str, expected: Option<&str>) {
        let metadata = Metadata::parse(GOOD.replace(from, to).as_bytes()).unwrap();
        match (metadata.check("auth/1"), expected) {
            (Ok(()), None) => {}
            (Err(message), Some(part)) => assert!(message.contains(part), "{message}"),
            (result, expected) => panic!("{result:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn what_can_be_known_before_loading_is_said() {
        check("", "", None);
        check("\"abi\":1", "\"abi\":2", Some("plugin ABI 2, this host has plugin ABI 1"));
        check("0.11", "0.12", Some("abi_stable 0.12"));
        check("unwind", "abort", Some("panic"));
        check("auth/1", "runner/1", Some("offers runner/1"));
    }

    #[test]
    fn odd_sections_are_errors() {
        for odd in [&b"\xff\xfe"[..], b"", b"[]", b"{", b"{\"format\":\"x\"}"] {
            assert!(Metadata::parse(odd).is_err());
        }
    }
}
