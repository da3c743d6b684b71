//! The table `[runners.executable]`.

use plugin_api::{Error, Result};

/// Threads that start processes, for each core. Measured with 16 callers on two cores: from three to six a core cost the
/// same, two leave cores idle between a process's end and the next start, more only switch.
const YOUNG_THREADS_PER_CORE: usize = 4;
/// More threads than this cannot help any machine; it is a mistyped number.
const YOUNG_THREADS_LIMIT: usize = 1024;

/// The plugin's configuration; every key may be left out.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Threads that start processes and wait for the short ones; at most so many processes are in their first 5 ms at once.
    pub young_threads: usize,
    /// Whether a small process kills what is left of the functions when the host was killed.
    pub keeper: bool,
}

impl Default for Config {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self { young_threads: YOUNG_THREADS_PER_CORE * cores, keeper: true }
    }
}

impl Config {
    pub(crate) fn check(&self) -> Result<()> {
        if (1..=YOUNG_THREADS_LIMIT).contains(&self.young_threads) {
            return Ok(());
        }
        let text = format!(
            "`young_threads` is {}: give 1 to {YOUNG_THREADS_LIMIT}, or leave it out for four a core",
            self.young_threads
        );
        Err(Error::config("young_threads", text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sensible_number_of_threads_is_taken() {
        for (young_threads, accepted) in [(0, false), (1, true), (1024, true), (1025, false)] {
            let config = Config { young_threads, ..Config::default() };
            assert_eq!(config.check().is_ok(), accepted, "{young_threads}");
        }
    }
}
