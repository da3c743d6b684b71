//! One host with a function for every case, language and mode.

use super::{Case, Language, Mode, Suite, merged};
use crate::support::languages::with_tools;
use crate::support::{Host, Setup};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A function that was deployed for a case.
pub(crate) struct Unit<'a> {
    pub(crate) function: String,
    pub(crate) language: &'a Language,
    pub(crate) case: &'a Case,
    pub(crate) mode: Mode,
}

/// The host, and its functions: those of one case after the other, so that no language is alone at a time.
#[track_caller]
pub(crate) fn deployed<'a>(suite: &'a Suite, languages: &'a [Language]) -> (Host, Vec<Unit<'a>>) {
    let tables: BTreeSet<String> = languages.iter().map(Language::config).collect();
    let tables: Vec<String> = tables.into_iter().collect();
    let config = format!("[runners.process]\n{}\n", tables.join("\n"));
    let setup = with_tools(Setup::new().config_with(&config));
    let sources: Vec<PathBuf> =
        languages.iter().map(|language| source(&setup, suite, language)).collect();
    let small_files = suite.cases.iter().filter_map(|case| case.file.as_deref()).collect();
    let mut units = Vec::new();
    for case in &suite.cases {
        for (language, source) in languages.iter().zip(&sources) {
            for mode in Mode::ALL.into_iter().filter(|mode| case.is_for(language, *mode)) {
                let unit = Unit::new(language, case, mode);
                unit.deploy(source, &setup.deploy_folder(), &small_files);
                units.push(unit);
            }
        }
    }
    (setup.start_all(), units)
}

/// A copy of the handlers, with what belongs beside them, built where that is needed.
fn source(setup: &Setup, suite: &Suite, language: &Language) -> PathBuf {
    let folder = setup.path("staging").join(language.label());
    put_all(&language.folder, &folder, |from, to| std::fs::copy(from, to).map(drop), &|_| true);
    for (name, text) in &suite.files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    if language.kind == "compiled" {
        let run =
            merged(&json!({"type": "compiled", "language": language.language}), &language.run);
        let run = merged(&run, &json!({"arguments": language.file}));
        std::fs::write(folder.join("run.json"), run.to_string()).unwrap();
        build(setup, &folder);
        std::fs::remove_file(folder.join("run.json")).unwrap();
    }
    folder
}

/// `shortedfaas build FOLDER`.
fn build(setup: &Setup, folder: &Path) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_shortedfaas"))
        .arg("build")
        .arg(folder)
        .current_dir(setup.path(""))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {}\n{errors}", folder.display(), output.status);
}

/// The wanted files of a folder in another one, each put there by `place`.
fn put_all(
    from: &Path,
    to: &Path,
    place: fn(&Path, &Path) -> std::io::Result<()>,
    wanted: &dyn Fn(&str) -> bool,
) {
    std::fs::create_dir(to).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            put_all(&path, &target, place, wanted);
        } else if wanted(&entry.file_name().to_string_lossy()) {
            place(&path, &target).unwrap_or_else(|error| panic!("{}: {error}", target.display()));
        }
    }
}

impl<'a> Unit<'a> {
    fn new(language: &'a Language, case: &'a Case, mode: Mode) -> Self {
        let words: Vec<String> = case
            .name
            .split(|character: char| !character.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_ascii_lowercase)
            .collect();
        let function = format!("{}-{}-{}", language.label(), mode.name(), words.join("-"));
        Self { function, language, case, mode }
    }

    fn deploy(&self, source: &Path, deploy: &Path, small_files: &BTreeSet<&str>) {
        let folder = deploy.join(&self.function);
        let own = self.case.file.as_deref();
        // Links are of the same age, as a build wants it.
        put_all(source, &folder, |from, to| std::fs::hard_link(from, to), &|name| {
            let stem = name.split('.').next().unwrap_or_default();
            name != "languages.json" && (own == Some(stem) || !small_files.contains(stem))
        });
        std::fs::write(folder.join("run.json"), self.manifest().to_string()).unwrap();
    }

    fn manifest(&self) -> Value {
        let (language, case) = (self.language, self.case);
        let file = match &case.file {
            Some(stem) => format!("{stem}.{}", language.extension()),
            None => language.file.clone(),
        };
        let scaling = match self.mode {
            Mode::Cold => json!({"mode": "cold"}),
            // One worker, which is asked again and again, and goes soon when it is not.
            Mode::Warm => json!({"mode": "warm", "min": 0, "max": 1, "idle": "5s"}),
        };
        let mut manifest = json!({
            "type": language.kind, "language": language.language, "arguments": file, "scaling": scaling,
        });
        if let Some(handler) = &case.handler {
            manifest["handler"] = handler.as_str().into();
        }
        let manifest = merged(&merged(&manifest, &language.run), &case.run);
        merged(&manifest, language.run_of.get(case.subject()).unwrap_or(&Value::Null))
    }
}
