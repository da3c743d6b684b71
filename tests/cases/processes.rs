//! Programs that misbehave: what they leave behind is cleared away, and the answer leaves when they end.

use crate::support::load::Load;
use crate::support::processes::{
    children_of, expect_gone, is_gone, open_files_of, pids_in, status_of,
};
use crate::support::{Host, Setup, cat, shell, until};
use serde_json::json;

fn pids(host: &Host, function: &str, count: usize) -> Vec<u32> {
    pids_in(&host.setup().deploy_folder().join(function).join("pids"), count)
}

#[test]
fn the_answer_leaves_when_the_program_exits_whoever_holds_its_output() {
    // The grandchild keeps stdout and stderr open; without care the answer would wait for it.
    let script = "sleep 1000 & echo $! >> pids; echo answer";
    let host = Setup::new().function("f", &shell(script)).start();
    let answer = host.post("/f/f", "");
    answer.expect(200, "answer\n");
    expect_gone(pids(&host, "f", 1)[0]);
    assert_eq!(host.history_of(&answer)["outcome"], "succeeded");
}

#[test]
fn the_same_holds_for_a_stream() {
    let script = "sleep 1000 & echo $! >> pids; echo answer";
    let host = Setup::new().function("f", &shell(script).with("response", json!("stream"))).start();
    host.post("/f/f", "").expect(200, "answer\n");
    expect_gone(pids(&host, "f", 1)[0]);
}

#[test]
fn a_program_that_starts_many_others_leaves_none() {
    let script = "for i in 1 2 3 4 5 6 7 8 9 10; do (sleep 1000 & echo $! >> pids; wait) & done; \
        while [ \"$(wc -l < pids)\" -lt 10 ]; do sleep 0.01; done; exit 0";
    let host = Setup::new().function("many", &shell(&format!(": > pids; {script}"))).start();
    host.post("/f/many", "").expect(200, "");
    for pid in pids(&host, "many", 10) {
        expect_gone(pid);
    }
}

#[test]
fn programs_do_not_hold_what_the_host_holds() {
    let script = "ls -l /proc/self/fd | grep -c socket: || true";
    let host = Setup::new().function("fds", &shell(script)).start();
    let open: Vec<_> = (0..10).map(|_| host.connect()).collect();
    let answers: Vec<String> = (0..5).map(|_| host.post("/f/fds", "").text()).collect();
    assert_eq!(answers, ["0\n"; 5]);
    drop(open);
}

#[test]
fn limits_of_the_manifest_hold_inside_the_program() {
    let limits = json!({"open_files": 64});
    let host = Setup::new()
        .function("ulimit", &shell("ulimit -n; ulimit -c").with("limits", limits))
        .start();
    host.post("/f/ulimit", "").expect(200, "64\n0\n");
}

#[test]
fn memory_over_the_limit_fails_the_call_alone() {
    let script = "head -c 200000000 /dev/zero | tail -c 200000000 | wc -c";
    let limits = json!({"memory": "32MiB"});
    let host = Setup::new()
        .function("greedy", &shell(script).with("limits", limits))
        .function("cat", &cat())
        .start();
    let listed = host.listed("greedy").unwrap();
    if listed["warning"].is_string() {
        return; // This machine cannot hold a process to its memory, and says so.
    }
    let answer = host.post("/f/greedy", "");
    // A pipeline's status is that of its last command: the program may live on without the killed part.
    assert!(answer.text() != "200000000\n", "{answer:?}");
    host.post("/f/cat", "on").expect(200, "on");
}

#[test]
fn a_hundred_calls_at_once_all_get_their_own_answer() {
    let host = Setup::new().function("cat", &cat().with("concurrency", json!(100))).start();
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..100)
            .map(|number| {
                let host = &host;
                scope.spawn(move || (number.to_string(), host.post("/f/cat", number.to_string())))
            })
            .collect();
        for call in calls {
            let (body, answer) = call.join().unwrap();
            answer.expect(200, &body);
        }
    });
}

#[test]
fn thousands_of_calls_leave_no_descriptor_no_thread_and_no_zombie() {
    let host = Setup::new()
        .function("cat", &cat())
        .function("fails", &shell("sleep 1000 & exit 1"))
        .start();
    let round = |calls: usize| {
        let load = Load::start(&host, 4, "/f/cat", |text| text == "ping");
        until("calls go by", || {
            host.post("/f/fails", "").expect(500, "");
            load.succeeded() > calls || load.has_failed()
        });
        assert_eq!(load.stop(), Vec::<String>::new());
    };
    let counts = || {
        let children = children_of(host.pid());
        (open_files_of(host.pid()), status_of(host.pid(), "Threads"), children.len())
    };
    round(500);
    until("the connections are closed", || open_files_of(host.pid()) < 60);
    let before = counts();
    round(2_000);
    until(&format!("all is as it was: {before:?}"), || {
        let now = counts();
        now.0 <= before.0 + 4 && now.1 <= before.1 + 2 && now.2 <= before.2
    });
    assert!(children_of(host.pid()).into_iter().all(|child| !is_gone(child)), "a zombie is left");
}

#[test]
fn without_descriptors_calls_fail_and_later_ones_do_not() {
    let host = Setup::new()
        .function("hold", &shell("echo $$ >> pids; exec sleep 1000").with("concurrency", json!(60)))
        .function("cat", &cat())
        .open_files(96)
        .start();
    host.post("/f/cat", "x").expect(200, "x");
    let hold = || {
        let mut connection = crate::support::Connection::open(host.address).ok()?;
        let request = "POST /f/hold HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
        connection.write(request).ok()?;
        Some(connection)
    };
    // One surely runs before the descriptors are all taken; which of the others come so far is up to chance.
    let first = hold();
    crate::support::processes::pids_in(&host.setup().deploy_folder().join("hold/pids"), 1);
    let connections: Vec<_> = first.into_iter().chain((1..50).filter_map(|_| hold())).collect();
    assert!(
        connections.len() >= 40,
        "the kernel takes connections even when the host has no descriptor for them"
    );
    drop(connections);
    until("it serves again", || {
        let call = host.request("POST", "/f/cat").body("x");
        call.try_send().is_ok_and(|answer| answer.status == 200 && answer.text() == "x")
    });
    until("the calls that were cut off are recorded", || !host.invocations_of("hold").is_empty());
}
