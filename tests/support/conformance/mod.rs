//! `launchers/conformance/cases.json` and the languages that play it, as data.

mod check;
mod deploy;
mod play;

pub(crate) use deploy::deployed;
pub(crate) use play::play;

use super::fixtures::repository;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The whole of `cases.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Suite {
    version: u32,
    /// What is put beside the handlers.
    files: BTreeMap<String, String>,
    pub(crate) cases: Vec<Case>,
}

/// Calls of one function, and what must come of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    handler: Option<String>,
    file: Option<String>,
    #[serde(default)]
    run: Value,
    #[serde(default)]
    request: Request,
    expect: Map<String, Value>,
    #[serde(default)]
    then: Vec<Then>,
    only: Option<Mode>,
    #[serde(default)]
    expect_cold: Map<String, Value>,
    #[serde(default)]
    expect_warm: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Then {
    #[serde(default)]
    request: Request,
    expect: Map<String, Value>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Request {
    method: Option<String>,
    #[serde(default)]
    path: String,
    #[serde(default)]
    query: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<Body>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    Text(String),
    Bytes {
        base64: String,
    },
    Filled {
        size: usize,
        fill: String,
        #[serde(default)]
        only_announced: bool,
    },
}

/// How the workers of a function live.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    Cold,
    Warm,
}

impl Mode {
    pub(crate) const ALL: [Self; 2] = [Self::Cold, Self::Warm];

    fn name(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Warm => "warm",
        }
    }
}

/// An entry of a folder's `languages.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Language {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) language: String,
    /// The file with the handlers.
    file: String,
    #[serde(default)]
    run: Value,
    #[serde(default)]
    run_of: BTreeMap<String, Value>,
    /// Handlers that the language cannot have, and why.
    #[serde(default)]
    cannot: BTreeMap<String, String>,
    /// Text for shortedfaas.toml, where the language has no plugin.
    config: Option<String>,
    /// Where the handlers lie.
    #[serde(skip)]
    folder: PathBuf,
}

impl Case {
    /// What says which code is called: a handler, or a file.
    fn subject(&self) -> &str {
        let subject = self.handler.as_deref().or(self.file.as_deref());
        subject.unwrap_or_else(|| panic!("`{}` names neither handler nor file", self.name))
    }

    /// True where the language has what is called, and the mode is meant.
    pub(crate) fn is_for(&self, language: &Language, mode: Mode) -> bool {
        self.only.is_none_or(|only| only == mode)
            && !language.cannot.contains_key(self.subject())
            && (self.handler.is_some() || language.kind == "interpreted")
    }
}

impl Language {
    /// What it is called in names of functions: `lua-lua`, `node-ts`.
    fn label(&self) -> String {
        format!("{}-{}", self.language, self.extension())
    }

    fn extension(&self) -> &str {
        Path::new(&self.file).extension().and_then(|ending| ending.to_str()).expect("a file's name")
    }

    /// Its part of shortedfaas.toml.
    fn config(&self) -> String {
        let folder = self.folder.parent().expect("it is within another").to_string_lossy();
        let given = self.config.as_ref().map(|text| text.replace("{folder}", &folder));
        given.unwrap_or_else(|| format!("[languages.{}]", self.language))
    }
}

/// The cases.
#[track_caller]
pub(crate) fn suite() -> Suite {
    let suite: Suite = read(&repository().join("launchers/conformance/cases.json"));
    assert_eq!(suite.version, 1);
    suite
}

/// Every language whose launcher has a folder with handlers.
#[track_caller]
pub(crate) fn languages(suite: &Suite) -> Vec<Language> {
    let mut found = Vec::new();
    for parent in ["launchers", "docs/examples"] {
        for entry in std::fs::read_dir(repository().join(parent)).unwrap().flatten() {
            let folder = entry.path().join("conformance");
            let file = folder.join("languages.json");
            if !file.is_file() {
                continue;
            }
            for language in read::<Vec<Language>>(&file) {
                expect_known(suite, &language, &file);
                found.push(Language { folder: folder.clone(), ..language });
            }
        }
    }
    found.sort_by_key(Language::label);
    // For whoever writes a launcher: `SHORTEDFAAS_TEST_LANGUAGE=lua`.
    if let Ok(only) = std::env::var("SHORTEDFAAS_TEST_LANGUAGE") {
        found.retain(|language| language.language == only);
    }
    assert!(!found.is_empty(), "there is no such language");
    found
}

/// What a language cannot, or needs otherwise, is something that there is.
#[track_caller]
fn expect_known(suite: &Suite, language: &Language, file: &Path) {
    for name in language.cannot.keys().chain(language.run_of.keys()) {
        let known = suite.cases.iter().any(|case| case.subject() == name);
        assert!(known, "{}: no case is about `{name}`", file.display());
    }
    let unexplained = language.cannot.iter().find(|(_, reason)| reason.len() < 10);
    assert!(unexplained.is_none(), "{}: a reason is missing: {unexplained:?}", file.display());
}

#[track_caller]
fn read<T: serde::de::DeserializeOwned>(file: &Path) -> T {
    let text = std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// `base` with the keys of `more`, maps within maps put together likewise.
fn merged(base: &Value, more: &Value) -> Value {
    match (base, more) {
        (Value::Object(base), Value::Object(more)) => {
            let mut both = base.clone();
            for (key, value) in more {
                let value = both.get(key).map_or_else(|| value.clone(), |old| merged(old, value));
                both.insert(key.clone(), value);
            }
            Value::Object(both)
        }
        (base, Value::Null) => base.clone(),
        (_, more) => more.clone(),
    }
}

/// So many bytes of a text again and again, or of all bytes.
fn filled(size: usize, fill: &str) -> Vec<u8> {
    if fill == "every byte" {
        return (0..=u8::MAX).cycle().take(size).collect();
    }
    fill.bytes().cycle().take(size).collect()
}
