//! Many calls, finished and given up, leave nothing behind. Alone in its process: it counts what the process holds.
#![allow(clippy::unwrap_used, reason = "tests may")]

mod support;

use plugin_api::abi::outcome;
use std::task::Poll;
use support::request::Call;
use support::{Deploy, Plugin, eventually};

const ROUNDS: usize = 100;

#[test]
fn no_descriptor_and_no_process_is_left_after_many_calls() {
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    deploy.script("short", "cat");
    deploy.script("slow", "sleep 0.02; cat");
    deploy.script("endless", "while :; do sleep 0.01; done");
    let prepare = |name| plugin.prepare(&deploy, name, r#"{"command": "run"}"#).unwrap();
    let (short, slow, endless) = (prepare("short"), prepare("slow"), prepare("endless"));
    // What is made once, threads and keeper, is made now.
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| slow.call("x").check(outcome::SUCCEEDED, Some(0), ""));
        }
    });
    let descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let children = || {
        let own = std::fs::read_dir("/proc/self/task").unwrap().map(|task| {
            std::fs::read_to_string(task.unwrap().path().join("children")).unwrap_or_default()
        });
        own.collect::<String>().split_whitespace().count()
    };
    let before = (descriptors(), children());
    for round in 0..ROUNDS {
        let size = if round.is_multiple_of(10) { 300_000 } else { 100 };
        let body = vec![b'x'; size];
        assert_eq!(short.invoke(&Call::new(body.clone())).unwrap().body.len(), size);
        if round.is_multiple_of(10) {
            assert_eq!(slow.invoke(&Call::new(body)).unwrap().body.len(), size);
        }
        give_up(&endless, round);
    }
    eventually("nothing is left", || {
        let now = (descriptors(), children());
        now.0 <= before.0 && now.1 <= before.1
    });
}

/// Polls so often before the call is dropped that it is met in every state.
fn give_up(function: &support::Function<'_>, polls: usize) {
    let call = Call::new(vec![b'x'; 200_000]);
    support::block_on(async {
        let mut future = Box::pin(function.start(&call));
        let mut rest = polls;
        std::future::poll_fn(|context| {
            assert!(future.as_mut().poll(context).is_pending());
            context.waker().wake_by_ref();
            rest = rest.saturating_sub(1);
            std::thread::yield_now();
            if rest == 0 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    });
}
