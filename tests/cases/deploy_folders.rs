//! Names of folders and of functions, good and bad.

use crate::support::{Host, Setup, cat, shell};
use serde_json::Value;

/// A folder name, how a caller writes it, and what a call of it answers.
const NAMES: &[(&str, &str, u16)] = &[
    ("plain", "plain", 200),
    ("With.Dots-and_1", "With.Dots-and_1", 200),
    ("7", "7", 200),
    ("with space", "with%20space", 503),
    ("new\nline", "new%0Aline", 503),
    ("ümlaut", "%C3%BCmlaut", 503),
    ("-dash", "-dash", 503),
    ("per%cent", "per%25cent", 503),
    ("quote\"", "quote%22", 503),
];

fn host() -> Host {
    let mut setup = Setup::new();
    for (name, _, _) in NAMES {
        setup = setup.function(name, &shell("echo ran"));
    }
    setup = setup.function(&"long".repeat(50), &shell("echo ran"));
    setup.function(".hidden", &shell("echo ran")).start()
}

#[test]
fn names_that_cannot_be_routes_are_listed_as_broken() {
    let host = host();
    for (name, called, status) in NAMES {
        let answer = host.post(&format!("/f/{called}"), "");
        answer.expect_status(*status);
        if *status == 503 {
            answer.expect_problem(503, "function");
            let listed = host.listed(name).unwrap_or_else(|| panic!("{name:?} is not listed"));
            assert_eq!(listed["state"], "broken");
            assert!(listed["reason"].as_str().unwrap().contains("name"), "{listed}");
        }
    }
    assert_eq!(host.listed(&"long".repeat(50)).unwrap()["state"], "broken");
    assert_eq!(host.listed(".hidden"), None);
    host.post("/f/.hidden", "").expect_problem(404, "caller");
}

#[test]
fn names_that_nobody_can_have_are_not_found() {
    let setup = Setup::new().function("cat", &cat());
    shell("echo outside").write(&setup.path("outside"));
    let host = setup.start();
    let long = "x".repeat(300);
    for name in [
        "..",
        "%2e%2e",
        "../outside",
        "..%2Foutside",
        "%2e%2e%2foutside",
        ".",
        "%00",
        "cat%00",
        "CAT",
        &long,
        "%ff",
        "%zz",
        "cat%2F",
        "",
    ] {
        let answer = host.post(&format!("/f/{name}"), "x");
        assert!(answer.status == 404 || answer.status == 400, "{name}: {answer:?}");
        answer.expect_problem(answer.status, "caller");
    }
    host.post("/f/cat", "on").expect(200, "on");
}

#[test]
fn an_encoded_name_is_the_same_name() {
    let host = Setup::new().function("cat", &cat()).start();
    host.post("/f/%63at", "x").expect(200, "x");
    host.post("/f/cat?query", "x").expect(200, "x");
    host.post("/f/cat/", "x").expect(200, "x");
}

#[test]
fn names_that_differ_by_case_both_work_and_both_warn() {
    let host = Setup::new()
        .function("twin", &shell("echo small"))
        .function("Twin", &shell("echo large"))
        .start();
    host.post("/f/twin", "").expect(200, "small\n");
    host.post("/f/Twin", "").expect(200, "large\n");
    for (name, other) in [("twin", "Twin"), ("Twin", "twin")] {
        let warning = host.listed(name).unwrap()["warning"].to_string();
        assert!(warning.contains(other), "{name}: {warning}");
    }
    host.remove("Twin");
    crate::support::until("the warning goes with the twin", || {
        host.listed("twin").is_some_and(|twin| twin["warning"] == Value::Null)
    });
}

#[test]
fn what_is_not_a_function_is_no_trouble() {
    let setup = Setup::new().function("cat", &cat());
    let deploy = setup.deploy_folder();
    std::fs::write(deploy.join("README.md"), "read me").unwrap();
    std::os::unix::fs::symlink("nowhere", deploy.join("dangling")).unwrap();
    std::os::unix::fs::symlink("loop", deploy.join("loop")).unwrap();
    std::fs::create_dir(deploy.join("empty")).unwrap();
    let host = setup.start();
    host.post("/f/cat", "on").expect(200, "on");
    assert_eq!(host.listed("README.md"), None);
    let empty = host.listed("empty").unwrap();
    assert_eq!(empty["state"], "broken");
    assert!(empty["reason"].as_str().unwrap().contains("run.json"), "{empty}");
}

#[test]
fn an_unreadable_folder_is_broken_and_says_so() {
    if rustix::process::geteuid().is_root() {
        return; // Nothing is unreadable to root.
    }
    let setup = Setup::new().function("cat", &cat()).function("locked", &cat());
    let locked = setup.deploy_folder().join("locked");
    let mode = |mode| std::os::unix::fs::PermissionsExt::from_mode(mode);
    std::fs::set_permissions(&locked, mode(0o000)).unwrap();
    let host = setup.start();
    assert_eq!(host.listed("locked").unwrap()["state"], "broken");
    std::fs::set_permissions(&locked, mode(0o755)).unwrap();
    host.listed_as("locked", "ready");
}

#[test]
fn a_deploy_folder_that_cannot_be_read_is_an_error_at_start() {
    let nowhere = Setup::new().without_naming_the_config().argument("--deploy").argument("nowhere");
    let finished = nowhere.run();
    assert!(matches!(finished.exit_code, Some(1 | 64)), "{finished:#?}");
    assert!(finished.errors.contains("nowhere"), "{finished:#?}");
    let file = Setup::new();
    std::fs::remove_dir(file.deploy_folder()).unwrap();
    std::fs::write(file.deploy_folder(), "a file").unwrap();
    let finished = file.run();
    assert!(matches!(finished.exit_code, Some(1 | 64)), "{finished:#?}");
    assert!(finished.errors.contains("deploy"), "{finished:#?}");
}
