//! Clients that go, and clients that stay too long.

use crate::support::processes::{expect_gone, open_files_of, pids_in};
use crate::support::{Setup, cat, shell, until};

#[test]
fn a_client_that_hangs_up_ends_its_program_and_the_programs_children() {
    let script = "sleep 1000 & echo $! >> pids; echo $$ >> pids; wait";
    let host = Setup::new().function("long", &shell(script)).function("cat", &cat()).start();
    let mut connection = host.connect();
    connection.write("POST /f/long HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").unwrap();
    let pids = pids_in(&host.setup().deploy_folder().join("long/pids"), 2);
    drop(connection);
    for pid in pids {
        expect_gone(pid);
    }
    until("it is recorded as cancelled", || {
        host.invocations_of("long").first().is_some_and(|one| one["outcome"] == "cancelled")
    });
    host.post("/f/cat", "on").expect(200, "on");
}

#[test]
fn a_hundred_clients_that_hang_up_leave_nothing_behind() {
    let script = "echo $$ >> pids; exec sleep 1000";
    let concurrency = serde_json::json!(200);
    let host = Setup::new()
        .function("long", &shell(script).with("concurrency", concurrency))
        .function("cat", &cat())
        .start();
    host.post("/f/cat", "warm").expect(200, "warm");
    let before = open_files_of(host.pid());
    let connections: Vec<_> = (0..100)
        .map(|_| {
            let mut connection = host.connect();
            let request = "POST /f/long HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
            connection.write(request).unwrap();
            connection
        })
        .collect();
    let pids = pids_in(&host.setup().deploy_folder().join("long/pids"), 100);
    drop(connections);
    for pid in pids {
        expect_gone(pid);
    }
    until("all descriptors are closed", || open_files_of(host.pid()) <= before + 8);
    until("no worker is counted as busy", || {
        host.listed("long").is_some_and(|long| long["workers"]["busy"] == 0)
    });
}

#[test]
fn a_client_that_hangs_up_in_the_middle_of_a_stream_ends_the_program() {
    let script = "echo $$ >> pids; exec yes";
    let limits = serde_json::json!({"output": "10GiB"});
    let stream = shell(script).with("response", "stream".into()).with("limits", limits);
    let host = Setup::new().function("yes", &stream).start();
    let mut connection = host.connect();
    connection.write("POST /f/yes HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").unwrap();
    connection.read_head().unwrap().expect_status(200);
    assert!(connection.read_chunk().unwrap().is_some());
    let pids = pids_in(&host.setup().deploy_folder().join("yes/pids"), 1);
    drop(connection);
    expect_gone(pids[0]);
    until("it is recorded", || {
        host.invocations_of("yes").first().is_some_and(|one| one["outcome"] == "cancelled")
    });
}

#[test]
fn a_slow_reader_of_a_stream_costs_no_memory() {
    let limits = serde_json::json!({"output": "10GiB"});
    let stream = shell("exec yes").with("response", "stream".into()).with("limits", limits);
    let host = Setup::new().function("yes", &stream).start();
    let rss_kib = || crate::support::processes::status_of(host.pid(), "VmRSS");
    let before = rss_kib();
    let mut connection = host.connect();
    connection.write("POST /f/yes HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").unwrap();
    connection.read_head().unwrap().expect_status(200);
    let after = crate::support::patience::settled("memory stays as it is", rss_kib);
    assert!(after < before + 64 * 1024, "{before} KiB became {after} KiB");
}

#[test]
fn an_idle_connection_is_closed_after_its_time() {
    let host = Setup::new()
        .config("[server]\nidle_timeout = \"1s\"\n[runners.executable]\n")
        .function("cat", &cat())
        .start();
    let mut connection = host.connect();
    connection.exchange("POST", "/f/cat", b"x").unwrap().expect(200, "x");
    assert!(connection.is_at_end(), "the host closes it");
    // A head that never ends is no request in the making for ever.
    let mut connection = host.connect();
    connection.write("POST /f/cat HTTP/1.1\r\nHost: x\r\n").unwrap();
    while !connection.is_at_end() {
        connection.read_head().ok();
    }
}

#[test]
fn a_program_that_ignores_its_input_or_closes_its_output_early_answers_all_the_same() {
    let host = Setup::new()
        .function("ignores", &shell("echo ignored"))
        .function("closes", &shell("echo early; exec >&-; exec <&-; sleep 0.1"))
        .function("fails", &shell("exec >&-; exec <&-; sleep 0.1; exit 4"))
        .start();
    let body = vec![b'x'; 3_000_000];
    host.post("/f/ignores", &body).expect(200, "ignored\n");
    host.post("/f/closes", &body).expect(200, "early\n");
    host.post("/f/fails", &body).expect(500, "");
}

#[test]
fn a_head_that_never_comes_whole_is_closed_after_the_idle_time() {
    let host = Setup::new().config_with("[server]\nidle_timeout = \"1s\"\n").start();
    let mut connection = host.connect();
    connection.write("POST /f/cat HTTP/1.1\r\nHos").unwrap();
    until("the host has closed it", || connection.is_at_end());
}

#[test]
fn a_stream_that_nobody_reads_ends_at_its_deadline() {
    let endless = shell("exec yes")
        .with("response", serde_json::json!("stream"))
        .with("timeout", serde_json::json!("1s"))
        .with("limits", serde_json::json!({"output": "9GB"}));
    let host = Setup::new().function("endless", &endless).start();
    let mut connection = host.connect();
    connection.write("POST /f/endless HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").unwrap();
    until("it is recorded as timed out", || {
        host.invocations_of("endless").first().is_some_and(|one| one["outcome"] == "timed_out")
    });
    assert_eq!(host.listed("endless").unwrap()["workers"]["busy"], 0);
    drop(connection);
}
