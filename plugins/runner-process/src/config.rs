//! The table `[runners.process]`.

use plugin_api::{Error, Result};

/// More calls than this in a worker's pipe gain nothing.
const AHEAD_LIMIT: u32 = 64;

/// The plugin's configuration; every key may be left out.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// So many calls may wait in the pipe of a busy worker, so that it goes on at once when it has answered.
    pub ahead: u32,
    /// Whether a worker is forked from a process that has its language loaded, where the language can do that.
    pub fork: bool,
    /// Whether a small process kills what is left of the functions when the host was killed.
    pub keeper: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { ahead: 3, fork: true, keeper: true }
    }
}

impl Config {
    pub(crate) fn check(&self) -> Result<()> {
        if self.ahead <= AHEAD_LIMIT {
            return Ok(());
        }
        let text = format!("`ahead` is {}: give 0 to {AHEAD_LIMIT}", self.ahead);
        Err(Error::config("ahead", text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sensible_number_of_calls_is_handed_over_ahead() {
        for (ahead, accepted) in [(0, true), (64, true), (65, false)] {
            let config = Config { ahead, ..Config::default() };
            assert_eq!(config.check().is_ok(), accepted, "{ahead}");
        }
    }
}
