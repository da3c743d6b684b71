//! A call reaches its program and its output comes back.

use crate::support::{Folder, Setup, cat, eventually, shell};
use serde_json::json;

#[test]
fn jq_answers_with_its_output() {
    let jq = json!({"type": "executable", "language": "x86-64", "command": "jq", "arguments": "."});
    let sum = json!({"type": "executable", "command": "jq", "arguments": "'.a + .b'"});
    let host =
        Setup::new().function("jq", &Folder::new(&jq)).function("sum", &Folder::new(&sum)).start();
    let answer = host.post("/f/jq", r#"{"a":3,"b":5}"#);
    answer.expect_status(200);
    assert_eq!(answer.text(), "{\n  \"a\": 3,\n  \"b\": 5\n}\n");
    host.post("/f/sum", r#"{"a":3,"b":5}"#).expect(200, "8\n");
}

#[test]
fn bodies_of_every_size_come_back_as_they_went() {
    let host = Setup::new().function("cat", &cat()).start();
    for length in [0, 1, 4_095, 65_536, 65_537, 1_000_003, 5_000_000] {
        let body: Vec<u8> = (0..length).map(|at: u32| (at % 251).to_le_bytes()[0]).collect();
        let answer = host.post("/f/cat", &body);
        answer.expect_status(200);
        assert!(answer.body == body, "{length} bytes came back as {}", answer.body.len());
    }
}

#[test]
fn an_answer_says_which_invocation_it_was_and_how_long_it_took() {
    let host = Setup::new().function("cat", &cat()).start();
    let (first, second) = (host.post("/f/cat", "x"), host.post("/f/cat", "x"));
    assert_ne!(first.id(), second.id());
    assert!(second.id() > first.id(), "ids sort by time");
    let timing = first.header("server-timing").expect("Server-Timing is there");
    assert!(timing.contains("dur="), "{timing}");
    // `x-` headers of the caller do not name the invocation.
    let named = host.request("POST", "/f/cat").header("X-Invocation-Id", "mine").send();
    assert_ne!(named.id(), "mine");
}

#[test]
fn methods_are_those_of_the_manifest() {
    let script = shell("printf '%s' \"$REQUEST_METHOD\"");
    let host = Setup::new()
        .function("default", &script)
        .function("reads", &script.clone().with("methods", json!(["GET", "HEAD", "delete"])))
        .start();
    host.post("/f/default", "").expect(200, "POST");
    host.get("/f/reads").expect(200, "GET");
    host.request("DELETE", "/f/reads").send().expect(200, "DELETE");
    let head = host.request("HEAD", "/f/reads").send();
    head.expect(200, "");
    for (path, method, allow) in
        [("/f/default", "GET", "POST"), ("/f/reads", "POST", "GET, HEAD, DELETE")]
    {
        let refused = host.request(method, path).send();
        refused.expect_problem(405, "caller");
        assert_eq!(refused.header("allow"), Some(allow));
    }
}

#[test]
fn arguments_are_split_as_a_shell_splits_and_nothing_is_expanded() {
    let show = |arguments| {
        Folder::new(&json!({"type": "executable", "command": "printf", "arguments": arguments}))
    };
    let host = Setup::new()
        .function("text", &show(json!("'%s|' a 'b c' \"d \\\" e\" $HOME * f\\ g ''")))
        .function("list", &show(json!(["%s|", "a b", "$HOME", "", "ü"])))
        .start();
    host.post("/f/text", "").expect(200, "a|b c|d \" e|$HOME|*|f g||");
    host.post("/f/list", "").expect(200, "a b|$HOME||ü|");
}

#[test]
fn a_program_of_the_folder_goes_before_one_on_the_path() {
    let named_cat = Folder::new(&json!({"type": "executable", "command": "cat"}))
        .program("cat", "#!/bin/sh\nprintf 'mine in %s' \"${PWD##*/}\"\n");
    let below = Folder::new(&json!({"type": "executable", "command": "bin/run"}));
    let host = Setup::new().function("cat", &named_cat).function("below", &below).start();
    host.post("/f/cat", "").expect(200, "mine in cat");
    let bin = host.setup().deploy_folder().join("below/bin");
    Folder::raw("").program("run", "#!/bin/sh\necho below\n").write(&bin);
    eventually("the program below is found", || {
        Some(host.post("/f/below", "")).filter(|answer| answer.status == 200)
    })
    .expect(200, "below\n");
}

#[test]
fn a_call_beyond_the_concurrency_waits_and_then_gets_429() {
    let busy = shell("echo $$ >> pids; read line < gate; echo ran")
        .with("concurrency", json!(1))
        .with("max_wait", json!("100ms"));
    let host = Setup::new().function("busy", &busy).start();
    let folder = host.setup().deploy_folder().join("busy");
    rustix::fs::mkfifoat(rustix::fs::CWD, folder.join("gate"), rustix::fs::Mode::RWXU).unwrap();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| host.post("/f/busy", ""));
        crate::support::processes::pids_in(&folder.join("pids"), 1);
        let second = host.post("/f/busy", "");
        second.expect_problem(429, "function");
        assert!(second.header("retry-after").is_some(), "{second:?}");
        std::fs::write(folder.join("gate"), "go\n").unwrap();
        first.join().unwrap().expect(200, "ran\n");
    });
}
