//! What function code finds around it: packages of its own, variables, and an interpreter, or none yet.

use crate::support::interpreted::{node, python, speaking};
use crate::support::{Folder, Setup, until};
use serde_json::{Value, json};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// A virtual environment in `folder`, with a module that only it has.
fn make_environment(folder: &Path, name: &str) {
    let mut command = std::process::Command::new("python3");
    command.args(["-m", "venv", "--without-pip"]).arg(folder.join(name));
    assert!(command.status().unwrap().success());
    let library =
        std::fs::read_dir(folder.join(name).join("lib")).unwrap().next().unwrap().unwrap();
    let module = library.path().join("site-packages/only_here.py");
    std::fs::write(module, format!("text = 'of {name}'")).unwrap();
}

#[test]
fn a_virtual_environment_in_the_folder_is_honoured() {
    let code = "import only_here, sys\ndef lambda_(i, e): return only_here.text + ' ' + sys.prefix";
    let setup = speaking(&["python"]);
    for (function, name) in [("hidden", ".venv"), ("plain", "venv")] {
        let folder = setup.deploy_folder().join(function);
        python(code).write(&folder);
        make_environment(&folder, name);
    }
    let deploy = setup.deploy_folder();
    let host = setup.start_all();
    for (function, name) in [("hidden", ".venv"), ("plain", "venv")] {
        let prefix = deploy.join(function).join(name);
        let expected = format!("of {name} {}", prefix.display());
        host.post(&format!("/f/{function}"), "").expect(200, &expected);
    }
}

#[test]
fn node_modules_in_the_folder_are_honoured() {
    let package = |folder: Folder, kind: &str, code: &str| {
        folder
            .file(
                "node_modules/only-here/package.json",
                format!(r#"{{"type": "{kind}", "main": "index.js"}}"#),
            )
            .file("node_modules/only-here/index.js", code)
    };
    let required = node("const text = require('only-here')\nexports.lambda = () => text");
    let imported = Folder::new(&json!({"type": "interpreted", "arguments": "lambda.mjs"}))
        .file("lambda.mjs", "import text from 'only-here'\nexport const lambda = () => text");
    let host = speaking(&["node"])
        .function("required", &package(required, "commonjs", "module.exports = 'required'"))
        .function("imported", &package(imported, "module", "export default 'imported'"))
        .start_all();
    host.post("/f/required", "").expect(200, "required");
    host.post("/f/imported", "").expect(200, "imported");
}

/// The program behind a name, whatever shims stand before it.
fn program(name: &str, argument: &str) -> PathBuf {
    let output = std::process::Command::new(name).args(["-c", argument]).output().unwrap();
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

#[test]
fn a_missing_interpreter_is_listed_with_the_command_that_installs_it_and_found_when_it_is_there() {
    let setup = speaking(&["python", "ruby", "node"]);
    let bin = setup.path("bin");
    std::fs::create_dir(&bin).unwrap();
    let ruby = Folder::new(&json!({"type": "interpreted", "arguments": "lambda.rb"}))
        .file("lambda.rb", "def lambda_(input, environment) = input\n");
    let host = setup
        .environment("PATH", bin.to_str().unwrap())
        .function("python", &python("def lambda_(i, e): return i"))
        .function("ruby", &ruby)
        .start_all();
    for (name, install) in [("python", "python3"), ("ruby", "ruby")] {
        let entry = host.listed_as(name, "broken");
        let reason = entry["reason"].as_str().unwrap();
        assert!(reason.contains("install") && reason.contains(install), "{reason}");
        let detail = host.post(&format!("/f/{name}"), "").expect_problem(503, "function");
        assert_eq!(detail, reason);
    }
    symlink(program("python3", "import sys; print(sys.executable)"), bin.join("python3")).unwrap();
    until("python3 is found", || host.post("/f/python", "x").status == 200);
    host.listed_as("python", "ready");
    host.listed_as("ruby", "broken");
}

#[test]
fn the_folder_is_the_working_folder_and_the_hosts_variables_are_not_inherited() {
    let code = "import os\ndef lambda_(i, e): return {'folder': os.getcwd(), 'names': sorted(os.environ), 'colour': os.environ['COLOUR']}";
    let host = speaking(&["python"])
        .environment("DATABASE_PASSWORD", "secret")
        .environment("COLOUR", "of the host")
        .function("f", &python(code).with("environment", json!({"COLOUR": "blue"})))
        .start_all();
    let answer = host.post("/f/f", "").expect_status(200).json();
    let folder = host.setup().deploy_folder().join("f");
    assert_eq!(answer["folder"].as_str(), folder.to_str());
    assert_eq!(answer["colour"], "blue");
    let allowed = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "COLOUR", "PWD", "LC_CTYPE"];
    for name in answer["names"].as_array().unwrap() {
        let name = name.as_str().unwrap();
        let own = name.starts_with("SHORTEDFAAS_") || name.starts_with("PYTHON");
        assert!(own || allowed.contains(&name), "{name} was inherited: {answer}");
    }
}

/// A launcher of a language that has no plugin: it knows nothing of the handler and answers every call with `awk`.
const AWKWARD: &str = r#"
import json, os, struct
calls, answers = os.fdopen(3, 'rb'), os.fdopen(4, 'wb')
def send(kind, header, body=b''):
    header = json.dumps(header).encode()
    answers.write(kind + struct.pack('>II', len(header), len(body)) + header + body)
    answers.flush()
while True:
    head = calls.read(9)
    if len(head) < 9 or head[:1] == b'S': break
    header, body = struct.unpack('>II', head[1:])
    header, body = json.loads(calls.read(header) or b'{}'), calls.read(body)
    if head[:1] == b'L':
        given = open(os.path.join(header['folder'], header['file'])).read().strip()
        send(b'H', {'protocol': 1, 'pid': os.getpid(), 'language': 'awkward', 'version': '1'})
    if head[:1] == b'I': send(b'T', {}, given.encode() + body)
"#;

fn awkward() -> (Setup, Folder) {
    let setup = speaking(&[]);
    std::fs::write(setup.path("launcher.py"), AWKWARD).unwrap();
    let setup = setup.config_with(
        "[runners.process]\n[languages.awkward]\ncommand = \"python3\"\nlauncher = \"launcher.py\"\n",
    );
    let folder = Folder::new(
        &json!({"type": "interpreted", "language": "awkward", "arguments": "prefix.txt"}),
    )
    .file("prefix.txt", "said: ");
    (setup, folder)
}

#[test]
fn a_language_can_be_given_in_the_configuration_alone() {
    let (setup, folder) = awkward();
    let host = setup.function("f", &folder).start_all();
    host.post("/f/f", "hello").expect(200, "said:hello");
    host.post("/f/f", "again").expect(200, "said:again");
    let entry: Value = host.listed("f").unwrap();
    assert_eq!((&entry["type"], &entry["language"]), (&"interpreted".into(), &"awkward".into()));
}
