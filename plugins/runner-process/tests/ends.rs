//! Calls that are not answered: workers that end, are killed, speak nonsense or take too long.
#![allow(clippy::unwrap_used, reason = "tests may")]

mod support;

use plugin_api::abi::{error_kind, outcome};
use plugin_api::serde_json::{Value, json};
use std::time::{Duration, Instant};
use support::request::Call;
use support::{Deploy, Plugin, Worker, eventually, lives};

fn with_worker(change: Value, test: impl FnOnce(&Worker<'_>)) {
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    let function = plugin.prepare(&deploy, change).unwrap();
    let worker = function.worker().unwrap();
    test(&worker);
}

fn check_unusable(worker: &Worker<'_>) {
    let error = worker.invoke(&Call::new("echo x")).unwrap_err();
    assert_eq!(error.kind, error_kind::UNSTARTED, "{error:?}");
}

#[test]
fn an_end_during_a_call_is_a_failure_or_a_crash_and_the_last_of_the_worker() {
    let check = |call: &str, outcome: u32, exit_code: Option<i32>, part: &str| {
        with_worker(json!({"limits": {"output_bytes": 100_000}}), |worker| {
            worker.call(call).check(outcome, exit_code, part);
            check_unusable(worker);
        });
    };
    check("exit 3", outcome::FAILED, Some(3), "exited with code 3");
    check("exit 0", outcome::FAILED, Some(0), "exited with code 0");
    check("kill", outcome::CRASHED, None, "SIGSEGV");
    check("raw hello", outcome::BAD_PROTOCOL, None, "unknown type `h`");
    check("raw H\0\0\0\0\0\0\0\0", outcome::BAD_PROTOCOL, None, "of the type `H`");
    check("raw T\u{7f}\0\0\0\0\0\0\0", outcome::BAD_PROTOCOL, None, "a header of");
    check("answer T [] x", outcome::BAD_PROTOCOL, None, "no JSON object");
    check("close", outcome::BAD_PROTOCOL, None, "closed descriptor 4");
    check("zeros 100001", outcome::FAILED, None, "`limits.output`, 100000 bytes");
    check("endless", outcome::FAILED, None, "`limits.output`, 100000 bytes");
}

#[test]
fn a_worker_that_ends_between_two_calls_begins_no_other() {
    with_worker(json!({}), |worker| {
        let id = worker.id();
        assert_eq!(worker.call("answer-and-exit").text(), "last");
        eventually("it has ended", || !lives(id));
        check_unusable(worker);
    });
}

#[test]
fn a_deadline_kills_the_worker_and_its_children() {
    with_worker(json!({"timeout_ms": 1000}), |worker| {
        let child: i32 = worker.call("child").text().parse().unwrap();
        let begun = Instant::now();
        let answer = worker.invoke(&Call::new("sleep 1000").within(Duration::from_millis(300)));
        answer.unwrap().check(outcome::TIMED_OUT, None, "`timeout` is 1000 ms");
        assert!((250..2000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
        eventually("the child is killed too", || !lives(child));
        check_unusable(worker);
    });
}

#[test]
fn a_stream_that_nobody_reads_is_killed_at_its_deadline() {
    with_worker(json!({"response": "stream", "limits": {"output_bytes": null}}), |worker| {
        let id = worker.id();
        support::block_on(async {
            let call = Call::new("endless").within(Duration::from_millis(300));
            let mut reply = worker.start(&call).await.into_result().unwrap();
            eventually("it is killed", || !lives(id));
            support::whole(&mut reply).await.unwrap();
            assert_eq!(reply.end.outcome, outcome::TIMED_OUT);
        });
    });
}

#[test]
fn a_call_that_is_given_up_kills_its_worker() {
    with_worker(json!({}), |worker| {
        let id = worker.id();
        support::block_on(async {
            let call = Call::new("sleep 1000");
            let mut future = Box::pin(worker.start(&call));
            let polled = std::future::poll_fn(|context| {
                std::task::Poll::Ready(future.as_mut().poll(context).is_pending())
            });
            assert!(polled.await);
        });
        eventually("it is killed", || !lives(id));
        check_unusable(worker);
    });
}

#[test]
fn a_handler_that_cannot_be_loaded_is_broken_with_the_reason() {
    let check = |mode: &str, part: &str| {
        let (plugin, deploy) = (Plugin::new(), Deploy::new());
        let function = plugin.prepare(&deploy, deploy.in_mode(mode)).unwrap();
        let error = function.worker().err().unwrap();
        assert_eq!(error.kind, error_kind::BROKEN, "{error:?}");
        assert!(error.message.contains(part), "{error:?}");
    };
    check("broken", "import: No module named 'nope'");
    check("exits", "exited with code 1 before it was ready: a reason of its own");
    check("babbles", "unknown type `Z`");
    check("old", "speaks version 7");
}

#[test]
fn a_folder_that_is_taken_away_meanwhile_is_no_broken_handler() {
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    let function = plugin.prepare(&deploy, deploy.in_mode("exits")).unwrap();
    std::fs::remove_file(deploy.folder().join("lambda.py")).unwrap();
    assert_eq!(function.worker().err().unwrap().kind, error_kind::GONE);
    std::fs::remove_dir(deploy.folder()).unwrap();
    assert_eq!(function.worker().err().unwrap().kind, error_kind::GONE);
}

#[test]
fn what_cannot_be_started_is_told_when_it_is_prepared() {
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    let check = |change: Value, path: &str, part: &str| {
        let error = plugin.prepare(&deploy, change).err().unwrap();
        assert_eq!((error.kind, error.path.as_str()), (error_kind::CONFIG, path));
        assert!(error.message.contains(part), "{error:?}");
    };
    check(json!({"launch": null}), "language", "name its `language`");
    check(json!({"launch": {"command": "/nowhere/python"}}), "command", "does not exist");
    check(json!({"environment": {"A=B": "x"}}), "environment.A=B", "a variable's name");
}

#[test]
fn a_stop_lets_a_worker_finish_and_is_patient_only_for_a_while() {
    for mode in ["", "stubborn"] {
        let (plugin, deploy) = (Plugin::new(), Deploy::new());
        let function = plugin.prepare(&deploy, deploy.in_mode(mode)).unwrap();
        let worker = function.worker().unwrap();
        let id = worker.id();
        let grace =
            if mode.is_empty() { Duration::from_secs(20) } else { Duration::from_millis(50) };
        let begun = Instant::now();
        worker.stop(grace);
        assert!(!lives(id) && begun.elapsed() < Duration::from_secs(10));
    }
}

#[test]
fn a_shutdown_leaves_nobody() {
    let deploy = Deploy::new();
    for (change, grace_ms) in [(json!({}), 20_000), (deploy.in_mode("stubborn"), 50)] {
        let plugin = Plugin::new();
        let function = plugin.prepare(&deploy, change).unwrap();
        let worker = function.worker().unwrap();
        let id = worker.id();
        support::block_on(plugin.shutdown(Duration::from_millis(grace_ms)));
        eventually("it has ended", || !lives(id));
        check_unusable(&worker);
        assert_eq!(function.worker().err().unwrap().kind, error_kind::UNAVAILABLE);
    }
}
