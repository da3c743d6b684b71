//! What a program finds in its environment, and what it does not.

use crate::support::{Answer, Host, Setup, shell};
use serde_json::json;
use std::collections::HashMap;

/// A function that prints its environment, NUL after each variable.
const PRINT: &str = "env -0";

fn variables(answer: &Answer) -> HashMap<String, String> {
    answer.expect_status(200);
    let text = answer.text();
    let pairs = text.split_terminator('\0').filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn host() -> Host {
    let folder = shell(PRINT).with("methods", json!(["POST", "PUT"]));
    Setup::new().function("env", &folder).environment("LEAK", "of the host").start()
}

#[track_caller]
fn check(variables: &HashMap<String, String>, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(variables.get(*name).map(String::as_str), Some(*value), "{name}");
    }
}

#[test]
fn the_request_arrives_as_cgi_variables() {
    let host = host();
    let answer = host
        .request("PUT", "/f/env/some%20path/x?a=1&b=%20&a=2")
        .header("Content-Type", "text/x-test; charset=utf-8")
        .header("X-Test-Thing", "one")
        .header("X-Test-Thing", "two")
        .header("Cookie", "a=b")
        .body("12345")
        .send();
    let variables = variables(&answer);
    check(
        &variables,
        &[
            ("GATEWAY_INTERFACE", "CGI/1.1"),
            ("REQUEST_METHOD", "PUT"),
            ("SCRIPT_NAME", "/f/env"),
            ("PATH_INFO", "/some path/x"),
            ("QUERY_STRING", "a=1&b=%20&a=2"),
            ("CONTENT_TYPE", "text/x-test; charset=utf-8"),
            ("CONTENT_LENGTH", "5"),
            ("REMOTE_ADDR", "127.0.0.1"),
            ("SERVER_PROTOCOL", "HTTP/1.1"),
            ("SERVER_NAME", "127.0.0.1"),
            ("SERVER_PORT", &host.address.port().to_string()),
            ("HTTP_X_TEST_THING", "one, two"),
            ("HTTP_COOKIE", "a=b"),
            ("HTTP_HOST", &host.address.to_string()),
        ],
    );
    assert!(variables["SERVER_SOFTWARE"].to_ascii_lowercase().contains("shortedfaas"));
    assert!(!variables.contains_key("HTTP_CONTENT_TYPE"));
}

#[test]
fn the_platform_says_who_and_until_when() {
    let host = host();
    let answer = host.post("/f/env", "");
    let variables = variables(&answer);
    check(
        &variables,
        &[("SHORTEDFAAS_FUNCTION", "env"), ("SHORTEDFAAS_INVOCATION_ID", &answer.id())],
    );
    for name in ["SHORTEDFAAS_IDENTITY", "SHORTEDFAAS_ASYNCHRONOUS"] {
        assert!(variables.contains_key(name), "{name}");
    }
    assert!(variables["SHORTEDFAAS_IDENTITY"].is_empty());
    let deadline_ms: u128 = variables["SHORTEDFAAS_DEADLINE_MS"].parse().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    assert!(deadline_ms > now.as_millis() && deadline_ms < now.as_millis() + 61_000);
}

#[test]
fn the_hosts_own_environment_stays_its_own() {
    let host = host();
    let found = variables(&host.post("/f/env", ""));
    assert_eq!(found.get("LEAK"), None);
    let inherited = ["PATH", "HOME", "LANG", "TZ", "TMPDIR"];
    let set_by_sh = ["PWD", "OLDPWD", "SHLVL", "_"];
    let known = |name: &str| {
        ["SHORTEDFAAS_", "HTTP_", "REQUEST_", "SERVER_", "REMOTE_", "SCRIPT_", "PATH_", "CONTENT_"]
            .iter()
            .any(|start| name.starts_with(start))
            || ["GATEWAY_INTERFACE", "QUERY_STRING", "AUTH_TYPE", "DOCUMENT_ROOT"].contains(&name)
            || inherited.contains(&name)
            || set_by_sh.contains(&name)
    };
    let unknown: Vec<&String> = found.keys().filter(|name| !known(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert_eq!(found["PATH"], std::env::var("PATH").unwrap());
}

#[test]
fn a_caller_sets_no_variable_that_is_not_a_header() {
    let host = host();
    let answer = host
        .request("POST", "/f/env")
        .header("Proxy", "http://evil")
        .header("Proxy-Authorization", "Basic eA==")
        .header("Shortedfaas-Function", "evil")
        .header("Path", "/evil")
        .header("X_Underscore", "evil")
        .header("X-Equals", "a=b\u{fc}")
        .send();
    let found = variables(&answer);
    assert_eq!(found.get("HTTP_PROXY"), None);
    assert_eq!(found.get("HTTP_PROXY_AUTHORIZATION"), None);
    check(&found, &[("SHORTEDFAAS_FUNCTION", "env"), ("PATH", &std::env::var("PATH").unwrap())]);
    assert!(!found.values().any(|value| value == "http://evil" || value.contains("eA==")));
}

#[test]
fn declared_variables_come_from_the_manifest_the_host_and_secret_files() {
    let folder = shell(PRINT).with(
        "environment",
        json!({
            "PLAIN": "a b=c\nd",
            "COPIED": {"from": "OF_THE_HOST"},
            "FROM_FILE": {"secret": "password"},
            "HOME": "/elsewhere",
        }),
    );
    let setup = Setup::new().environment("OF_THE_HOST", "value of the host");
    std::fs::create_dir(setup.path("secrets")).unwrap();
    std::fs::write(setup.path("secrets/password"), "hidden value\n").unwrap();
    let host = setup.function("env", &folder).start();
    let answer = host.post("/f/env", "");
    check(
        &variables(&answer),
        &[
            ("PLAIN", "a b=c\nd"),
            ("COPIED", "value of the host"),
            ("FROM_FILE", "hidden value"),
            ("HOME", "/elsewhere"),
        ],
    );
    assert!(!host.log().contains("hidden value"));
    assert!(!host.get("/list").text().contains("hidden value"));
}

#[test]
fn a_program_starts_in_its_folder_with_nothing_but_its_three_files_open() {
    let script = "pwd; ls /proc/self/fd | tr '\\n' ' '; cat /proc/self/status | grep -c 'SigBlk:.*[1-9a-f]' || true";
    let host = Setup::new().function("where", &shell(script)).start();
    let text = host.post("/f/where", "").text();
    let lines: Vec<&str> = text.lines().collect();
    let folder = host.setup().deploy_folder().join("where").canonicalize().unwrap();
    assert_eq!(lines[0], folder.to_string_lossy());
    // `ls` itself opens the fourth, to read the folder.
    assert_eq!(lines[1], "0 1 2 3 0", "descriptors, then how many signals are blocked");
}
