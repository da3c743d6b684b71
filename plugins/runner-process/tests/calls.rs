//! Calls that are answered: what a worker is told, and what becomes of what it answers.
#![allow(clippy::unwrap_used, reason = "tests may")]

mod support;

use plugin_api::abi::{field, outcome};
use plugin_api::serde_json::json;
use support::request::Call;
use support::{Deploy, Plugin, Worker};

fn with_worker(change: plugin_api::serde_json::Value, test: impl FnOnce(&Worker<'_>, &Deploy)) {
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    let function = plugin.prepare(&deploy, change).unwrap();
    let worker = function.worker().unwrap();
    test(&worker, &deploy);
}

#[test]
fn one_worker_answers_one_call_after_the_other() {
    with_worker(json!({}), |worker, _| {
        let first = worker.call("echo hello");
        first.check(outcome::SUCCEEDED, None, "");
        assert_eq!((first.text().as_str(), first.log.as_str()), ("hello", "loaded\n"));
        let id = worker.call("pid").text();
        for _ in 0..100 {
            let answer = worker.call("pid");
            answer.check(outcome::SUCCEEDED, None, "");
            assert_eq!((answer.text(), answer.log.as_str()), (id.clone(), ""));
        }
        assert_eq!(worker.call("echo ").text(), "");
    });
}

#[test]
fn the_launcher_is_told_of_the_function() {
    let change = json!({
        "environment": {"KEY": "value"}, "timeout_ms": 5000, "signature": "aws", "event": "http", "input": "bytes",
        "limits": {"memory_bytes": 500000000}, "launch": {"handler": "run"},
    });
    with_worker(change, |worker, deploy| {
        let expected = json!({
            "protocol": 1, "function": "f", "folder": deploy.folder(), "file": "lambda.py", "handler": "run",
            "signature": "aws", "event": "http", "input": "bytes", "variables": {"KEY": "value"},
            "timeout_ms": 5000, "memory_bytes": 500000000, "version": "7",
        });
        assert_eq!(worker.call("load").json(), expected);
    });
}

#[test]
fn a_call_is_told_of_its_request() {
    with_worker(json!({}), |worker, _| {
        let call = Call::new("header")
            .header("content-type", "text/plain")
            .header("x-one", "1")
            .header("x-one", "2\"")
            .header("cookie", "a=1")
            .header("cookie", "b=2")
            .text(field::QUERY_STRING, "a=1&b=%20&a=3")
            .text(field::IDENTITY, "somebody");
        let expected = json!({
            "id": "0198-id", "method": "POST", "path": "/f/f/a%20b", "path_info": "/a%20b",
            "query_string": "a=1&b=%20&a=3", "query": {"a": "3", "b": " "},
            "headers": {"content-type": "text/plain", "x-one": "1,2\"", "cookie": "a=1; b=2"},
            "content_type": "text/plain", "accept": "", "identity": "somebody", "deadline": 1_700_000_000_000_u64,
            "asynchronous": false, "remote_address": "127.0.0.1", "server_name": "localhost", "protocol": "HTTP/1.1",
        });
        assert_eq!(worker.invoke(&call).unwrap().json(), expected);
    });
}

#[test]
fn a_worker_has_its_descriptors_and_a_small_environment() {
    let change = json!({"environment": {"KEY": "value"}, "launch": {"environment": {"KEY": "below", "LIBRARY": "/x"}}});
    with_worker(change, |worker, deploy| {
        // The last is the folder that is being listed.
        assert_eq!(worker.call("descriptors").text(), "[0, 1, 2, 3, 4, 5]");
        let environment = worker.call("environment").json();
        let expected = json!({"KEY": "value", "LIBRARY": "/x", "SHORTEDFAAS_FUNCTION": "f", "PWD": deploy.folder()});
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&environment[name], value, "{name}");
        }
        let inherited = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "SHORTEDFAAS_HOST", "LC_CTYPE"];
        for name in environment.as_object().unwrap().keys() {
            let known = inherited.contains(&name.as_str()) || expected.get(name).is_some();
            assert!(known, "{name} is inherited");
        }
    });
}

#[test]
fn an_answer_has_the_status_and_the_headers_that_the_handler_set() {
    with_worker(json!({}), |worker, _| {
        let check = |call: &str, status: u32, content_type: &str, body: &str| {
            let answer = worker.call(call);
            answer.check(outcome::SUCCEEDED, None, "");
            let found = answer.headers.iter().find(|(name, _)| name == "content-type").unwrap();
            assert_eq!(
                (answer.status, found.1.as_str(), answer.text().as_str()),
                (status, content_type, body)
            );
        };
        check("answer T {} a", 0, "text/plain; charset=utf-8", "a");
        check("answer J {\"code\":201} {}", 201, "application/json", "{}");
        check("answer O {\"headers\":{\"content-type\":\"image/png\"}} x", 0, "image/png", "x");
        check("answer O {} x", 0, "application/octet-stream", "x");
        worker.call("answer T {\"code\":700} a").check(outcome::FAILED, None, "from 200 to 599");
        worker.call("raise no").check(outcome::FAILED, None, "ValueError: no\nline 1");
        worker.call("echo still there").check(outcome::SUCCEEDED, None, "");
    });
}

#[test]
fn bodies_larger_than_a_pipe_pass_both_ways() {
    with_worker(json!({}), |worker, _| {
        for size in [0, 1, 65_530, 65_536, 65_540, 1 << 20, 5_000_000] {
            let body = vec![b'x'; size];
            let answer = worker.invoke(&Call::new([b"echo ".as_slice(), &body].concat())).unwrap();
            assert!(answer.body == body, "{size}");
        }
        let pieces = [b"echo a".to_vec(), vec![b'b'; 200_000], b"c".to_vec()];
        let answer = worker.invoke(&Call::pieces(pieces)).unwrap();
        assert_eq!(answer.body.len(), 200_002);
        let broken = worker.invoke(&Call::pieces([b"echo a".to_vec()]).breaking_off());
        assert!(broken.is_err());
        worker.call("echo still there").check(outcome::SUCCEEDED, None, "");
    });
}

#[test]
fn what_a_call_prints_is_its_log_and_floods_stop_nobody() {
    with_worker(json!({}), |worker, _| {
        assert_eq!(worker.call("print one\n").log, "loaded\none\nerr");
        assert_eq!(worker.call("print two").log, "twoerr");
        assert_eq!(worker.call("echo x").log, "");
        let flooded = worker.call("flood 300");
        assert_eq!((flooded.text().as_str(), flooded.log.len()), ("flooded", 1 << 20));
        // It prints after its answer, more than a pipe holds: nobody calls it, and yet it must not wait.
        worker.call("later 1000000");
        worker.call("echo x").check(outcome::SUCCEEDED, None, "");
        assert_eq!(worker.call("echo x").log, "");
    });
}

#[test]
fn chunks_are_collected_or_passed_on_as_they_come() {
    let expected: String = (0..500).map(|number| format!("{number},")).collect::<String>() + "end";
    for response in ["buffered", "stream"] {
        with_worker(json!({"response": response}), |worker, _| {
            let answer = worker.call("chunks 500");
            answer.check(outcome::SUCCEEDED, None, "");
            assert_eq!((answer.status, answer.text()), (201, expected.clone()));
            worker.call("broken-chunks").check(outcome::FAILED, None, "Late: no more");
            assert_eq!(worker.call("echo whole").text(), "whole");
        });
    }
}

#[test]
fn a_call_is_told_what_it_used() {
    with_worker(json!({}), |worker, _| {
        let first = worker.call("echo x").end;
        assert!(first.start_us > 0 && first.max_rss_bytes > 1 << 20, "{first:?}");
        let second = worker.call("spin 0.05").end;
        assert!(second.start_us == 0 && (50_000..500_000).contains(&second.cpu_us), "{second:?}");
        assert!(worker.call("echo x").end.cpu_us < 20_000);
    });
}
