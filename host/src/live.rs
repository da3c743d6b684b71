//! Follows the configuration file and the plugin libraries while the host serves, and takes what has changed.

use crate::app::{App, defaults};
use crate::cli::LogLevel;
use crate::config::{Arguments, Config, Environment, load};
use crate::memory;
use crate::plugins::{Changed, Signature, signature};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How often the files are looked at; one `stat` each.
const EVERY: Duration = Duration::from_millis(300);

/// So many looks after the start the other threads have let go of what they needed for it.
const SETTLED_AFTER: u32 = 4;

/// What is needed to read the configuration again as it was read at the start.
pub(crate) struct Live {
    pub(crate) app: &'static App,
    pub(crate) arguments: Arguments,
    pub(crate) log_level: LogLevel,
    /// What the configuration file was when it was read at the start.
    pub(crate) taken: Option<Signature>,
}

impl Live {
    /// Looks at the files until the returned future is dropped. A change is taken when two looks in a row saw the same.
    pub(crate) async fn follow(self) {
        let live = Arc::new(self);
        let file: Option<PathBuf> = live.app.config().file.clone();
        let look = || file.as_deref().and_then(signature);
        let mut taken = live.taken;
        let mut before = taken;
        let mut plugins_pending = false;
        let mut looks = 0_u32;
        loop {
            tokio::time::sleep(EVERY).await;
            looks = looks.saturating_add(1);
            if looks == SETTLED_AFTER {
                memory::give_back();
            }
            let now = look();
            let settled = now == before;
            before = now;
            let config_changed = settled && now.is_some() && now != taken;
            let plugins_changed = live.app.plugins.files_changed();
            let plugins_settled = plugins_changed && plugins_pending;
            plugins_pending = plugins_changed;
            if !config_changed && !plugins_settled {
                continue;
            }
            if config_changed {
                taken = now;
            }
            let work = Arc::clone(&live);
            let _ = tokio::task::spawn_blocking(move || work.take(config_changed)).await;
            plugins_pending = false;
        }
    }

    /// Takes a changed configuration, or the same one with changed libraries. Blocks.
    fn take(&self, config_changed: bool) {
        let mut config = Config::clone(&self.app.config());
        if config_changed {
            match load(&self.arguments, &Environment::of_process()) {
                Ok(newer) => config = self.merge(newer),
                Err(mistakes) => {
                    tracing::error!(
                        "configuration not taken, the earlier one goes on:\n{mistakes}"
                    );
                    return;
                }
            }
        }
        let Changed { mistakes, types, languages } = self.app.plugins.apply(&config);
        for mistake in &mistakes {
            tracing::error!(
                "plugin not taken, the earlier one goes on where there is one: {mistake}"
            );
        }
        self.app.catalog.set_settle(config.deploy.settle);
        self.app.catalog.set_defaults(defaults(&config, &self.app.plugins));
        if !types.is_empty() || !languages.is_empty() {
            self.app.catalog.prepare_again(&types, &languages);
        }
        if config_changed {
            self.log_level.set(&config.log.level);
            self.app.set_config(config);
            tracing::info!("configuration taken");
        }
    }

    /// The newer configuration with what cannot change while serving as it was.
    fn merge(&self, mut newer: Config) -> Config {
        let current = self.app.config();
        for key in current.restart_only(&newer) {
            tracing::warn!(key, "takes effect at the next start only");
        }
        for warning in &newer.warnings {
            tracing::warn!("{warning}");
        }
        newer.server.listen = current.server.listen;
        newer.server.threads = current.server.threads;
        newer.deploy.folder = current.deploy.folder.clone();
        newer
    }
}
