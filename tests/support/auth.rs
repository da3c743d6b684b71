//! The shared secret that tests use.

use super::Setup;

/// The secret; looked for in places where it must not be.
pub(crate) const SECRET: &str = "correct-horse-battery-staple";

impl Setup {
    /// Turns the shared secret on.
    pub(crate) fn with_secret(self) -> Self {
        self.config_with("[auth]\nchain = [\"shared-secret\"]\n[auth.shared-secret]\n")
            .environment("ShortedFaaS_SharedSecret", SECRET)
    }
}

/// Value of the Authorization header.
pub(crate) fn secret_header() -> String {
    format!("SharedSecret {SECRET}")
}
