//! Folders that come, change and go while the host serves.

use crate::support::{Connection, Folder, Setup, cat, eventually, shell, until};
use serde_json::json;
use std::time::{Duration, Instant};

#[test]
fn a_folder_dropped_in_is_live_within_a_second_and_gone_when_removed() {
    let host = Setup::new().function("cat", &cat()).start();
    host.post("/f/new", "").expect_problem(404, "caller");
    let dropped = Instant::now();
    host.deploy("new", &shell("echo new"));
    host.answers("/f/new", 200);
    // The contract says a second; a machine that runs other tests beside this one gets three.
    assert!(dropped.elapsed() < Duration::from_secs(3), "{:?}", dropped.elapsed());
    host.listed_as("new", "ready");
    host.remove("new");
    host.answers("/f/new", 404);
    until("it is not listed", || host.listed("new").is_none());
    host.post("/f/cat", "on").expect(200, "on");
}

#[test]
fn a_folder_may_arrive_file_by_file_in_any_order() {
    let host = Setup::new().start();
    let folder = host.setup().deploy_folder().join("slow");
    std::fs::create_dir(&folder).unwrap();
    host.listed_as("slow", "broken");
    std::fs::write(folder.join("run.json"), r#"{"type":"executable","command":"run"}"#).unwrap();
    until("the missing command is named", || {
        host.listed("slow").is_some_and(|slow| slow["reason"].to_string().contains("run"))
    });
    Folder::raw("").program("run", "#!/bin/sh\necho whole\n").write(&folder.join("arriving"));
    std::fs::rename(folder.join("arriving/run"), folder.join("run")).unwrap();
    host.listed_as("slow", "ready");
    host.post("/f/slow", "").expect(200, "whole\n");
}

#[test]
fn files_changed_in_place_make_a_new_version() {
    let folder = Folder::new(&json!({"type": "executable", "command": "run"}))
        .program("run", "#!/bin/sh\necho one\n");
    let host = Setup::new().function("f", &folder).start();
    host.post("/f/f", "").expect(200, "one\n");
    let before = host.listed_as("f", "ready")["version"].clone();
    let place = host.setup().deploy_folder().join("f");
    std::fs::write(place.join("run.json"), shell_manifest("echo two")).unwrap();
    until("the second version answers", || host.post("/f/f", "").text() == "two\n");
    // As editors write: a file beside it, then a rename.
    std::fs::write(place.join("run.json~"), shell_manifest("echo three")).unwrap();
    std::fs::rename(place.join("run.json~"), place.join("run.json")).unwrap();
    until("the third version answers", || host.post("/f/f", "").text() == "three\n");
    until("the version differs", || {
        host.listed("f").is_some_and(|function| function["version"] != before)
    });
}

fn shell_manifest(script: &str) -> String {
    json!({"type": "executable", "command": "sh", "arguments": ["-c", script]}).to_string()
}

#[test]
fn a_bad_new_version_leaves_the_old_one_serving_with_a_warning() {
    let host = Setup::new().function("f", &shell("echo good")).start();
    host.deploy("f", &Folder::raw(r#"{"type":"executable","comand":"sh"}"#));
    let listed = eventually("a warning beside ready", || {
        host.listed("f").filter(|function| function["warning"].is_string())
    });
    assert_eq!(listed["state"], "ready", "{listed}");
    assert!(listed["warning"].as_str().unwrap().contains("comand"), "{listed}");
    host.post("/f/f", "").expect(200, "good\n");
    host.deploy("f", &shell("echo better"));
    until("the mended version answers", || host.post("/f/f", "").text() == "better\n");
    until("the warning is gone", || {
        host.listed("f").is_some_and(|function| function["warning"].is_null())
    });
}

#[test]
fn a_broken_function_recovers_when_its_cause_is_mended() {
    let broken = Folder::new(&json!({"type": "executable", "command": "run"}))
        .file("run", "#!/bin/sh\necho ran\n");
    let host = Setup::new().function("f", &broken).start();
    let detail = host.post("/f/f", "").expect_problem(503, "function");
    assert!(detail.contains("chmod"), "{detail}");
    use std::os::unix::fs::PermissionsExt;
    let program = host.setup().deploy_folder().join("f/run");
    std::fs::set_permissions(program, std::fs::Permissions::from_mode(0o755)).unwrap();
    host.listed_as("f", "ready");
    host.post("/f/f", "").expect(200, "ran\n");
}

#[test]
fn replacing_a_folder_by_two_renames_is_never_a_404() {
    let host = Setup::new().function("f", &shell("echo 0")).start();
    let mut connection = host.connect();
    for round in 1..=10 {
        host.deploy("f", &shell(&format!("echo {round}")));
        let expected = format!("{round}\n");
        until("the new version answers", || {
            let answer = connection.exchange("POST", "/f/f", b"").unwrap();
            answer.expect_status(200);
            answer.text() == expected
        });
    }
}

#[test]
fn a_folder_removed_while_a_call_runs_lets_the_call_finish() {
    let script = "echo $$ >> /proc/self/cwd/pids; cp /dev/stdin \"$OUT\"; while [ ! -e \"$GO\" ]; do sleep 0.01; done; echo done";
    let setup = Setup::new();
    let (go, out) = (setup.path("go"), setup.path("out"));
    let folder = shell(script).with("environment", json!({"GO": go, "OUT": out}));
    let host = setup.function("f", &folder).start();
    let mut connection = Connection::open(host.address).unwrap();
    connection.write("POST /f/f HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nin").unwrap();
    until("it runs", || std::fs::read(&out).is_ok_and(|bytes| bytes == b"in"));
    host.remove("f");
    host.answers("/f/f", 404);
    std::fs::write(&go, "").unwrap();
    connection.read_answer("POST").unwrap().expect(200, "done\n");
}

#[test]
fn a_symbolic_link_may_change_the_folder_but_not_leave_deploy() {
    let host = Setup::new().start();
    let deploy = host.setup().deploy_folder();
    shell("echo one").write(&deploy.join(".one"));
    shell("echo two").write(&deploy.join(".two"));
    std::os::unix::fs::symlink(".one", deploy.join("f")).unwrap();
    until("the first answers", || host.post("/f/f", "").text() == "one\n");
    std::os::unix::fs::symlink(".two", deploy.join(".f")).unwrap();
    std::fs::rename(deploy.join(".f"), deploy.join("f")).unwrap();
    until("the second answers", || host.post("/f/f", "").text() == "two\n");
    shell("echo outside").write(&host.path("outside"));
    std::os::unix::fs::symlink("../outside", deploy.join("out")).unwrap();
    let out = host.listed_as("out", "broken");
    assert!(out["reason"].as_str().unwrap().contains("deploy"), "{out}");
    host.post("/f/out", "").expect_problem(503, "function");
}

#[test]
fn the_deploy_folder_itself_may_be_a_link() {
    let setup = Setup::new();
    let (deploy, real) = (setup.deploy_folder(), setup.path("real"));
    std::fs::rename(&deploy, &real).unwrap();
    std::os::unix::fs::symlink(&real, &deploy).unwrap();
    let program = Folder::new(&json!({"type": "executable", "command": "run"}))
        .program("run", "#!/bin/sh\necho ran\n");
    let host = setup.function("f", &program).start();
    host.post("/f/f", "").expect(200, "ran\n");
    host.deploy("new", &shell("echo new"));
    host.answers("/f/new", 200);
}

#[test]
fn a_deploy_folder_that_is_put_aside_comes_back() {
    let host = Setup::new().function("f", &shell("echo ran")).start();
    let deploy = host.setup().deploy_folder();
    std::fs::rename(&deploy, host.path("aside")).unwrap();
    host.get("/healthz").expect_status(200);
    std::fs::rename(host.path("aside"), &deploy).unwrap();
    host.answers("/f/f", 200);
    host.deploy("new", &shell("echo new"));
    host.answers("/f/new", 200);
}

#[test]
fn a_command_that_leads_out_of_deploy_is_broken() {
    let setup = Setup::new();
    let outside = setup.path("outside.sh");
    Folder::raw("").program("run", "#!/bin/sh\necho outside\n").write(&outside);
    let host = setup.start();
    let folder = host.path("staging/f");
    Folder::new(&json!({"type": "executable", "command": "run"})).write(&folder);
    std::os::unix::fs::symlink(outside.join("run"), folder.join("run")).unwrap();
    std::fs::rename(folder, host.setup().deploy_folder().join("f")).unwrap();
    let listed = host.listed_as("f", "broken");
    assert!(listed["reason"].as_str().unwrap().contains("run"), "{listed}");
    host.deploy("g", &Folder::new(&json!({"type": "executable", "command": "../f/run"})));
    host.listed_as("g", "broken");
}
