//! A set of plugins: the auth chain, the runner of each function type, the languages, and what each was made from.

use super::auth::Authenticator;
use super::language::Language;
use super::library::ContentHash;
use super::locate::Signature;
use super::metadata::Metadata;
use super::runner::Runner;
use crate::config::PluginConfig;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A set of plugins. Requests read it without a lock; it never changes, it is replaced.
#[derive(Default)]
pub(crate) struct Active {
    pub(crate) chain: Vec<Arc<Authenticator>>,
    /// Why nobody can be authenticated although authentication is on.
    pub(crate) closed: Option<String>,
    /// Value of WWW-Authenticate.
    pub(crate) challenge: String,
    pub(crate) credential_headers: &'static [String],
    pub(super) runners: HashMap<String, Arc<Runner>>,
    pub(super) languages: HashMap<String, Arc<Language>>,
    pub(super) entries: Vec<Entry>,
    /// Plugins that could not be taken, and the library file that they were tried with.
    pub(super) failed: Vec<(PluginConfig, Option<Signature>)>,
}

/// One plugin that is on.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) config: PluginConfig,
    pub(super) file: PathBuf,
    pub(crate) metadata: Metadata,
    pub(super) hash: ContentHash,
    pub(super) signature: Option<Signature>,
    pub(super) instance: Kind,
}

#[derive(Clone)]
pub(super) enum Kind {
    Auth(Arc<Authenticator>),
    Runner(Arc<Runner>),
    Language(Arc<Language>),
}

/// Kept for good: every request refers to them, and they change only when an auth plugin does.
fn kept(headers: Vec<String>) -> &'static [String] {
    if headers.is_empty() { &[] } else { Vec::leak(headers) }
}

impl Active {
    /// `given`: languages without a plugin.
    pub(super) fn new(
        entries: Vec<Entry>,
        given: Vec<(String, Arc<Language>)>,
        chain: &[String],
        before: &Self,
    ) -> Self {
        let mut runners = HashMap::new();
        let mut languages: HashMap<_, _> = given.into_iter().collect();
        for entry in &entries {
            match &entry.instance {
                Kind::Auth(_) => {}
                Kind::Language(language) => {
                    languages.insert(entry.config.name.clone(), Arc::clone(language));
                }
                Kind::Runner(runner) => {
                    for kind in &runner.serves {
                        runners.entry(kind.clone()).or_insert_with(|| Arc::clone(runner));
                    }
                }
            }
        }
        let mut asked = Vec::new();
        let mut missing = Vec::new();
        for name in chain {
            let found = entries.iter().find_map(|entry| match &entry.instance {
                Kind::Auth(authenticator) if entry.config.name == *name => Some(authenticator),
                _ => None,
            });
            match found {
                Some(authenticator) => asked.push(Arc::clone(authenticator)),
                None => missing.push(name.as_str()),
            }
        }
        let closed = (!missing.is_empty())
            .then(|| format!("auth plugin {} is not loaded", missing.join(", ")));
        let mut headers: Vec<String> =
            asked.iter().flat_map(|asked| asked.credential_headers.clone()).collect();
        // What was a credential a moment ago stays one for requests that are under way.
        headers.extend(before.chain.iter().flat_map(|asked| asked.credential_headers.clone()));
        headers.sort_unstable();
        headers.dedup();
        let challenges: Vec<_> = asked.iter().map(|asked| asked.challenge.as_str()).collect();
        let challenge = challenges.join(", ");
        Self {
            chain: asked,
            closed,
            challenge,
            credential_headers: kept(headers),
            runners,
            languages,
            entries,
            failed: Vec::new(),
        }
    }

    /// False before the first set.
    pub(super) fn was_made(&self) -> bool {
        !self.entries.is_empty() || !self.failed.is_empty()
    }

    /// A chain that cannot be made as a whole changes nothing: the earlier one, or none, goes on.
    pub(super) fn keep_door_of(&mut self, before: &Self) {
        let is_auth = |entry: &&Entry| matches!(entry.instance, Kind::Auth(_));
        self.entries.retain(|entry| !is_auth(&entry));
        self.entries.extend(before.entries.iter().filter(is_auth).cloned());
        self.chain.clone_from(&before.chain);
        self.closed.clone_from(&before.closed);
        self.challenge.clone_from(&before.challenge);
        self.credential_headers = before.credential_headers;
    }

    pub(super) fn entry(&self, plugin: &PluginConfig) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.config.table() == plugin.table())
    }

    /// Function types whose runner is another one, and languages that are other ones.
    pub(super) fn differences(&self, other: &Self) -> (Vec<String>, Vec<String>) {
        let languages = differing(&self.languages, &other.languages);
        (differing(&self.runners, &other.runners), languages)
    }

    /// The plugins that are on.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Ends everything that runs.
    pub(crate) async fn shutdown(&self, grace: Duration) {
        let runners = self.entries.iter().filter_map(|entry| match &entry.instance {
            Kind::Runner(runner) => Some(runner),
            Kind::Auth(_) | Kind::Language(_) => None,
        });
        let all = runners.map(|runner| runner.shutdown(grace));
        futures_util::future::join_all(all).await;
    }
}

/// Keys under which the two have not the very same thing.
fn differing<T>(one: &HashMap<String, Arc<T>>, other: &HashMap<String, Arc<T>>) -> Vec<String> {
    let mut keys: Vec<&String> = one.keys().chain(other.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let differs = |key: &String| match (one.get(key), other.get(key)) {
        (Some(one), Some(other)) => !Arc::ptr_eq(one, other),
        (None, None) => false,
        _ => true,
    };
    keys.into_iter().filter(|key| differs(key)).cloned().collect()
}
