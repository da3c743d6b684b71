//! Panics and errors of plugins: an answer each, and the next call works. Pitfall 10.

use crate::support::{Host, Setup};
use serde_json::json;

/// The call fails like this, what the plugin said stays inside, and the next call works.
#[track_caller]
fn check(host: &Host, action: &str, status: u16, said: &str) {
    let answer = host.post(&format!("/f/probe/{action}"), "");
    answer.expect_status(status);
    assert!(!answer.text().contains(said), "{}", answer.text());
    let detail = host.history_of(&answer);
    assert!(detail["error"].as_str().unwrap_or_default().contains(said), "{detail}");
    assert_ne!(detail["outcome"], "succeeded");
    host.post("/f/probe/version", "").expect(200, "1");
}

#[test]
fn a_panic_in_a_call_is_500_and_nothing_else() {
    let host = Setup::new().with_probe("", "").start();
    for _ in 0..3 {
        check(&host, "panic", 500, "probe panics in invoke");
        check(&host, "panic-call", 500, "probe panics before its future");
        check(&host, "panic-payload", 500, "panicked");
    }
    let lines = host.log_lines_with("probe panics in invoke");
    assert!(!lines.is_empty() && lines.iter().any(|line| line.contains("probe")), "{lines:?}");
}

#[test]
fn a_panic_while_a_call_is_dropped_goes_no_further() {
    let host = Setup::new().with_probe("", "").start();
    let mut connection = host.connect();
    let request = "POST /f/probe/panic-drop HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
    connection.write(request).unwrap();
    host.recorded("waiting");
    drop(connection);
    host.recorded("future dropped");
    host.post("/f/probe/version", "").expect(200, "1");
}

#[test]
fn a_panic_in_the_middle_of_a_stream_breaks_the_answer_off() {
    let host = Setup::new().with_probe("", "").start();
    let mut connection = host.connect();
    let request = "POST /f/probe/panic-next HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
    connection.write(request).unwrap();
    // What was sent before may be lost with the connection; what must not come is a proper end.
    match connection.read_head() {
        Ok(head) if head.status == 200 => {
            while let Ok(chunk) = connection.read_chunk() {
                assert!(chunk.is_some(), "the answer ends as if it were whole");
            }
        }
        Ok(head) => drop(head.expect_status(500)),
        Err(_) => assert!(connection.is_at_end()),
    }
    host.recorded("panicking stream dropped");
    let recorded = crate::support::eventually("it is recorded", || {
        host.invocations_of("probe").into_iter().next()
    });
    assert_ne!(recorded["outcome"], "succeeded", "{recorded}");
    host.post("/f/probe/version", "").expect(200, "1");
}

#[test]
fn a_panic_in_prepare_breaks_that_function_alone() {
    let prepare =
        |what: &str| crate::support::probe::probed().with("environment", json!({"PREPARE": what}));
    let host = Setup::new()
        .with_probe("", "")
        .function("panics", &prepare("panic"))
        .function("refuses", &prepare("error"))
        .function("warns", &prepare("warning"))
        .start();
    for (name, said) in [("panics", "panic"), ("refuses", "told to refuse")] {
        let listed = host.listed_as(name, "broken");
        assert!(listed["reason"].as_str().unwrap().contains(said), "{listed}");
        host.post(&format!("/f/{name}"), "").expect_problem(503, "function");
    }
    let warns = host.listed_as("warns", "ready");
    assert!(warns["warning"].as_str().unwrap().contains("told to warn"), "{warns}");
    host.post("/f/warns/version", "").expect(200, "1");
    host.post("/f/probe/version", "").expect(200, "1");
}

#[test]
fn a_panic_while_the_plugin_is_dropped_goes_no_further() {
    let setup = Setup::new().with_probe("at_drop = \"panic\"", "");
    let config = std::fs::read_to_string(setup.config_file()).unwrap();
    let mut host = setup.start();
    host.serves_version(1);
    host.rewrite_config(&config.replace("at_drop = \"panic\"", ""));
    host.recorded("destroyed 1");
    host.serves_version(1);
    host.rewrite_config(&config);
    crate::support::until("the plugin was made a third time", || {
        host.record().iter().filter(|line| *line == "created 1").count() == 3
    });
    host.serves_version(1);
    host.signal(rustix::process::Signal::TERM);
    assert_eq!(host.ended().code(), Some(0));
}

#[test]
fn errors_of_a_runner_have_their_statuses() {
    let host = Setup::new().with_probe("", "").start();
    for (action, status, outcome) in
        [("fail", 500, "failed"), ("crash", 502, "crashed"), ("nonsense", 502, "bad_protocol")]
    {
        let answer = host.post(&format!("/f/probe/{action}"), "");
        answer.expect_status(status);
        assert_eq!(host.history_of(&answer)["outcome"], outcome, "{action}");
    }
    let error = host.post("/f/probe/error", "");
    assert!(matches!(error.status, 500 | 502), "{error:?}");
    assert!(!error.text().contains("inner detail"), "{}", error.text());
    let later = host.post("/f/probe/unavailable", "");
    later.expect_status(503);
    assert_eq!(later.header("retry-after"), Some("3"));
    host.post("/f/probe/bad-request", "").expect_problem(400, "caller");
}

#[test]
fn a_door_that_panics_or_fails_stays_closed() {
    let host = Setup::new().with_door("identity = \"me\"", "").start();
    let call = |wish: &str| {
        let header = format!("Probe {wish}");
        host.request("POST", "/f/cat").header("Authorization", &header).body("x").send()
    };
    for wish in ["panic", "panic-payload", "error"] {
        let answer = call(wish);
        assert!(!answer.text().contains("door"), "{}", answer.text());
        answer.expect_problem(503, "host");
        call("allow").expect(200, "x");
    }
    call("forbid").expect_problem(403, "caller");
    call("deny").expect_problem(401, "caller");
}

#[test]
fn a_door_that_takes_too_long_stays_closed() {
    let setup = Setup::new().with_door("identity = \"me\"", "");
    let config = std::fs::read_to_string(setup.config_file()).unwrap();
    let host = setup.config(config.replace("[auth]\n", "[auth]\ntimeout = \"200ms\"\n")).start();
    let call = |wish: &str| {
        let header = format!("Probe {wish}");
        host.request("POST", "/f/cat").header("Authorization", &header).body("x").send()
    };
    call("hang").expect_problem(503, "host");
    host.recorded("door gave up");
    call("panic-drop").expect_problem(503, "host");
    host.recorded("door future dropped");
    call("allow").expect(200, "x");
}
