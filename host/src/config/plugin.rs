//! One enabled plugin: its table of the configuration.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// What a plugin is for; each kind has its section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum PluginKind {
    /// Who calls.
    Auth,
    /// How code runs.
    Runner,
    /// What runs it.
    Language,
    /// What was promised.
    Store,
}

impl PluginKind {
    /// Every kind, in the order in which plugins are listed.
    pub(crate) const ALL: [Self; 4] = [Self::Auth, Self::Runner, Self::Language, Self::Store];

    /// The section that holds the plugins of this kind.
    pub(crate) fn section(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Runner => "runners",
            Self::Language => "languages",
            Self::Store => "stores",
        }
    }

    /// The kind in the singular, as in the names of libraries and interfaces.
    pub(crate) fn singular(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Runner => "runner",
            Self::Language => "language",
            Self::Store => "store",
        }
    }
}

/// On whose threads a plugin's asynchronous work runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Executor {
    /// The host's.
    Host,
    /// Threads of its own, for a plugin that blocks.
    Own,
}

impl Executor {
    /// The values as they are written.
    pub(crate) const NAMES: [(&str, Self); 2] = [("host", Self::Host), ("own", Self::Own)];
}

/// The table of a plugin, `[runners.executable]`. Two are equal when they say the same, wherever they stand.
#[derive(Clone)]
pub(crate) struct PluginConfig {
    pub(crate) kind: PluginKind,
    pub(crate) name: String,
    /// Another library than the one its name leads to; absolute.
    pub(crate) library: Option<PathBuf>,
    pub(crate) executor: Executor,
    /// All other keys: the plugin's own.
    pub(crate) settings: serde_json::Map<String, serde_json::Value>,
    /// Where the table stands in the file; 0: it does not (named in the chain of the environment).
    pub(crate) line: usize,
    /// The line of each of the plugin's own keys that stands in the file.
    pub(crate) setting_lines: BTreeMap<String, usize>,
}

impl PluginConfig {
    pub(super) fn new(kind: PluginKind, name: &str, line: usize) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            library: None,
            executor: Executor::Host,
            settings: serde_json::Map::new(),
            line,
            setting_lines: BTreeMap::new(),
        }
    }

    /// The table's heading: `[runners.executable]`.
    pub(crate) fn table(&self) -> String {
        format!("[{}.{}]", self.kind.section(), self.name)
    }

    /// The file name of its library: `librunner_executable.so`.
    pub(crate) fn library_file(&self) -> String {
        format!("lib{}_{}.so", self.kind.singular(), self.name.replace('-', "_"))
    }

    /// The line of the setting that a plugin complains about by its path (`ttl`, `keys[2].name`), else the table's.
    pub(crate) fn line_of(&self, path: &str) -> usize {
        let key = path.split(['.', '[']).next().unwrap_or(path);
        self.setting_lines.get(key).copied().unwrap_or(self.line)
    }
}

impl PartialEq for PluginConfig {
    fn eq(&self, other: &Self) -> bool {
        let Self { kind, name, library, executor, settings, line: _, setting_lines: _ } = self;
        *kind == other.kind
            && *name == other.name
            && *library == other.library
            && *executor == other.executor
            && *settings == other.settings
    }
}

/// Without the values of settings: some are secrets.
impl fmt::Debug for PluginConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PluginConfig")
            .field("table", &self.table())
            .field("library", &self.library)
            .field("executor", &self.executor)
            .field("settings", &self.settings.keys().collect::<Vec<_>>())
            .field("line", &self.line)
            .finish()
    }
}

/// Checks a plugin's name: lower-case letters, digits and single dashes between them.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let well_formed = name.len() <= 64
        && name.split('-').all(|part| !part.is_empty() && part.bytes().all(letter));
    match well_formed {
        true => Ok(()),
        false => Err(format!(
            "`{name}` is no name of a plugin: write lower-case letters, digits and dashes between them, such as `shared-secret`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_leads_to_its_library() {
        let plugin = PluginConfig::new(PluginKind::Auth, "shared-secret", 3);
        assert_eq!(plugin.table(), "[auth.shared-secret]");
        assert_eq!(plugin.library_file(), "libauth_shared_secret.so");
        assert_eq!(
            PluginConfig::new(PluginKind::Runner, "executable", 1).library_file(),
            "librunner_executable.so"
        );
        assert_eq!(
            PluginConfig::new(PluginKind::Language, "python", 1).library_file(),
            "liblanguage_python.so"
        );
    }

    #[test]
    fn a_complaint_of_a_plugin_leads_to_its_line() {
        let mut plugin = PluginConfig::new(PluginKind::Auth, "bearer", 3);
        plugin.setting_lines.insert("keys".to_owned(), 7);
        assert_eq!(plugin.line_of("keys[2].name"), 7);
        assert_eq!(plugin.line_of("keys"), 7);
        assert_eq!(plugin.line_of("ttl"), 3);
        assert_eq!(plugin.line_of(""), 3);
    }

    #[test]
    fn a_table_that_only_moved_is_the_same() {
        let plugin = PluginConfig::new(PluginKind::Auth, "bearer", 3);
        assert_eq!(plugin, PluginConfig { line: 9, ..plugin.clone() });
        assert_ne!(plugin, PluginConfig { executor: Executor::Own, ..plugin.clone() });
    }

    #[test]
    fn names_of_plugins_are_plain_words() {
        for name in ["executable", "shared-secret", "x509", "a"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in ["", "-a", "a-", "a--b", "A", "a_b", "a.b", "../x", "a/b", "é", &"a".repeat(65)]
        {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
