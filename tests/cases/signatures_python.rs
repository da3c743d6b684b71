//! Python functions that were written for other platforms, with those platforms' own packages.

use crate::support::Host;
use crate::support::fixtures::repository;
use crate::support::interpreted::speaking;
use crate::support::setup::plugin_folder;
use crate::support::signatures::{Calls, complaints, read_function};
use serde_json::json;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

#[test]
fn one_greeting_in_five_forms_gives_the_same_answers_cold_and_warm() {
    let calls = Calls::read(&compat());
    for mode in ["cold", "warm"] {
        let host = host_with(&calls.greetings, mode);
        let complaints_of = |function: &String| -> Vec<String> {
            calls.greeting.iter().flat_map(|call| complaints(&host, function, call)).collect()
        };
        let wrong: Vec<String> = calls.greetings.iter().flat_map(complaints_of).collect();
        assert!(wrong.is_empty(), "{mode}:\n{}", wrong.join("\n"));
    }
}

#[test]
fn functions_of_other_platforms_run_as_they_are() {
    let calls = Calls::read(&compat());
    let host = host_with(&calls.functions(), "warm");
    let wrong: Vec<String> =
        calls.calls.iter().flat_map(|call| complaints(&host, &call.function, call)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn compat() -> PathBuf {
    repository().join("tests/compat/python")
}

/// The functions, with an interpreter that has the platforms' packages.
fn host_with(functions: &[String], mode: &str) -> Host {
    let mut setup = speaking(&["python"]);
    for name in functions {
        let folder = read_function(&compat().join("functions").join(name))
            .with("command", json!(INTERPRETER.as_path()))
            .with("scaling", json!({"mode": mode}));
        setup = setup.function(name, &folder);
    }
    setup.start()
}

/// Python of a virtual environment beside the target folder's programs, which has what `requirements.txt` names.
static INTERPRETER: LazyLock<PathBuf> = LazyLock::new(|| {
    let requirements = compat().join("requirements.txt");
    let wanted = std::fs::read(&requirements).unwrap();
    let folder = plugin_folder().parent().unwrap().join("compat-python");
    std::fs::create_dir_all(&folder).unwrap();
    // Other test processes want it too; the lock ends with the file.
    let lock = std::fs::File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let (environment, made_of) = (folder.join("venv"), folder.join("made-of.txt"));
    let python = environment.join("bin/python3");
    if std::fs::read(&made_of).is_ok_and(|made_of| made_of == wanted) && python.exists() {
        return python;
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment));
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
    run(Command::new(&python).args(install).arg(&requirements));
    std::fs::write(&made_of, wanted).unwrap();
    python
});

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{errors}", output.status);
}
