//! Where a plugin's library lies, and whether the file has changed.

use crate::config::PluginConfig;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Folders that are searched, in order.
#[derive(Debug, Clone)]
pub(crate) struct Libraries {
    folders: Vec<PathBuf>,
}

impl Libraries {
    /// `--plugins`, then the folder of the running program.
    pub(crate) fn new(named: Option<PathBuf>) -> Self {
        let own = std::env::current_exe().ok();
        let own = own.and_then(|program| program.parent().map(Path::to_owned));
        Self { folders: named.into_iter().chain(own).collect() }
    }

    /// The library of a plugin: the one that its table names, else the first that is there.
    pub(crate) fn find(&self, config: &PluginConfig) -> Result<PathBuf, String> {
        if let Some(library) = &config.library {
            return match library.is_file() {
                true => Ok(library.clone()),
                false => Err(format!(
                    "library {} is not there: build it, correct `library`, or take {} out of the configuration",
                    library.display(),
                    config.table()
                )),
            };
        }
        let file = config.library_file();
        let found =
            self.folders.iter().map(|folder| folder.join(&file)).find(|path| path.is_file());
        found.ok_or_else(|| {
            let sought: Vec<_> = self.folders.iter().map(|folder| folder.display().to_string()).collect();
            format!(
                "library {file} is not in {}: build the workspace, name its folder with --plugins or the file with `library`, or take {} out of the configuration",
                sought.join(" or "),
                config.table()
            )
        })
    }
}

/// What changes when a file is replaced or rewritten.
pub(crate) type Signature = (u64, u64, u64, i64, i64);

/// Signature of a file, or none when it is not there.
pub(crate) fn signature(file: &Path) -> Option<Signature> {
    let metadata = std::fs::metadata(file).ok()?;
    let (seconds, nanos) = (metadata.mtime(), metadata.mtime_nsec());
    Some((metadata.dev(), metadata.ino(), metadata.len(), seconds, nanos))
}
