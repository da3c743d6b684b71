//! The host ends, gently or not: nothing it started is left.

use crate::support::processes::{expect_gone, pids_in};
use crate::support::{Connection, Host, Setup, cat, shell, until};
use rustix::process::Signal;
use std::path::PathBuf;

fn folder(host: &Host, function: &str) -> PathBuf {
    host.setup().deploy_folder().join(function)
}

fn start_call(host: &Host, function: &str) -> Connection {
    let mut connection = host.connect();
    let request = format!("POST /f/{function} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    connection.write(request).unwrap();
    connection
}

#[test]
fn a_host_that_is_killed_leaves_no_process_behind() {
    // A child, a grandchild in the background, one in a session of its own, and one that ignores every signal it can.
    let script = "sleep 1000 & echo $! >> pids; \
        setsid sh -c 'echo $$ >> pids; exec sleep 1000' & \
        sh -c 'trap \"\" TERM HUP INT; echo $$ >> pids; while :; do sleep 1000; done' & \
        echo $$ >> pids; wait";
    let mut host = Setup::new().function("long", &shell(script)).start();
    let _connection = start_call(&host, "long");
    let pids = pids_in(&folder(&host, "long").join("pids"), 4);
    host.signal(Signal::KILL);
    host.ended();
    for pid in pids {
        expect_gone(pid);
    }
}

#[test]
fn sigterm_lets_running_calls_finish_and_takes_no_new_ones() {
    let script = "echo $$ >> pids; while [ ! -e go ]; do sleep 0.01; done; echo finished";
    let mut host = Setup::new().function("long", &shell(script)).function("cat", &cat()).start();
    let mut running = start_call(&host, "long");
    let mut idle = host.connect();
    idle.exchange("POST", "/f/cat", b"x").unwrap().expect(200, "x");
    pids_in(&folder(&host, "long").join("pids"), 1);
    host.signal(Signal::TERM);
    until("new calls are refused", || match host.request("POST", "/f/cat").body("x").try_send() {
        Ok(answer) => answer.status == 503,
        Err(_) => true,
    });
    if let Ok(ready) = host.request("GET", "/readyz").try_send() {
        ready.expect_status(503);
    }
    // A connection from before is closed, or says that the host ends.
    if let Ok(answer) = idle.exchange("POST", "/f/cat", b"x") {
        answer.expect_problem(503, "host");
    }
    std::fs::write(folder(&host, "long").join("go"), "").unwrap();
    running.read_answer("POST").unwrap().expect(200, "finished\n");
    assert_eq!(host.ended().code(), Some(0));
}

#[test]
fn what_does_not_finish_in_time_is_stopped_and_the_host_ends_well() {
    let script = "trap '' TERM; echo $$ >> pids; while :; do sleep 1000; done";
    let mut host = Setup::new()
        .config("[server]\ndrain_timeout = \"300ms\"\n[runners.executable]\n")
        .function("stubborn", &shell(script))
        .start();
    let mut connection = start_call(&host, "stubborn");
    let pids = pids_in(&folder(&host, "stubborn").join("pids"), 1);
    host.signal(Signal::TERM);
    assert_eq!(host.ended().code(), Some(0));
    expect_gone(pids[0]);
    if let Ok(answer) = connection.read_answer("POST") {
        assert!(answer.status >= 500, "{answer:?}");
    }
}

#[test]
fn a_host_without_calls_ends_at_once() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut host = Setup::new().function("cat", &cat()).start();
        host.post("/f/cat", "x").expect(200, "x");
        let _idle = host.connect();
        host.signal(signal);
        assert_eq!(host.ended().code(), Some(0));
    }
}
