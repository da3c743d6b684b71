//! What the language plugins for JavaScript runtimes share: the launcher, and how a function's folder names its file.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests may"))]

mod heap;
mod main_file;

pub use heap::heap_option;

use languages::{Describe, LauncherFile, Settings};
use plugin_api::{Description, FunctionSpec, Host, LanguagePlugin, Plan, Result};

/// A file of `launchers/node`.
macro_rules! launcher_files {
    ($($name:literal),* $(,)?) => {
        &[$(LauncherFile { name: $name, content: include_bytes!(concat!("../../../launchers/node/", $name)) }),*]
    };
}

/// The launcher; Node, Bun and Deno have the same.
pub const LAUNCHER: &[LauncherFile] = launcher_files![
    "launcher.js",
    "environment.js",
    "frames.js",
    "loading.js",
    // Says that these files are CommonJS, whatever lies in the folders above.
    "package.json",
    "results.js",
    "signatures/aws.js",
    "signatures/azure-routes.js",
    "signatures/azure-v4.js",
    "signatures/azure.js",
    "signatures/express.js",
    "signatures/google-event.js",
    "signatures/google-events.js",
    "signatures/google.js",
    "signatures/http.js",
];

/// Endings of source files, the likeliest first.
pub const ENDINGS: &[&str] = &["js", "mjs", "cjs", "ts", "mts", "cts"];

/// Signatures that the launcher knows.
pub const SIGNATURES: &[&str] = &["shortedfaas", "aws", "azure", "google", "google-event"];

/// `run.json` of a first function.
#[macro_export]
macro_rules! manifest {
    ($kind:literal, $language:literal, $file:literal) => {
        concat!(
            "{ \"type\": \"",
            $kind,
            "\", \"language\": \"",
            $language,
            "\", \"arguments\": \"",
            $file,
            "\" }\n"
        )
    };
}

/// A language plugin for a JavaScript runtime: the kit's, which also looks into `package.json` and Azure's `function.json`.
#[derive(Debug)]
pub struct Plugin<D>(languages::Plugin<D>);

impl<D: Describe> LanguagePlugin for Plugin<D> {
    type Config = Settings;

    fn new(config: Settings, host: Host) -> Result<Self> {
        languages::Plugin::new(config, host).map(Self)
    }

    fn description(&self) -> Description {
        self.0.description()
    }

    fn plan(&self, function: &FunctionSpec) -> Result<Plan> {
        match main_file::named(function)? {
            Some(function) => self.0.plan(&function),
            None => self.0.plan(function),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn every_file_of_the_launcher_is_written() {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../launchers/node");
        let names = |below: &str| -> Vec<String> {
            let entries = std::fs::read_dir(sources.join(below)).unwrap().flatten();
            let names = entries.filter(|entry| entry.path().is_file());
            names.map(|entry| format!("{below}{}", entry.file_name().to_str().unwrap())).collect()
        };
        let is_code = |name: &String| name.ends_with(".js") || name.ends_with(".json");
        let expected: BTreeSet<String> =
            names("").into_iter().chain(names("signatures/")).filter(is_code).collect();
        let written: BTreeSet<String> = LAUNCHER.iter().map(|file| file.name.to_owned()).collect();
        assert_eq!(written, expected);
        assert_eq!(LAUNCHER[0].name, "launcher.js");
    }
}
