//! What becomes of a program's output: bounded, streamed, or with headers of its own.

use crate::support::{Folder, Host, Setup, shell, until};
use serde_json::json;

fn cgi(script: &str) -> Folder {
    shell(script).with("response", json!("cgi"))
}

#[test]
fn output_over_the_limit_fails_the_call_and_ends_the_program() {
    let limit = json!({"output": "64KiB"});
    let host = Setup::new()
        .function("fits", &shell("head -c 65536 /dev/zero").with("limits", limit.clone()))
        .function("over", &shell("head -c 65537 /dev/zero").with("limits", limit.clone()))
        .function("gigabyte", &shell("exec head -c 1000000000 /dev/zero").with("limits", limit))
        .start();
    let fits = host.post("/f/fits", "");
    fits.expect_status(200);
    assert_eq!(fits.body.len(), 65_536);
    for function in ["over", "gigabyte"] {
        let answer = host.post(&format!("/f/{function}"), "");
        answer.expect(500, "");
        let detail = host.history_of(&answer);
        assert_eq!(detail["outcome"], "failed");
        assert!(detail["error"].as_str().unwrap().contains("output"), "{detail}");
    }
}

#[test]
fn a_streamed_answer_arrives_while_the_program_still_runs() {
    let script = "echo one; while [ ! -e go ]; do sleep 0.01; done; echo two";
    let host =
        Setup::new().function("stream", &shell(script).with("response", json!("stream"))).start();
    let mut connection = host.connect();
    connection.write("POST /f/stream HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").unwrap();
    let head = connection.read_head().unwrap();
    head.expect_status(200);
    assert_eq!(connection.read_chunk().unwrap().as_deref(), Some(b"one\n".as_slice()));
    std::fs::write(host.setup().deploy_folder().join("stream/go"), "").unwrap();
    assert_eq!(connection.read_chunk().unwrap().as_deref(), Some(b"two\n".as_slice()));
    assert_eq!(connection.read_chunk().unwrap(), None);
    let detail = host.history_of(&head);
    assert_eq!((&detail["outcome"], &detail["exit_code"]), (&json!("succeeded"), &json!(0)));
    assert_eq!(detail["output"], "one\ntwo\n");
}

#[test]
fn a_stream_that_fails_before_its_first_byte_is_500() {
    let host = Setup::new()
        .function("fails", &shell("echo why >&2; exit 9").with("response", json!("stream")))
        .start();
    let answer = host.post("/f/fails", "");
    answer.expect(500, "");
    assert_eq!(host.history_of(&answer)["exit_code"], 9);
}

#[test]
fn a_stream_that_fails_later_is_broken_off_not_ended() {
    let host = Setup::new()
        .function("half", &shell("echo half; exit 9").with("response", json!("stream")))
        .start();
    let mut connection = host.connect();
    connection.write("POST /f/half HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").unwrap();
    let answer = connection.read_head().unwrap();
    if answer.status == 200 {
        while let Ok(Some(_)) = connection.read_chunk() {}
        assert!(connection.is_at_end(), "the connection ends with the broken answer");
    } else {
        answer.expect_status(500);
    }
    let detail = host.history_of(&answer);
    assert_eq!((&detail["outcome"], &detail["exit_code"]), (&json!("failed"), &json!(9)));
}

#[test]
fn cgi_output_sets_status_and_headers() {
    check(
        "printf 'Status: 404 Nothing Here\\r\\nContent-Type: text/x\\r\\nX-One: 1\\r\\n\\r\\nbody'",
        (404, "body"),
        &[("content-type", Some("text/x")), ("x-one", Some("1")), ("status", None)],
    );
    check(
        "printf 'Content-Type: text/plain\\n\\nlines'",
        (200, "lines"),
        &[("content-type", Some("text/plain"))],
    );
    check("printf 'Location: /elsewhere\\n\\n'", (302, ""), &[("location", Some("/elsewhere"))]);
    check(
        "printf 'Status: 201\\nConnection: upgrade\\nContent-Length: 7\\nX-Invocation-Id: mine\\n\\nab'",
        (201, "ab"),
        &[("content-length", Some("2"))],
    );
    check(
        "printf 'Content-Type: a/b\\nSet-Cookie: a=1\\nSet-Cookie: b=2\\n\\n'",
        (200, ""),
        &[("set-cookie", Some("a=1"))],
    );
}

#[track_caller]
fn check(script: &str, (status, body): (u16, &str), headers: &[(&str, Option<&str>)]) {
    let host = Setup::new().function("cgi", &cgi(script)).start();
    let answer = host.post("/f/cgi", "");
    answer.expect(status, body);
    for (name, value) in headers {
        assert_eq!(answer.header(name), *value, "{name} of {answer:?}");
    }
    assert_ne!(answer.id(), "mine");
}

#[test]
fn cgi_output_without_headers_is_a_broken_protocol() {
    for script in [
        "echo no headers at all",
        "printf 'Content-Type: a/b'",
        "true",
        "printf 'Status: abc\\n\\n'",
    ] {
        let host = Setup::new().function("cgi", &cgi(script)).start();
        let answer = host.post("/f/cgi", "");
        answer.expect_problem(502, "function");
        let detail = host.history_of(&answer);
        assert_eq!(detail["outcome"], "bad_protocol", "{script}: {detail}");
    }
}

#[test]
fn a_failing_cgi_program_is_500_like_any_other() {
    let host = Setup::new().function("cgi", &cgi("printf 'Status: 200\\n\\nbody'; exit 1")).start();
    host.post("/f/cgi", "").expect(500, "");
}

#[test]
fn standard_error_without_end_is_read_and_bounded() {
    let script = "while :; do echo noise; done >&2";
    let noisy = shell(script).with("timeout", json!("500ms"));
    let bounded = shell("head -c 10000000 /dev/zero | tr '\\0' 'n' >&2; echo done");
    let host = Setup::new().function("noisy", &noisy).function("bounded", &bounded).start();
    let answer = host.post("/f/noisy", "");
    answer.expect_problem(504, "function");
    check_bounded(&host, &host.history_of(&answer));
    let answer = host.post("/f/bounded", "");
    answer.expect(200, "done\n");
    check_bounded(&host, &host.history_of(&answer));
}

#[track_caller]
fn check_bounded(host: &Host, detail: &serde_json::Value) {
    let kept = detail["stderr"].as_str().unwrap().len();
    assert!((1_000..=1_000_000).contains(&kept), "{kept} bytes are kept");
    assert_eq!(detail["stderr_truncated"], true);
    let rss_kib = crate::support::processes::status_of(host.pid(), "VmRSS");
    assert!(rss_kib < 300 * 1024, "{rss_kib} KiB");
}

#[test]
fn output_that_is_not_text_is_kept_as_base64() {
    let host =
        Setup::new().function("bytes", &shell("cat >/dev/null; printf '\\377\\376x'")).start();
    let answer = host.request("POST", "/f/bytes").body(b"\xff\x00").send();
    answer.expect_status(200);
    until("the detail is there", || host.get(&format!("/history/{}", answer.id())).status == 200);
    let detail = host.history_of(&answer);
    assert_eq!((&detail["output"], &detail["output_encoding"]), (&json!("//54"), &json!("base64")));
    assert_eq!((&detail["input"], &detail["input_encoding"]), (&json!("/wA="), &json!("base64")));
    assert_eq!(detail["output_truncated"], false);
}
