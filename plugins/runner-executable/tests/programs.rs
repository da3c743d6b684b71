//! What programs do, well and badly, and what becomes of the invocation.
#![allow(clippy::unwrap_used, reason = "tests may")]

mod support;

use plugin_api::abi::{error_kind, field, outcome};
use std::time::{Duration, Instant};
use support::request::Call;
use support::{Deploy, Plugin, eventually, lives};

const RUN: &str = r#"{"command": "run"}"#;

/// Deploys a script as `f`, prepares it with `manifest` and hands both to `test`.
fn with_script(manifest: &str, script: &str, test: impl FnOnce(&support::Function<'_>, &Deploy)) {
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    deploy.script("f", script);
    let function = plugin.prepare(&deploy, "f", manifest).unwrap();
    test(&function, &deploy);
}

#[test]
fn the_output_of_a_program_is_the_answer() {
    with_script(RUN, "cat", |function, _| {
        let answer = function.call("hello");
        answer.check(outcome::SUCCEEDED, Some(0), "");
        assert_eq!(answer.text(), "hello");
        assert!(answer.end().cpu_us > 0 && answer.end().start_us > 0, "{:?}", answer.end());
    });
}

#[test]
fn a_program_on_path_gets_its_arguments() {
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    std::fs::create_dir(deploy.folder("f")).unwrap();
    let manifest =
        r#"{"command": "printf", "arguments": ["%s-%s", "a b", ""], "timeout_ms": 1000}"#;
    let function = plugin.prepare(&deploy, "f", manifest).unwrap();
    assert_eq!(function.call("").text(), "a b-");
}

#[test]
fn a_failing_program_has_no_body_and_its_words_are_logged() {
    with_script(RUN, "echo out; echo oops >&2; exit 3", |function, _| {
        let answer = function.call("");
        answer.check(outcome::FAILED, Some(3), "exited with code 3");
        assert_eq!((answer.text().as_str(), answer.stderr.as_str()), ("", "oops\n"));
    });
}

#[test]
fn a_signal_is_named() {
    with_script(RUN, "kill -SEGV $$", |function, _| {
        function.call("").check(outcome::FAILED, None, "killed by signal 11 (SIGSEGV)");
    });
}

#[test]
fn large_input_and_output_pass_in_one_piece_or_many() {
    with_script(RUN, "cat", |function, _| {
        let body: Vec<u8> = (0..5_000_000u32).map(|number| number.to_le_bytes()[0]).collect();
        let pieces = body.chunks(100_000).map(<[u8]>::to_vec);
        for call in [Call::new(body.clone()), Call::pieces(pieces)] {
            let answer = function.invoke(&call).unwrap();
            answer.check(outcome::SUCCEEDED, Some(0), "");
            assert!(answer.body == body);
        }
    });
}

#[test]
fn input_that_nobody_reads_is_no_failure() {
    with_script(RUN, "exec 0<&-; sleep 0.02; echo done", |function, _| {
        for size in [10, 100_000, 5_000_000] {
            let answer = function.invoke(&Call::new(vec![b'x'; size])).unwrap();
            assert_eq!(answer.text(), "done\n", "{size}");
        }
    });
}

#[test]
fn a_program_may_close_its_output_and_go_on() {
    with_script(RUN, "echo early; exec 1>&-; sleep 0.05; exit 0", |function, _| {
        assert_eq!(function.call("").text(), "early\n");
    });
}

#[test]
fn output_over_the_limit_ends_the_program() {
    let manifest = r#"{"command": "run", "limits": {"output_bytes": 100000}}"#;
    for script in ["yes", "head -c 100001 /dev/zero"] {
        with_script(manifest, script, |function, _| {
            let answer = function.call("");
            assert!(answer.body.is_empty());
            assert_eq!(answer.end().outcome, outcome::FAILED);
            assert!(
                answer.end().error.contains("`limits.output`, 100000 bytes"),
                "{:?}",
                answer.end()
            );
        });
    }
    with_script(manifest, "head -c 100000 /dev/zero", |function, _| {
        assert_eq!(function.call("").body.len(), 100_000);
    });
}

#[test]
fn the_answer_leaves_when_the_program_exits_whoever_holds_its_output() {
    let script = "sleep 1000 & echo $!; exit 0";
    with_script(RUN, script, |function, _| {
        let begun = Instant::now();
        let grandchild: i32 = function.call("").text().trim().parse().unwrap();
        assert!(begun.elapsed() < Duration::from_secs(5));
        eventually("the grandchild is killed", || !lives(grandchild));
    });
}

#[test]
fn the_deadline_kills_the_whole_group_whatever_it_ignores() {
    let script = "trap '' TERM INT; sleep 1000 & echo $$ $! >&2; while :; do sleep 1000; done";
    with_script(RUN, script, |function, _| {
        let call = Call::new("").within(Duration::from_millis(300));
        let answer = function.invoke(&call).unwrap();
        answer.check(outcome::TIMED_OUT, None, "timed out");
        let ids: Vec<i32> =
            answer.stderr.split_whitespace().map(|id| id.parse().unwrap()).collect();
        assert_eq!(ids.len(), 2, "{}", answer.stderr);
        eventually("the group is gone", || !ids.iter().any(|id| lives(*id)));
    });
}

#[test]
fn a_call_without_time_left_starts_nothing() {
    with_script(RUN, "touch started", |function, deploy| {
        let answer = function.invoke(&Call::new("").within(Duration::ZERO)).unwrap();
        answer.check(outcome::TIMED_OUT, None, "timed out");
        assert!(!deploy.folder("f").join("started").exists());
    });
}

#[test]
fn endless_words_on_standard_error_are_drained_until_the_deadline() {
    with_script(RUN, "yes >&2", |function, _| {
        let answer = function.invoke(&Call::new("").within(Duration::from_millis(300))).unwrap();
        answer.check(outcome::TIMED_OUT, None, "timed out");
        assert!(answer.stderr.starts_with("y\ny\n"));
    });
}

#[test]
fn dropping_the_call_kills_and_reaps() {
    with_script(RUN, "echo $$ >&2; sleep 1000", |function, _| {
        let call = Call::new("");
        support::block_on(async {
            let mut future = Box::pin(function.start(&call));
            let mut id = None;
            std::future::poll_fn(|context| {
                assert!(future.as_mut().poll(context).is_pending());
                id = call.stderr().trim().parse::<i32>().ok();
                context.waker().wake_by_ref();
                if id.is_some() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
            })
            .await;
            drop(future);
            let path = format!("/proc/{}", id.unwrap());
            eventually("reaped", || !std::path::Path::new(&path).exists());
        });
    });
}

#[test]
fn a_body_that_breaks_off_kills_the_program_and_is_the_hosts_to_explain() {
    with_script(RUN, "cat >/dev/null; echo complete >&2; sleep 1000", |function, _| {
        let call = Call::pieces([vec![b'x'; 200_000]]).breaking_off();
        let error = function.invoke(&call).err().unwrap();
        assert_eq!(
            (error.kind, error.message.as_str()),
            (error_kind::CANCELLED, "the client has gone")
        );
    });
}

#[test]
fn the_environment_is_what_the_contract_says_and_nothing_else() {
    let manifest =
        r#"{"command": "run", "environment": {"KEY": "va lue", "HTTP_X_MINE": "declared"}}"#;
    with_script(manifest, "exec /usr/bin/env -0", |function, deploy| {
        let call = Call::new("abc")
            .header("content-type", "text/plain")
            .header("authorization", "secret")
            .header("x-mine", "client")
            .header("x-path", "1")
            .header("proxy", "http://evil")
            .text(field::IDENTITY, "me")
            .text(field::AUTH_TYPE, "SharedSecret");
        let text = function.invoke(&call).unwrap().text();
        let variables: Vec<&str> = text.split('\0').collect();
        for expected in [
            "REQUEST_METHOD=POST",
            "SCRIPT_NAME=/f/f",
            "PATH_INFO=/a b",
            "QUERY_STRING=x=1",
            "SERVER_NAME=localhost",
            "SERVER_PORT=8080",
            "SERVER_PROTOCOL=HTTP/1.1",
            "GATEWAY_INTERFACE=CGI/1.1",
            "REMOTE_ADDR=127.0.0.1",
            "REMOTE_PORT=50000",
            "AUTH_TYPE=SharedSecret",
            "REMOTE_USER=me",
            "CONTENT_TYPE=text/plain",
            "CONTENT_LENGTH=3",
            "HTTP_X_PATH=1",
            "HTTP_X_MINE=declared",
            "KEY=va lue",
            "SHORTEDFAAS_FUNCTION=f",
            "SHORTEDFAAS_INVOCATION_ID=0198-id",
            "SHORTEDFAAS_DEADLINE_MS=1700000000000",
            "SHORTEDFAAS_IDENTITY=me",
            "SHORTEDFAAS_ASYNCHRONOUS=0",
        ] {
            assert!(variables.contains(&expected), "{expected} is not in {variables:?}");
        }
        let folder = deploy.folder("f");
        assert!(variables.contains(&format!("PWD={}", folder.display()).as_str()), "{variables:?}");
        assert!(
            !text.contains("secret") && !text.contains("evil") && !text.contains("CARGO"),
            "{text}"
        );
    });
}

#[test]
fn headers_that_no_process_can_take_are_the_callers_fault() {
    with_script(RUN, "true", |function, _| {
        let call = Call::new("").header("x-large", &"x".repeat(200_000));
        assert_eq!(function.invoke(&call).err().unwrap().kind, error_kind::BAD_REQUEST);
    });
}
