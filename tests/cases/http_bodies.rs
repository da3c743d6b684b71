//! Bodies that are too large, too slow, cut off, chunked, or sent only when asked for.

use crate::support::{Connection, Host, Setup, cat, shell, until};
use serde_json::json;

/// `cat`, with a body of at most a KiB.
fn small() -> Host {
    let folder = cat().with("limits", json!({"body": "1KiB"}));
    let config = "[server]\nbody_timeout = \"400ms\"\n[runners.executable]\n";
    let marks = shell("echo ran >> marks; cat").with("limits", json!({"body": "1KiB"}));
    Setup::new().config(config).function("cat", &folder).function("marks", &marks).start()
}

fn start_of(path: &str, headers: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n")
}

fn send(host: &Host, text: &str) -> Connection {
    let mut connection = host.connect();
    connection.write(text).unwrap();
    connection
}

/// No code of `/f/marks` has run.
#[track_caller]
fn nothing_ran(host: &Host) {
    assert!(!host.setup().deploy_folder().join("marks/marks").exists(), "the function was started");
}

#[test]
fn a_body_over_the_limit_is_413_before_a_byte_of_it_is_sent() {
    let host = small();
    let mut connection = send(&host, &start_of("/f/marks", "Content-Length: 100000000\r\n"));
    let answer = connection.read_answer("POST").unwrap();
    let detail = answer.expect_problem(413, "caller");
    assert!(detail.contains("1024") || detail.contains("1KiB"), "{detail}");
    assert_eq!(host.history_of(&answer)["outcome"], "rejected");
    nothing_ran(&host);
    host.post("/f/cat", "x".repeat(1_024)).expect_status(200);
    host.post("/f/cat", "x".repeat(1_025)).expect_problem(413, "caller");
}

#[test]
fn a_chunked_body_is_413_as_soon_as_it_is_over_the_limit() {
    let host = small();
    let mut connection = send(&host, &start_of("/f/cat", "Transfer-Encoding: chunked\r\n"));
    let chunk = format!("200\r\n{}\r\n", "x".repeat(0x200));
    for _ in 0..3 {
        connection.write(&chunk).unwrap();
    }
    // The end of the body is never sent.
    connection.read_answer("POST").unwrap().expect_problem(413, "caller");
}

#[test]
fn a_body_that_does_not_come_is_408() {
    let host = small();
    for sent in ["", "abc"] {
        let mut connection = send(&host, &start_of("/f/cat", "Content-Length: 10\r\n"));
        connection.write(sent).unwrap();
        let answer = connection.read_answer("POST").unwrap();
        answer.expect_problem(408, "caller");
        assert_eq!(host.history_of(&answer)["status"], 408);
    }
    host.post("/f/cat", "on").expect(200, "on");
}

#[test]
fn a_body_that_is_cut_off_is_recorded_and_no_success() {
    let host = small();
    let mut connection = send(&host, &start_of("/f/cat", "Content-Length: 10\r\n"));
    connection.write("abc").unwrap();
    connection.end_of_sending().unwrap();
    match connection.read_answer("POST") {
        Ok(answer) => drop(answer.expect_problem(400, "caller")),
        Err(_) => assert!(connection.is_at_end()),
    }
    until("it is recorded", || {
        let invocations = host.invocations_of("cat");
        invocations.iter().any(|one| one["outcome"] == "cancelled" || one["outcome"] == "rejected")
    });
    assert!(host.invocations_of("cat").iter().all(|one| one["outcome"] != "succeeded"));
    host.post("/f/cat", "on").expect(200, "on");
}

#[test]
fn chunked_bodies_arrive_whole() {
    let host = small();
    let mut connection = send(&host, &start_of("/f/cat", "Transfer-Encoding: chunked\r\n"));
    for piece in
        ["5\r\nhello\r\n", "1;extension=1\r\n \r\n", "5\r\nworld\r\n", "0\r\nTrailer: x\r\n\r\n"]
    {
        connection.write(piece).unwrap();
    }
    connection.read_answer("POST").unwrap().expect(200, "hello world");
    connection.exchange("POST", "/f/cat", b"next").unwrap().expect(200, "next");
    let mut connection = send(&host, &start_of("/f/cat", "Transfer-Encoding: chunked\r\n"));
    connection.write("zz\r\n").unwrap();
    if let Ok(answer) = connection.read_answer("POST") {
        answer.expect_status(400);
    }
}

#[test]
fn a_client_that_asks_first_is_told_to_go_on() {
    let host = small();
    let mut connection =
        send(&host, &start_of("/f/cat", "Content-Length: 4\r\nExpect: 100-continue\r\n"));
    connection.read_head().unwrap().expect_status(100);
    connection.write("body").unwrap();
    connection.read_answer("POST").unwrap().expect(200, "body");
}

#[test]
fn a_client_that_asks_first_is_told_when_there_is_no_use() {
    let host = small();
    for (path, length, status) in
        [("/f/cat", 5_000, 413), ("/f/nobody", 10, 404), ("/list", 10, 405)]
    {
        let headers = format!("Content-Length: {length}\r\nExpect: 100-continue\r\n");
        let mut connection = send(&host, &start_of(path, &headers));
        connection.read_answer("POST").unwrap().expect_problem(status, "caller");
    }
}

#[test]
fn a_large_body_reaches_a_slow_reader_whole() {
    let limits = json!({"body": "64MiB", "output": "64MiB"});
    let slow = shell("sleep 0.1; wc -c | tr -d ' '").with("limits", limits);
    let host = Setup::new().function("count", &slow).start();
    host.post("/f/count", vec![b'x'; 20_000_000]).expect(200, "20000000\n");
}
