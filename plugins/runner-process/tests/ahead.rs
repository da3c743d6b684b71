//! Calls that are handed to a worker which is at another one.
#![allow(clippy::unwrap_used, reason = "tests may")]

mod support;

use plugin_api::abi::{AbiError, error_kind, outcome};
use plugin_api::serde_json::json;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use support::request::Call;
use support::{Answer, Deploy, Plugin, Worker, block_on, eventually};

type Pending<'a> = Pin<Box<dyn Future<Output = Result<Answer, AbiError>> + 'a>>;

struct Gate(PathBuf);

impl Gate {
    fn call(&self) -> Call {
        Call::new(format!("wait {}", self.0.display()))
    }

    fn open(&self) {
        std::fs::write(&self.0, "").unwrap();
    }
}

fn with_worker<F: AsyncFnOnce(&Worker<'_>, Gate)>(test: F) {
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    let function = plugin.prepare(&deploy, json!({})).unwrap();
    assert!(function.prepared.extra.iter().any(|pair| pair.0 == "ahead" && pair.1 == "3"));
    let worker = function.worker().unwrap();
    // What was printed while loading is nobody's who comes later.
    worker.call("echo x");
    block_on(test(&worker, Gate(deploy.path().join("gate"))));
}

/// Begins a call: its frame is written, if it is its turn.
async fn begun<'a>(worker: &'a Worker<'_>, call: &'a Call) -> Pending<'a> {
    let mut pending: Pending<'a> = Box::pin(worker.answer(call));
    poll_once(&mut pending).await;
    pending
}

async fn poll_once(pending: &mut Pending<'_>) {
    let polled = std::future::poll_fn(|context| Poll::Ready(pending.as_mut().poll(context)));
    assert!(polled.await.is_pending());
}

#[test]
fn answers_come_in_order_to_whoever_asked() {
    with_worker(async |worker, gate| {
        let calls = [gate.call(), Call::new("echo 1"), Call::new("echo 2"), Call::new("echo 3")];
        let mut pending = Vec::new();
        for call in &calls {
            pending.push(begun(worker, call).await);
        }
        gate.open();
        // The last one alone is polled: it reads for all, and they are woken.
        let last = pending.pop().unwrap().await.unwrap();
        assert_eq!(last.text(), "3");
        let mut texts = Vec::new();
        for pending in pending {
            texts.push(pending.await.unwrap().text());
        }
        assert_eq!(texts, ["waited", "1", "2"]);
    });
}

#[test]
fn all_are_woken_when_they_wait_together() {
    with_worker(async |worker, gate| {
        let (first, second, third) = (gate.call(), Call::new("echo 1"), Call::new("raise 2"));
        let calls = futures_util::future::join4(
            worker.answer(&first),
            worker.answer(&second),
            worker.answer(&third),
            async { gate.open() },
        );
        let (first, second, third, ()) = calls.await;
        assert_eq!(
            (first.unwrap().text().as_str(), second.unwrap().text().as_str()),
            ("waited", "1")
        );
        third.unwrap().check(outcome::FAILED, None, "ValueError: 2");
    });
}

#[test]
fn when_the_worker_dies_only_the_first_has_failed() {
    for (call, expected) in
        [("exit 7", outcome::FAILED), ("kill", outcome::CRASHED), ("raw ?", outcome::BAD_PROTOCOL)]
    {
        with_worker(async |worker, _gate| {
            let calls = [Call::new(call), Call::new("echo 1"), Call::new("echo 2")];
            let [first, second, third] = calls.each_ref().map(|call| worker.answer(call));
            let (first, second, third) = futures_util::future::join3(first, second, third).await;
            let ends = [first, second, third]
                .map(|end| end.map(|answer| answer.end.outcome).map_err(|error| error.kind));
            assert_eq!(
                ends,
                [Ok(expected), Err(error_kind::UNSTARTED), Err(error_kind::UNSTARTED)]
            );
        });
    }
}

#[test]
fn a_waiting_call_that_is_given_up_disturbs_nobody() {
    with_worker(async |worker, gate| {
        let touched = gate.0.with_extension("touched");
        let touch = format!("touch {}", touched.display());
        let calls = [gate.call(), Call::new(touch), Call::new("echo 2")];
        let first = begun(worker, &calls[0]).await;
        let second = begun(worker, &calls[1]).await;
        let third = begun(worker, &calls[2]).await;
        drop(second);
        gate.open();
        assert_eq!(third.await.unwrap().text(), "2");
        assert_eq!(first.await.unwrap().text(), "waited");
        assert!(touched.exists());
        assert_eq!(worker.answer(&Call::new("echo on")).await.unwrap().text(), "on");
    });
}

#[test]
fn a_running_call_that_is_given_up_gives_the_others_back() {
    with_worker(async |worker, gate| {
        let calls = [gate.call(), Call::new("echo 1")];
        let first = begun(worker, &calls[0]).await;
        let second = begun(worker, &calls[1]).await;
        drop(first);
        assert_eq!(second.await.unwrap_err().kind, error_kind::UNSTARTED);
    });
}

#[test]
fn a_deadline_ends_the_first_and_gives_the_others_back() {
    with_worker(async |worker, gate| {
        let calls = [gate.call().within(Duration::from_millis(200)), Call::new("echo 1")];
        let first = begun(worker, &calls[0]).await;
        let second = begun(worker, &calls[1]).await;
        assert_eq!(first.await.unwrap().end.outcome, outcome::TIMED_OUT);
        assert_eq!(second.await.unwrap_err().kind, error_kind::UNSTARTED);
    });
}

#[test]
fn a_waiting_call_that_is_late_does_not_end_the_first() {
    with_worker(async |worker, gate| {
        let calls = [
            gate.call(),
            Call::new("echo 1").within(Duration::from_millis(100)),
            Call::new("echo 2"),
        ];
        let first = begun(worker, &calls[0]).await;
        let second = begun(worker, &calls[1]).await;
        let third = begun(worker, &calls[2]).await;
        assert_eq!(second.await.unwrap().end.outcome, outcome::TIMED_OUT);
        gate.open();
        assert_eq!(first.await.unwrap().text(), "waited");
        assert_eq!(third.await.unwrap().text(), "2");
    });
}

#[test]
fn a_function_that_prints_is_not_called_ahead() {
    with_worker(async |worker, gate| {
        worker.answer(&Call::new("print x")).await.unwrap();
        let touched = gate.0.with_extension("touched");
        let touch = Call::new(format!("touch {}", touched.display()));
        let calls = [gate.call(), touch, Call::new("print mine")];
        let mut first = begun(worker, &calls[0]).await;
        let second = begun(worker, &calls[1]).await;
        let third = begun(worker, &calls[2]).await;
        poll_once(&mut first).await;
        drop(second);
        gate.open();
        let (first, third) = futures_util::future::join(first, third).await;
        assert_eq!((first.unwrap().log.as_str(), third.unwrap().log.as_str()), ("", "mineerr"));
        // It had not been written: the worker never saw it.
        assert!(!touched.exists());
    });
}

#[test]
fn a_stop_lets_a_call_end_and_gives_back_what_has_not_begun() {
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    let function = plugin.prepare(&deploy, json!({})).unwrap();
    let worker = function.worker().unwrap();
    let gate = Gate(deploy.path().join("gate"));
    block_on(async {
        // It prints: the second one is not written ahead.
        worker.answer(&Call::new("print x")).await.unwrap();
        let calls = [gate.call(), Call::new("echo 1")];
        let first = begun(&worker, &calls[0]).await;
        let second = begun(&worker, &calls[1]).await;
        let mut stopping = Box::pin(worker.stopping(Duration::from_secs(20)));
        let polled = std::future::poll_fn(|context| Poll::Ready(stopping.as_mut().poll(context)));
        assert!(polled.await.is_pending());
        gate.open();
        let (first, second, ()) = futures_util::future::join3(first, second, stopping).await;
        assert_eq!(first.unwrap().text(), "waited");
        assert_eq!(second.unwrap_err().kind, error_kind::UNSTARTED);
    });
    std::mem::forget(worker);
}

#[test]
fn threads_may_share_a_worker() {
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    let function = plugin.prepare(&deploy, json!({})).unwrap();
    let worker = function.worker().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let worker = &worker;
            scope.spawn(move || {
                for number in 0..200 {
                    let text = format!("{thread}-{number}");
                    assert_eq!(worker.call(&format!("echo {text}")).text(), text);
                }
            });
        }
    });
    eventually("all is told", || worker.call("echo end").text() == "end");
}
