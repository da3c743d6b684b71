//! Hosts whose plugins are the fixtures.

use super::library::Library;
use super::{Folder, Host, Setup, eventually, fixtures, until};
use serde_json::json;
use std::path::PathBuf;

/// A function that the probe runs; the path behind its name says what it does.
pub(crate) fn probed() -> Folder {
    Folder::new(&json!({"type": "embedded", "language": "lua", "arguments": "lambda.lua"}))
        .file("lambda.lua", "-- the probe reads no code\n")
}

/// What a host with the probe is configured by; `keys` go into the probe's own table.
pub(crate) fn probe_config(keys: &str, more: &str) -> String {
    format!(
        "{more}\n[runners.executable]\n[runners.probe]\nlibrary = \"plugins/libprobe.so\"\n{keys}\n"
    )
}

/// A key of the probe's table: where it writes down what happens to it.
pub(crate) fn record_key(setup: &Setup) -> String {
    format!("record = {:?}\n", setup.path("record"))
}

impl Setup {
    /// Puts a library into the host's `plugins/`.
    pub(crate) fn library(self, name: &str, library: &Library) -> Self {
        std::fs::create_dir_all(self.path("plugins")).unwrap();
        library.write(&self.path("plugins").join(name));
        self
    }

    /// The probe as a runner with a function `probe`; `keys` go into its table, `more` before it.
    pub(crate) fn with_probe(self, keys: &str, more: &str) -> Self {
        let keys = record_key(&self) + keys;
        self.library("libprobe.so", &fixtures::PROBE)
            .config(probe_config(&keys, more))
            .function("probe", &probed())
    }

    /// The probe as the only auth plugin, and a function `cat`.
    pub(crate) fn with_door(self, keys: &str, more: &str) -> Self {
        let keys = record_key(&self) + keys;
        let config = format!(
            "{more}\n[auth]\nchain = [\"door\"]\n[auth.door]\nlibrary = \"plugins/libprobe.so\"\n{keys}\n[runners.executable]\n"
        );
        self.library("libprobe.so", &fixtures::PROBE).config(config).function("cat", &super::cat())
    }
}

impl Host {
    /// Where the probe's library lies.
    pub(crate) fn library_file(&self) -> PathBuf {
        self.path("plugins/libprobe.so")
    }

    /// The lines that the probe has written down.
    pub(crate) fn record(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path("record")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Waits until the probe has written down a line.
    #[track_caller]
    pub(crate) fn recorded(&self, line: &str) {
        until(&format!("the probe records {line:?}"), || {
            self.record().iter().any(|recorded| recorded == line)
        });
    }

    /// Waits until the probe of this number answers.
    #[track_caller]
    pub(crate) fn serves_version(&self, number: u32) {
        let expected = number.to_string();
        eventually(&format!("version {number} answers"), || {
            let answer = self.post("/f/probe/version", "");
            answer.expect_status(200);
            (answer.text() == expected).then_some(())
        });
    }
}
