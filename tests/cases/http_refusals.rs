//! What the host refuses itself: the status, whose fault it is, and that the connection goes on where it can.

use crate::support::{Setup, cat, shell, until};
use serde_json::json;

#[test]
fn what_is_not_there_is_not_found_and_says_where_to_look() {
    let host = Setup::new().function("cat", &cat()).start();
    let unknown = host.post("/f/nobody", "x");
    let detail = unknown.expect_problem(404, "caller");
    assert!(detail.contains("nobody"), "{detail}");
    assert!(
        unknown.header("x-invocation-id").is_some() && unknown.header("server-timing").is_some()
    );
    for path in ["/", "/favicon.ico", "/f", "/list/x", "/history/not-an-id", "/F/cat"] {
        host.get(path).expect_problem(404, "caller");
    }
    host.get("/history/01890a5d-ac96-774b-bcce-b302099a8057").expect_problem(404, "caller");
}

#[test]
fn routes_of_the_host_take_their_own_methods_only() {
    let host = Setup::new().start();
    for path in ["/list", "/history", "/healthz", "/readyz", "/metrics"] {
        let refused = host.post(path, "");
        refused.expect_problem(405, "caller");
        assert!(refused.header("allow").is_some_and(|allow| allow.contains("GET")), "{refused:?}");
        let head = host.request("HEAD", path).send();
        assert!((200..300).contains(&head.status), "HEAD {path}: {head:?}");
    }
}

#[test]
fn a_media_type_that_is_not_accepted_is_415() {
    let host = Setup::new()
        .function("json", &cat().with("accept", json!(["application/json", "image/*"])))
        .function("all", &cat())
        .start();
    let check = |path: &str, content_type: &str, status: u16| {
        let answer =
            host.request("POST", path).header("Content-Type", content_type).body("{").send();
        assert_eq!(answer.status, status, "{path} {content_type}");
        if status == 415 {
            answer.expect_problem(415, "caller");
        }
    };
    check("/f/json", "application/json", 200);
    check("/f/json", "Application/JSON; charset=utf-8", 200);
    check("/f/json", "image/png", 200);
    check("/f/json", "text/plain", 415);
    check("/f/json", "imagepng", 415);
    check("/f/all", "text/plain", 200);
    check("/f/all", "odd", 200);
    host.post("/f/all", "x").expect(200, "x");
    host.post("/f/json", "x").expect_problem(415, "caller");
}

#[test]
fn too_many_or_too_large_headers_are_431() {
    let host = Setup::new().function("cat", &cat()).start();
    let many: String = (0..1_000).map(|number| format!("X-{number}: 1\r\n")).collect();
    let large = format!("X-Large: {}\r\n", "x".repeat(200_000));
    for headers in [many, large] {
        let mut connection = host.connect();
        let head = format!("POST /f/cat HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: 0\r\n\r\n");
        let _ = connection.write(head);
        connection.read_answer("POST").unwrap().expect_problem(431, "caller");
        // It never became a request: its record is in the log.
        until("it is in the log", || !host.log_lines_with("431").is_empty());
    }
    let hundred: String = (0..90).map(|number| format!("X-{number}: {number}\r\n")).collect();
    let mut connection = host.connect();
    connection
        .write(format!("POST /f/cat HTTP/1.1\r\nHost: x\r\n{hundred}Content-Length: 0\r\n\r\n"))
        .unwrap();
    connection.read_answer("POST").unwrap().expect(200, "");
}

#[test]
fn what_is_not_http_is_400_and_the_connection_ends() {
    let host = Setup::new().function("cat", &cat()).start();
    for nonsense in [
        "hello\r\n\r\n",
        "GET\r\n\r\n",
        "POST /f/cat HTTP/9.9\r\n\r\n",
        "POST /f/cat HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
        "POST /f/cat HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n",
        "POST /f/cat HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST /f/cat HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\u{fc}",
    ] {
        let mut connection = host.connect();
        connection.write(nonsense).unwrap();
        connection.end_of_sending().unwrap();
        match connection.read_answer("POST") {
            Ok(answer) => {
                assert!((400..500).contains(&answer.status) || answer.status == 505, "{answer:?}")
            }
            Err(_) => assert!(connection.is_at_end(), "{nonsense:?}"),
        }
    }
    host.post("/f/cat", "on").expect(200, "on");
}

#[test]
fn a_connection_goes_on_after_every_answer_that_allows_it() {
    let host = Setup::new()
        .function("cat", &cat())
        .function("fails", &shell("exit 1"))
        .function("json", &cat().with("accept", json!(["application/json"])))
        .start();
    let mut connection = host.connect();
    for (method, path, status) in [
        ("POST", "/f/nobody", 404),
        ("GET", "/f/cat", 405),
        ("POST", "/f/json", 415),
        ("POST", "/f/fails", 500),
        ("GET", "/list", 200),
        ("HEAD", "/list", 200),
        ("GET", "/history", 200),
    ] {
        let answer = connection.exchange(method, path, b"small").unwrap();
        assert_eq!(answer.status, status, "{method} {path}");
        connection.exchange("POST", "/f/cat", b"on").unwrap().expect(200, "on");
    }
}

#[test]
fn requests_that_are_sent_at_once_are_answered_in_their_order() {
    let host = Setup::new().function("cat", &cat()).start();
    let mut connection = host.connect();
    let request = |body: &str| {
        format!("POST /f/cat HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    connection.write(["one", "two", "three"].map(request).concat()).unwrap();
    for body in ["one", "two", "three"] {
        connection.read_answer("POST").unwrap().expect(200, body);
    }
}

#[test]
fn an_old_client_gets_an_answer_and_an_end() {
    let host = Setup::new().function("cat", &cat()).start();
    let mut connection = host.connect();
    connection.write("POST /f/cat HTTP/1.0\r\nContent-Length: 3\r\n\r\nold").unwrap();
    connection.read_answer("POST").unwrap().expect(200, "old");
    assert!(connection.is_at_end());
}

#[test]
fn beyond_its_most_requests_the_host_says_503() {
    let host = Setup::new()
        .config("[server]\nmax_requests = 1\n[runners.executable]\n")
        .function("cat", &cat())
        .function(
            "wait",
            &shell("echo $$ >> pids; while [ ! -e go ]; do sleep 0.01; done; echo ran"),
        )
        .start();
    let folder = host.setup().deploy_folder().join("wait");
    std::thread::scope(|scope| {
        let first = scope.spawn(|| host.post("/f/wait", ""));
        crate::support::processes::pids_in(&folder.join("pids"), 1);
        let second = host.post("/f/cat", "x");
        second.expect_problem(503, "host");
        assert!(second.header("retry-after").is_some(), "{second:?}");
        host.get("/healthz").expect_status(200);
        std::fs::write(folder.join("go"), "").unwrap();
        first.join().unwrap().expect(200, "ran\n");
    });
}
