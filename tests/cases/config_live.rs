//! A configuration that changes while the host serves.

use crate::support::{Setup, cat, until};

const EXECUTABLE: &str = "[runners.executable]\n";

#[test]
fn a_key_takes_effect_without_a_restart() {
    let host = Setup::new().function("cat", &cat()).start();
    host.post("/f/cat", "0123456789").expect_status(200);
    host.rewrite_config(&format!("{EXECUTABLE}[limits]\nbody = \"5\"\n"));
    until("the new limit holds", || host.post("/f/cat", "0123456789").status == 413);
    host.post("/f/cat", "01234").expect(200, "01234");
    host.rewrite_config(EXECUTABLE);
    until("the old limit holds again", || host.post("/f/cat", "0123456789").status == 200);
}

#[test]
fn a_plugin_is_taken_away_and_given_back_without_a_restart() {
    let host = Setup::new().function("cat", &cat()).start();
    host.post("/f/cat", "x").expect(200, "x");
    host.rewrite_config("[server]\n");
    host.answers("/f/cat", 503);
    let listed = host.listed_as("cat", "broken");
    assert!(listed["reason"].as_str().unwrap().contains("runners.executable"), "{listed}");
    host.rewrite_config(EXECUTABLE);
    host.answers("/f/cat", 200);
    host.listed_as("cat", "ready");
}

#[test]
fn authentication_is_turned_on_and_off_without_a_restart() {
    let host =
        Setup::new().environment("ShortedFaaS_SharedSecret", "s").function("cat", &cat()).start();
    host.post("/f/cat", "x").expect(200, "x");
    host.rewrite_config(&format!("{EXECUTABLE}[auth]\nchain = [\"shared-secret\"]\n"));
    host.answers("/f/cat", 401);
    host.request("POST", "/f/cat").header("Authorization", "SharedSecret s").send().expect(200, "");
    host.rewrite_config(EXECUTABLE);
    host.answers("/f/cat", 200);
}

#[test]
fn a_file_that_cannot_be_read_changes_nothing_and_is_reported() {
    let host = Setup::new().function("cat", &cat()).start();
    host.rewrite_config(&format!("{EXECUTABLE}[limits]\nboddy = \"5\"\n"));
    until("the mistake is in the log", || host.log().contains("boddy"));
    host.post("/f/cat", "0123456789").expect_status(200);
    host.rewrite_config(&format!("{EXECUTABLE}[limits]\nbody = \"5\"\n"));
    until("the mended file holds", || host.post("/f/cat", "0123456789").status == 413);
}

#[test]
fn what_needs_a_restart_is_said() {
    let host = Setup::new().function("cat", &cat()).start();
    host.rewrite_config(&format!("{EXECUTABLE}[server]\nthreads = 7\n"));
    until("the log says so", || {
        host.log_lines_with("server.threads").iter().any(|line| line.contains("start"))
    });
    host.post("/f/cat", "x").expect(200, "x");
}

#[test]
fn the_listening_address_stays_when_the_file_changes() {
    let host = Setup::new().function("cat", &cat()).start();
    host.rewrite_config(&format!(
        "{EXECUTABLE}[server]\nmax_requests = 77\n[limits]\nbody = \"3\"\n"
    ));
    until("the file is taken", || host.post("/f/cat", "0123").status == 413);
    host.post("/f/cat", "x").expect(200, "x");
}

#[test]
fn a_chain_that_cannot_be_made_leaves_the_earlier_one() {
    let chain = |names: &str| format!("{EXECUTABLE}[auth]\nchain = [{names}]\n");
    let host = Setup::new()
        .config(chain("\"shared-secret\""))
        .environment("ShortedFaaS_SharedSecret", "s")
        .function("cat", &cat())
        .start();
    host.rewrite_config(&chain("\"shared-secret\", \"nobody\""));
    until("the log says so", || !host.log_lines_with("auth.nobody").is_empty());
    let call = |secret: &str| {
        let secret = format!("SharedSecret {secret}");
        host.request("POST", "/f/cat").header("Authorization", &secret).send().status
    };
    assert_eq!((call("s"), call("wrong")), (200, 401));
}
