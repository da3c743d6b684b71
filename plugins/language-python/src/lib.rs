//! Python: functions of the types `interpreted` and `launched`.

use languages::{Context, Describe, Language, LauncherFile, Plugin, Program, Sample};
use plugin_api::{Error, Plan, Result};

/// The language as the kit wants it.
struct Python;

/// What the launcher is written for.
const OLDEST: (u32, u32) = (3, 8);

/// A file of `launchers/python`.
macro_rules! launcher_files {
    ($($name:literal),* $(,)?) => {
        &[$(LauncherFile { name: $name, content: include_bytes!(concat!("../../../launchers/python/", $name)) }),*]
    };
}

impl Describe for Python {
    const LANGUAGE: &'static Language = &Language {
        name: "python",
        programs: &["python3", "python"],
        local_programs: &[
            ".venv/bin/python3",
            ".venv/bin/python",
            "venv/bin/python3",
            "venv/bin/python",
        ],
        install: "apt-get install python3",
        probe: &["-I", "-c", "import sys; print(sys.version.split()[0]); print(sys.executable)"],
        endings: &["py"],
        // A segmentation fault tells where it was. Not -I, -E or -s: variables of the function such as PYTHONPATH and packages of the
        // user count, as they do for `python file.py`. Not -u: the launcher has lines written as they end, and the rest before it answers.
        options: &["-X", "faulthandler"],
        launcher: launcher_files![
            "launcher.py",
            "_shortedfaas/__init__.py",
            "_shortedfaas/asgi.py",
            "_shortedfaas/aws.py",
            "_shortedfaas/azure.py",
            "_shortedfaas/azure_routes.py",
            "_shortedfaas/environment.py",
            "_shortedfaas/errors.py",
            "_shortedfaas/frames.py",
            "_shortedfaas/google.py",
            "_shortedfaas/google_events.py",
            "_shortedfaas/http_event.py",
            "_shortedfaas/loading.py",
            "_shortedfaas/plain_json.py",
            "_shortedfaas/preload.py",
            "_shortedfaas/results.py",
            "_shortedfaas/template.py",
            "_shortedfaas/worker.py",
            "_shortedfaas/wsgi.py",
        ],
        template: Some(&["--template"]),
        signatures: &["shortedfaas", "aws", "azure", "google", "google-event"],
        samples: &[
            Sample {
                kind: "interpreted",
                files: &[
                    (
                        "run.json",
                        "{ \"type\": \"interpreted\", \"language\": \"python\", \"command\": \"python3\", \"arguments\": \"lambda.py\" }\n",
                    ),
                    ("lambda.py", include_str!("../../../deploy/hello-python/lambda.py")),
                ],
            },
            Sample {
                kind: "launched",
                files: &[
                    (
                        "run.json",
                        "{ \"type\": \"launched\", \"language\": \"python\", \"command\": \"python3\", \"arguments\": \"main.py\" }\n",
                    ),
                    (
                        "main.py",
                        "import sys\n\nname = sys.stdin.read().strip()\nprint(f\"Hello, {name or 'world'}!\", end=\"\")\n",
                    ),
                ],
            },
        ],
        complete,
        ..Language::PLAIN
    };
}

plugin_api::export_plugin!(language: Plugin<Python>);

fn complete(context: &Context<'_>, _plan: &mut Plan) -> Result<()> {
    match too_old(context.program) {
        // A program of the user's own may be for any Python.
        Some(fault) if context.launcher_folder.is_some() => Err(Error::config("", fault)),
        _ => Ok(()),
    }
}

fn too_old(program: &Program) -> Option<String> {
    let Program { path, version, .. } = program;
    let mut numbers = version.split('.').map(str::parse::<u32>);
    let number = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    let (major, minor) = OLDEST;
    (number < OLDEST).then(|| format!(
        "{} is Python {version}, which is too old: install {major}.{minor} or later, or name one as `command` in [languages.python]",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::serde_json::{Value, json};
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    fn sources() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../launchers/python")
    }

    #[test]
    fn every_file_of_the_launcher_is_written() {
        let parts = std::fs::read_dir(sources().join("_shortedfaas")).expect("there");
        let expected: BTreeSet<String> = parts
            .flatten()
            .map(|entry| format!("_shortedfaas/{}", entry.file_name().to_string_lossy()))
            .filter(|name| name.ends_with(".py"))
            .chain(["launcher.py".to_owned()])
            .collect();
        let written: BTreeSet<String> =
            Python::LANGUAGE.launcher.iter().map(|file| file.name.to_owned()).collect();
        assert_eq!(written, expected);
        assert_eq!(Python::LANGUAGE.launcher[0].name, "launcher.py");
    }

    #[test]
    fn an_interpreter_that_is_too_old_is_named() {
        let check = |version: &str, expected: Option<&str>| {
            let program = Program { path: "/bin/python".into(), version: version.into() };
            let fault = too_old(&program);
            assert_eq!(expected.is_some(), fault.is_some(), "{version}: {fault:?}");
            assert!(fault.unwrap_or_default().contains(expected.unwrap_or_default()), "{version}");
        };
        check("3.8.0", None);
        check("3.13.1+", None);
        check("4.0", None);
        check("unknown", None);
        check("3.7.16", Some("/bin/python is Python 3.7.16, which is too old"));
        check("2.7.18", Some("install 3.8 or later"));
    }

    #[test]
    fn manifests_of_the_samples_are_the_contracts() {
        for sample in Python::LANGUAGE.samples {
            let (name, text) = sample.files[0];
            let manifest: Value = plugin_api::serde_json::from_str(text).expect("valid");
            assert_eq!((name, &manifest["type"]), ("run.json", &json!(sample.kind)));
            assert_eq!(manifest["arguments"], sample.files[1].0);
        }
    }
}
