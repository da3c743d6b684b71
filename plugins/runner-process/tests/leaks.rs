//! Many workers and calls, finished, given up, late and killed, leave nothing behind. Alone in its process: it counts what
//! the process holds.
#![allow(clippy::unwrap_used, reason = "tests may")]

mod support;

use plugin_api::serde_json::json;
use std::task::Poll;
use std::time::Duration;
use support::request::Call;
use support::{Deploy, Function, Plugin, Worker, block_on, eventually};

const ROUNDS: usize = 8;

#[test]
fn no_descriptor_and_no_process_is_left_after_many_workers() {
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    let direct = plugin.prepare(&deploy, json!({})).unwrap();
    let streams = plugin.prepare(&deploy, json!({"response": "stream"})).unwrap();
    let forks = plugin.prepare(&deploy, deploy.with_template("")).unwrap();
    // What is made once, threads, keeper and template, is made now.
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| direct.worker().unwrap().call("echo x"));
        }
    });
    eventually("the template is there", || {
        let parent = forks.worker().unwrap().call("parent").text();
        parent != std::process::id().to_string()
    });
    let before = (descriptors(), children());
    for round in 0..ROUNDS {
        for function in [&direct, &streams, &forks] {
            all_ends(function, round);
        }
    }
    eventually("nothing is left", || {
        let now = (descriptors(), children());
        now.0 <= before.0 && now.1 <= before.1
    });
}

fn all_ends(function: &Function<'_>, round: usize) {
    let stopped = function.worker().unwrap();
    stopped.call("echo x");
    stopped.call("child");
    drop(stopped);
    function.worker().unwrap().call("exit 1");
    let late = function.worker().unwrap();
    late.invoke(&Call::new("sleep 1000").within(Duration::from_millis(20))).unwrap();
    give_up(&function.worker().unwrap(), round);
    let unstopped = function.worker().unwrap();
    unstopped.call("chunks 3");
    unstopped.stop(Duration::ZERO);
}

/// Polls so often before the call is dropped that it is met in every state.
fn give_up(worker: &Worker<'_>, polls: usize) {
    let call = Call::new([b"sleep 1000".as_slice(), &vec![b' '; 200_000]].concat());
    block_on(async {
        let mut future = Box::pin(worker.start(&call));
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

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Those of the template too.
fn children() -> usize {
    let of = |id: &str| {
        let tasks = std::fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
        let lists = tasks
            .map(|task| std::fs::read_to_string(task.path().join("children")).unwrap_or_default());
        lists.collect::<String>().split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let own = of("self");
    own.len() + own.iter().map(|child| of(child).len()).sum::<usize>()
}
