//! Futures of plugins: reactors, threads, cancellation. Pitfalls 12, 13, 14 and 16.

use crate::support::processes::expect_gone;
use crate::support::{Connection, Host, Setup, eventually, until};

const THREADS: &str = "[server]\nthreads = 2\n";

/// Pitfall 12: tokio of the plugin's own works inside its futures, wherever they are polled.
#[test]
fn processes_timers_and_sockets_work_in_a_plugin() {
    for executor in ["host", "own"] {
        let host = Setup::new().with_probe(&format!("executor = \"{executor}\""), "").start();
        for _ in 0..5 {
            host.post("/f/probe/io", "").expect(200, "process timer socket");
        }
    }
}

/// Pitfall 13, without a clock: both calls block every thread that the host has, if they are polled there.
#[test]
fn a_plugin_that_blocks_on_threads_of_its_own_stops_nobody() {
    let host = Setup::new().with_probe("executor = \"own\"", THREADS).start();
    let go = host.path("go");
    let path = format!("/f/probe/block?{}", go.display());
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..2).map(|_| scope.spawn(|| host.post(&path, ""))).collect();
        until("both block", || {
            host.record().iter().filter(|line| *line == "blocking").count() == 2
        });
        for _ in 0..10 {
            host.get("/healthz").expect_status(200);
            host.get("/list").expect_status(200);
        }
        std::fs::write(&go, "").unwrap();
        for call in calls {
            call.join().unwrap().expect(200, "unblocked");
        }
    });
}

/// Pitfall 13: on the host's threads it is at least noticed.
#[test]
fn a_poll_that_takes_long_is_in_the_log() {
    let host = Setup::new().with_probe("", "").start();
    host.post("/f/probe/sleep-in-poll", "").expect(200, "slept");
    until("the log warns", || {
        host.log_lines_with("slow plugin").iter().any(|line| line.contains("probe"))
    });
}

fn start_call(host: &Host, action: &str) -> Connection {
    let mut connection = host.connect();
    let request =
        format!("POST /f/probe/{action} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    connection.write(request).unwrap();
    connection
}

/// Pitfall 14: a client that hangs up is a cancellation, down to the plugin's child process.
#[test]
fn a_cancelled_call_stops_what_it_started() {
    for executor in ["host", "own"] {
        let host = Setup::new().with_probe(&format!("executor = \"{executor}\""), "").start();
        let connection = start_call(&host, "child");
        let pid: u32 = eventually("the child is there", || {
            let record = host.record();
            record.iter().find_map(|line| line.strip_prefix("child ")?.parse().ok())
        });
        drop(connection);
        host.recorded("cancelled");
        expect_gone(pid);
        until("it is recorded as cancelled", || {
            host.invocations_of("probe").first().is_some_and(|one| one["outcome"] == "cancelled")
        });
        host.serves_version(1);
    }
}

/// A runner that forgets its deadline is reminded by the host.
#[test]
fn a_call_that_never_ends_is_given_up_after_its_deadline() {
    let probe = crate::support::probe::probed().with("timeout", "200ms".into());
    let host = Setup::new().with_probe("", "").function("hangs", &probe).start();
    let answer = host.post("/f/hangs/hang", "");
    answer.expect_problem(504, "function");
    host.recorded("gave up");
    assert_eq!(host.history_of(&answer)["outcome"], "timed_out");
}

/// Pitfall 16: the probe's allocator ends the process when it is given a block of another one.
#[test]
fn blocks_go_back_to_the_allocator_that_made_them() {
    let host = Setup::new().with_probe("", "").start();
    for length in [0, 1, 100, 64 * 1024, 5_000_000] {
        let body = vec![b'x'; length];
        let answer = host.post("/f/probe/echo", &body);
        answer.expect_status(200);
        assert!(answer.body == body, "{length} bytes came back as {}", answer.body.len());
    }
    for action in
        ["headers", "config", "fail", "error", "panic", "stream?20", "log", "io", "threads"]
    {
        let answer = host.request("POST", &format!("/f/probe/{action}")).header("X-A", "b").send();
        assert!(answer.status >= 200, "{action}");
    }
    host.serves_version(1);
}

/// Threads that a plugin starts and ends: their thread-locals are dropped in a library that is still there.
#[test]
fn threads_of_a_plugin_may_come_and_go() {
    let host = Setup::new().with_probe("", "").start();
    for _ in 0..20 {
        host.post("/f/probe/threads", "").expect(200, "8");
    }
}
