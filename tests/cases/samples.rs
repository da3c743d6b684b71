//! The functions that are shipped in `deploy/`, under the configuration that is shipped.

use crate::support::fixtures::repository;
use crate::support::{Host, Setup, eventually};

/// The shipped configuration and a copy of the shipped functions.
fn shipped() -> Host {
    let setup = Setup::new();
    let deploy = repository().join("deploy");
    let copied = std::process::Command::new("cp")
        .arg("-r")
        .arg(deploy.join("."))
        .arg(setup.deploy_folder())
        .status()
        .unwrap();
    assert!(copied.success());
    let config = std::fs::read(repository().join("shortedfaas.toml")).unwrap();
    setup.config(config).start()
}

#[test]
fn every_sample_does_what_its_name_says() {
    let host = shipped();
    let list = eventually("all are built", || {
        let list = host.get("/list").json();
        let functions = list["functions"].as_array().cloned().unwrap_or_default();
        (!functions.iter().any(|function| function["state"] == "building")).then_some(list)
    });
    for function in list["functions"].as_array().unwrap() {
        assert_eq!(
            (&function["state"], &function["warning"]),
            (&"ready".into(), &().into()),
            "{function}"
        );
    }
    let jq = host.post("/f/jq", r#"{"a":3,"b":5}"#);
    assert_eq!(jq.json(), serde_json::json!({"a": 3, "b": 5}));
    host.post("/f/cat", "as it came").expect(200, "as it came");
    let shell = host.request("POST", "/f/hello-shell/you?x=1").send();
    assert!(shell.text().contains("/you") && shell.text().contains("x=1"), "{}", shell.text());
    host.post("/f/python-launched", "3 4\n5").expect(200, "12\n");
    host.post("/f/java-launched", "abc").expect(200, "cba\n");
    for name in ["hello-python", "hello-node", "hello-lua"] {
        host.post(&format!("/f/{name}"), "Ada").expect(200, "Hello, Ada!");
    }
    for name in ["hello-c", "hello-rust"] {
        host.post(&format!("/f/{name}"), "Ada").expect(200, "Hello, Ada!\n");
    }
    let embedded = host.post("/f/hello-embedded", "Ada").json();
    assert_eq!(embedded, serde_json::json!({"message": "Hello, Ada!"}));
    let planned = host.log_lines_with("planned");
    assert!(planned.iter().any(|line| line.contains("hello-python") && line.contains("\"3.")));
    let python = host.get("/f/aws-python?name=Ada").json();
    assert_eq!((&python["greeting"], &python["path"]), (&"Hello, Ada!".into(), &"/".into()));
    let node = host.get("/f/aws-node?name=Ada").json();
    assert_eq!(node, serde_json::json!({"message": "Hello, Ada!"}));
    let fails = host.post("/f/fails", "");
    fails.expect(500, "");
    let detail = host.history_of(&fails);
    assert_eq!(detail["exit_code"], 3);
    assert!(detail["stderr"].as_str().is_some_and(|text| !text.is_empty()), "{detail}");
}

#[test]
fn the_manifest_of_the_contract_is_the_one_that_is_shipped() {
    let text = std::fs::read_to_string(repository().join("deploy/jq/run.json")).unwrap();
    let expected = r#"{ "type": "executable",  "language": "x86-64", "command": "jq",      "arguments": "." }"#;
    assert_eq!(text.trim(), expected);
}

#[test]
fn without_a_configuration_the_shipped_one_serves() {
    let setup = Setup::new().without_naming_the_config();
    std::fs::remove_file(setup.config_file()).unwrap();
    crate::support::cat().write(&setup.deploy_folder().join("cat"));
    let host = setup.start();
    eventually("it serves", || {
        Some(host.post("/f/cat", "x")).filter(|answer| answer.status == 200)
    })
    .expect(200, "x");
}
