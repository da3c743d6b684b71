//! Node functions that were written for other platforms, with those platforms' own packages.

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
fn one_greeting_in_seven_forms_gives_the_same_answers_cold_and_warm() {
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
fn functions_for_node_of_other_platforms_run_as_they_are() {
    let calls = Calls::read(&compat());
    let host = host_with(&calls.functions(), "warm");
    let wrong: Vec<String> =
        calls.calls.iter().flat_map(|call| complaints(&host, &call.function, call)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn compat() -> PathBuf {
    repository().join("tests/compat/node")
}

/// The functions, below a folder with the platforms' packages.
fn host_with(functions: &[String], mode: &str) -> Host {
    let mut setup = speaking(&["node"]);
    std::os::unix::fs::symlink(PACKAGES.as_path(), setup.path("node_modules")).unwrap();
    for name in functions {
        let folder = read_function(&compat().join("functions").join(name));
        setup = setup.function(name, &folder.with("scaling", json!({"mode": mode})));
    }
    setup.start_all()
}

/// What `package-lock.json` names, beside the target folder's programs.
static PACKAGES: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = plugin_folder().parent().unwrap().join("compat-node");
    std::fs::create_dir_all(&folder).unwrap();
    // Other test processes want it too; the lock ends with the file.
    let lock = std::fs::File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let wanted = std::fs::read(compat().join("package-lock.json")).unwrap();
    let (packages, made_of) = (folder.join("node_modules"), folder.join("made-of.json"));
    if std::fs::read(&made_of).is_ok_and(|made_of| made_of == wanted) && packages.exists() {
        return packages;
    }
    for file in ["package.json", "package-lock.json"] {
        std::fs::copy(compat().join(file), folder.join(file)).unwrap();
    }
    let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    let output = Command::new("npm").args(install).current_dir(&folder).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "npm ci: {}\n{errors}", output.status);
    std::fs::write(&made_of, wanted).unwrap();
    packages
});
