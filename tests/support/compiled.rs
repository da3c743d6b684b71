//! Functions that are compiled before they serve.

use super::{Folder, Host, Setup};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

/// A host that can compile, with the table of C given.
pub(crate) fn compiling_with(c: &str) -> Setup {
    Setup::new().config_with(&format!(
        "[runners.process]\n[languages.rust]\n[languages.go]\n[languages.c]\n{c}\n"
    ))
}

/// A host that can compile.
pub(crate) fn compiling() -> Setup {
    compiling_with("")
}

/// A function in C with this body.
pub(crate) fn c(body: &str) -> Folder {
    Folder::new(&json!({"type": "compiled", "language": "c"})).file(
        "lambda.c",
        format!("#include \"shortedfaas.h\"\n\nSF_FUNCTION(lambda) {{ {body} }}\n"),
    )
}

/// The same, built when it is deployed.
pub(crate) fn c_by_itself(body: &str) -> Folder {
    c(body).with("build", json!("auto"))
}

/// What a function in C does that answers a fixed text.
pub(crate) fn says(text: &str) -> String {
    format!("return sf_text(host, request, {text:?});")
}

/// Runs `shortedfaas` in the host's folder.
pub(crate) fn shortedfaas(setup: &Setup, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_shortedfaas"))
        .args(arguments)
        .current_dir(setup.path(""))
        .output()
        .unwrap()
}

/// `shortedfaas build deploy/NAME`, which must succeed; what it prints with `--json`.
#[track_caller]
pub(crate) fn build(setup: &Setup, name: &str) -> Value {
    let folder = format!("deploy/{name}");
    let output = shortedfaas(setup, &["build", &folder, "--json"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&said).unwrap()
}

/// Copies what was built for one function to another.
pub(crate) fn copy(setup: &Setup, from: &str, to: &str) {
    let (from, to) = (setup.deploy_folder().join(from), setup.deploy_folder().join(to));
    let copied = Command::new("cp").arg("-r").arg(from.join(".build")).arg(to).status().unwrap();
    assert!(copied.success());
}

/// Changes one file of a deployed function, by rename.
pub(crate) fn change(host: &Host, name: &str, file: &str, content: &str) {
    let new = host.path("staging/changed");
    std::fs::write(&new, content).unwrap();
    std::fs::rename(new, host.setup().deploy_folder().join(name).join(file)).unwrap();
}

/// Whether there is such a program on PATH.
pub(crate) fn is_on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Names of what has been built in a function's folder.
pub(crate) fn builds_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder.join(".build")).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// A compiler that writes its process id into `pids` and waits until `go` is there; a host that uses it.
pub(crate) fn compiling_slowly() -> Setup {
    let setup = compiling_with("command = \"./slow-cc\"");
    let (pids, go) = (setup.path("pids"), setup.path("go"));
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *stub.c*) echo $$ >>{}; while [ ! -e {} ]; do sleep 0.02; done;; esac\nexec cc \"$@\"\n",
        pids.display(),
        go.display()
    );
    let path = setup.path("slow-cc");
    std::fs::write(&path, script).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&path, mode).unwrap();
    setup
}
