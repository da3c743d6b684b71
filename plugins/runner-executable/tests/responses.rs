//! Streams and CGI.
#![allow(clippy::unwrap_used, reason = "tests may")]

mod support;

use plugin_api::abi::abi_stable::std_types::ROption;
use plugin_api::abi::{EndV1, chunk_kind, outcome};
use std::time::Duration;
use support::request::Call;
use support::{Deploy, Function, Plugin, eventually, lives};

const STREAM: &str = r#"{"command": "run", "response": "stream"}"#;
const CGI: &str = r#"{"command": "run", "response": "cgi"}"#;

fn with_script(manifest: &str, script: &str, test: impl FnOnce(&Function<'_>, &Deploy)) {
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    deploy.script("f", script);
    let function = plugin.prepare(&deploy, "f", manifest).unwrap();
    test(&function, &deploy);
}

#[test]
fn a_stream_gives_pieces_while_the_program_runs() {
    let script = "echo one; while [ ! -e go ]; do sleep 0.01; done; echo two";
    with_script(STREAM, script, |function, deploy| {
        support::block_on(async {
            let mut reply = function.start(&Call::new("")).await.into_result().unwrap();
            let ROption::RSome(stream) = std::mem::replace(&mut reply.body.rest, ROption::RNone)
            else {
                panic!("the program has not ended, and yet its answer is whole")
            };
            let (mut text, mut end) = (Vec::new(), None::<EndV1>);
            while let ROption::RSome(item) = (stream.next)(stream.context).await {
                let chunk = item.into_result().unwrap();
                assert!(end.is_none(), "the end comes last");
                text.extend_from_slice(chunk.data.as_slice());
                if text == b"one\n" {
                    std::fs::write(deploy.folder("f").join("go"), "").unwrap();
                }
                if chunk.kind == chunk_kind::END {
                    end = chunk.end.into_option();
                }
            }
            assert_eq!(text, b"one\ntwo\n");
            assert_eq!(end.unwrap().outcome, outcome::SUCCEEDED);
        });
    });
}

#[test]
fn a_stream_that_fails_says_so_at_its_end_or_before_it_begins() {
    with_script(STREAM, "exit 4", |function, _| {
        let answer = function.call("");
        assert!(answer.reply.body.rest.is_none());
        answer.check(outcome::FAILED, Some(4), "exited with code 4");
    });
    with_script(STREAM, "echo some; sleep 0.05; exit 4", |function, _| {
        let answer = function.call("");
        assert_eq!(answer.text(), "some\n");
        answer.check(outcome::FAILED, Some(4), "exited with code 4");
    });
}

#[test]
fn a_stream_takes_its_input_as_it_comes() {
    with_script(STREAM, "cat", |function, _| {
        let body: Vec<u8> = vec![b'x'; 3_000_000];
        let call = Call::pieces(body.chunks(70_000).map(<[u8]>::to_vec));
        let answer = function.invoke(&call).unwrap();
        answer.check(outcome::SUCCEEDED, Some(0), "");
        assert!(answer.body == body);
    });
}

#[test]
fn dropping_a_stream_kills_the_program() {
    with_script(STREAM, "echo $$; sleep 1000", |function, _| {
        support::block_on(async {
            let mut reply = function.start(&Call::new("")).await.into_result().unwrap();
            let ROption::RSome(stream) = std::mem::replace(&mut reply.body.rest, ROption::RNone)
            else {
                panic!("a program that runs has a stream")
            };
            let item = (stream.next)(stream.context).await.into_option().unwrap();
            let chunk = item.into_result().unwrap();
            let id: i32 = String::from_utf8_lossy(chunk.data.as_slice()).trim().parse().unwrap();
            assert!(lives(id));
            drop(stream);
            eventually("killed", || !lives(id));
        });
    });
}

#[test]
fn a_stream_that_nobody_takes_ends_at_its_deadline() {
    with_script(STREAM, "echo $$; exec yes", |function, _| {
        support::block_on(async {
            let call = Call::new("").within(Duration::from_millis(300));
            let mut reply = function.start(&call).await.into_result().unwrap();
            let ROption::RSome(stream) = std::mem::replace(&mut reply.body.rest, ROption::RNone)
            else {
                panic!("a program that runs has a stream")
            };
            let item = (stream.next)(stream.context).await.into_option().unwrap();
            let chunk = item.into_result().unwrap();
            let text = String::from_utf8_lossy(chunk.data.as_slice()).into_owned();
            let id: i32 = text.lines().next().unwrap().parse().unwrap();
            eventually("killed", || !lives(id));
            let mut end = None::<EndV1>;
            while let ROption::RSome(item) = (stream.next)(stream.context).await {
                end = item.into_result().unwrap().end.into_option().or(end);
            }
            assert_eq!(end.unwrap().outcome, outcome::TIMED_OUT);
        });
    });
}

#[test]
fn a_cgi_program_sets_status_and_headers() {
    let script =
        r"printf 'Status: 404 Not Found\r\nContent-Type: text/plain\r\nX-A: b\r\n\r\nlost'";
    with_script(CGI, script, |function, _| {
        let answer = function.call("");
        answer.check(outcome::SUCCEEDED, Some(0), "");
        let headers: Vec<(&str, &[u8])> = answer
            .reply
            .headers
            .iter()
            .map(|header| (header.name.as_str(), header.value.as_slice()))
            .collect();
        assert_eq!(headers, [("content-type", &b"text/plain"[..]), ("x-a", b"b")]);
        assert_eq!((answer.reply.status, answer.text().as_str()), (404, "lost"));
    });
}

#[test]
fn a_program_that_forgets_its_headers_broke_the_protocol() {
    with_script(CGI, "echo hello", |function, _| {
        let answer = function.call("");
        answer.check(outcome::BAD_PROTOCOL, Some(0), "`hello` where a CGI header was expected");
        assert!(answer.body.is_empty());
    });
}
