//! The environment of the host, read here and nowhere else.

use std::ffi::{OsStr, OsString};

/// A snapshot of environment variables.
#[derive(Clone, Default)]
pub(crate) struct Environment {
    /// Sorted by name, so that mistakes come in the same order every time.
    variables: Vec<(OsString, OsString)>,
}

impl Environment {
    /// The variables of this process.
    pub(crate) fn of_process() -> Self {
        std::env::vars_os().collect()
    }

    /// A variable of this process as text; for manifests that copy one of the host's variables.
    pub(crate) fn variable_of_process(name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    /// The value of a variable.
    pub(crate) fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_os_str())
    }

    /// Every variable whose name begins with `prefix`; what follows it, and the value.
    pub(super) fn beginning_with(&self, prefix: &str) -> impl Iterator<Item = (&str, &OsStr)> {
        self.variables.iter().filter_map(move |(name, value)| {
            Some((name.to_str()?.strip_prefix(prefix)?, value.as_os_str()))
        })
    }
}

impl<K: Into<OsString>, V: Into<OsString>> FromIterator<(K, V)> for Environment {
    fn from_iter<T: IntoIterator<Item = (K, V)>>(variables: T) -> Self {
        let mut variables: Vec<(OsString, OsString)> =
            variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        variables.sort();
        Self { variables }
    }
}
