//! What an invocation ends as: the status, the body and what the history says.

use crate::support::processes::{expect_gone, pids_in};
use crate::support::{Host, Setup, cat, shell};
use serde_json::{Value, json};

/// The answer of a failed program is empty; the history says why.
#[track_caller]
fn failed(host: &Host, function: &str) -> Value {
    let answer = host.post(&format!("/f/{function}"), "input");
    answer.expect(500, "");
    assert!(answer.header("server-timing").is_some());
    let detail = host.history_of(&answer);
    assert_eq!(
        (&detail["outcome"], &detail["status"]),
        (&json!("failed"), &json!(500)),
        "{detail}"
    );
    assert_eq!(detail["input"], "input");
    detail
}

#[test]
fn a_program_that_exits_non_zero_is_500_without_a_body() {
    let script = "cat >/dev/null; echo half an answer; echo what went wrong >&2; exit 3";
    let host = Setup::new().function("fails", &shell(script)).start();
    let detail = failed(&host, "fails");
    assert_eq!(detail["exit_code"], 3);
    assert_eq!(detail["stderr"], "what went wrong\n");
    assert!(detail["error"].as_str().unwrap().contains('3'), "{detail}");
    for (part, keys) in [
        ("timings_ms", ["queue", "start", "run"].as_slice()),
        ("resources", &["cpu_ms", "max_rss_bytes"]),
    ] {
        for key in keys {
            assert!(detail[part][key].is_number(), "{part}.{key}: {detail}");
        }
    }
}

#[test]
fn what_a_program_used_is_recorded() {
    // Small programs show no peak of their own: the kernel charges them with the memory they shared with the host.
    let script = "exec python3 -c 'print(len(bytes([7]) * 300_000_000))'";
    let host = Setup::new().function("uses", &shell(script)).start();
    let answer = host.post("/f/uses", "");
    answer.expect(200, "300000000\n");
    let resources = &host.history_of(&answer)["resources"];
    assert!(
        resources["max_rss_bytes"].as_u64().is_some_and(|peak| peak > 300_000_000),
        "{resources}"
    );
    assert!(resources["cpu_ms"].as_f64().is_some_and(|used| used > 1.0), "{resources}");
}

#[test]
fn a_program_that_dies_by_a_signal_has_failed_and_the_signal_is_named() {
    let host = Setup::new()
        .function("segv", &shell("cat >/dev/null; kill -SEGV $$"))
        .function("kill", &shell("cat >/dev/null; kill -KILL $$"))
        .start();
    for (function, signal) in [("segv", "SIGSEGV"), ("kill", "SIGKILL")] {
        let detail = failed(&host, function);
        assert!(detail["error"].as_str().unwrap().contains(signal), "{detail}");
        assert!(detail["exit_code"].is_null(), "{detail}");
    }
}

#[test]
fn a_call_past_its_deadline_is_504_and_its_whole_group_is_killed() {
    let script = "sleep 1000 & echo $! >> pids; echo $$ >> pids; echo so far >&2; sleep 1000";
    let slow = shell(script).with("timeout", json!("300ms"));
    let host = Setup::new().function("slow", &slow).function("cat", &cat()).start();
    let answer = host.post("/f/slow", "");
    let detail = answer.expect_problem(504, "function");
    assert!(detail.contains("timeout"), "{detail}");
    for pid in pids_in(&host.setup().deploy_folder().join("slow/pids"), 2) {
        expect_gone(pid);
    }
    let history = host.history_of(&answer);
    assert_eq!((&history["outcome"], &history["status"]), (&json!("timed_out"), &json!(504)));
    assert_eq!(history["stderr"], "so far\n");
    host.post("/f/cat", "on").expect(200, "on");
}

#[test]
fn a_program_that_ignores_sigterm_is_killed_all_the_same() {
    let script = "trap '' TERM; echo $$ >> pids; while :; do sleep 1000; done";
    let stubborn = shell(script).with("timeout", json!("200ms"));
    let host = Setup::new().function("stubborn", &stubborn).start();
    host.post("/f/stubborn", "").expect_problem(504, "function");
    expect_gone(pids_in(&host.setup().deploy_folder().join("stubborn/pids"), 1)[0]);
}

#[test]
fn one_that_cannot_be_started_is_no_answer_of_its_own() {
    // The interpreter behind the shebang goes away after the function was prepared.
    let setup = Setup::new();
    let interpreter = setup.path("interpreter");
    std::fs::copy("/bin/sh", &interpreter).unwrap();
    let folder = crate::support::Folder::new(&json!({"type": "executable", "command": "run"}))
        .program("run", format!("#!{}\necho ran\n", interpreter.display()));
    let host = setup.function("gone", &folder).function("cat", &cat()).start();
    host.post("/f/gone", "").expect(200, "ran\n");
    std::fs::remove_file(&interpreter).unwrap();
    let answer = host.post("/f/gone", "");
    answer.expect_problem(503, "function");
    host.post("/f/cat", "on").expect(200, "on");
    std::fs::copy("/bin/sh", &interpreter).unwrap();
    host.answers("/f/gone", 200);
}

#[test]
fn a_failure_of_one_function_is_no_other_functions_business() {
    let host = Setup::new()
        .function("cat", &cat())
        .function("exits", &shell("exit 1"))
        .function("dies", &shell("kill -ABRT $$"))
        .start();
    let mut connection = host.connect();
    for round in 0..20 {
        let body = round.to_string();
        let answer = connection.exchange("POST", "/f/cat", body.as_bytes()).unwrap();
        answer.expect(200, &body);
        connection.exchange("POST", "/f/exits", b"").unwrap().expect(500, "");
        connection.exchange("POST", "/f/dies", b"").unwrap().expect(500, "");
    }
}
