//! Plugins that are replaced while they serve. Pitfalls 4, 5, 6, 7 and 8.

use crate::support::fixtures::PROBE;
use crate::support::load::Load;
use crate::support::patience::settled;
use crate::support::processes::status_of;
use crate::support::{Setup, until};

/// Pitfall 4: `cp` over a library that is loaded would end the process, if it were the file that is loaded.
#[test]
fn a_library_may_be_overwritten_in_place() {
    let host = Setup::new().with_probe("", "").start();
    host.serves_version(1);
    let load = Load::start(&host, 2, "/f/probe/version", |text| text == "1" || text == "2");
    PROBE.clone().version(2).overwrite(&host.library_file());
    let before = load.succeeded();
    until("a thousand calls go by", || load.succeeded() > before + 1_000 || load.has_failed());
    host.serves_version(2);
    assert_eq!(load.stop(), Vec::<String>::new());
}

/// Pitfall 5: glibc knows libraries by their path; a new file under the same path is new code all the same.
#[test]
fn a_library_may_be_renamed_over() {
    let host = Setup::new().with_probe("", "").start();
    host.serves_version(1);
    PROBE.clone().version(2).write(&host.library_file());
    host.serves_version(2);
    host.recorded("destroyed 1");
    assert_eq!(host.record(), ["created 1", "created 2", "destroyed 1"]);
}

/// Pitfall 6: going back to an old file is going back to its code.
#[test]
fn versions_may_go_to_and_fro() {
    let host = Setup::new().with_probe("", "").start();
    for round in 0..20 {
        let number = 1 + round % 2;
        PROBE.clone().version(number).write(&host.library_file());
        host.serves_version(number);
    }
}

/// Pitfalls 7 and 8: a hundred versions, calls from threads that end, and not one thread more than before.
#[test]
fn a_hundred_versions_leave_no_thread_behind() {
    let host = Setup::new().with_probe("", "[server]\nthreads = 2\n").start();
    host.serves_version(1);
    host.post("/f/probe/io", "").expect_status(200);
    let threads = || status_of(host.pid(), "Threads");
    PROBE.clone().version(2).write(&host.library_file());
    host.serves_version(2);
    host.post("/f/probe/io", "").expect_status(200);
    let before = settled("the number of threads", threads);
    for number in 3..103 {
        PROBE.clone().version(number).write(&host.library_file());
        host.serves_version(number);
        host.post("/f/probe/threads", "").expect(200, "8");
        host.post("/f/probe/io", "").expect(200, "process timer socket");
    }
    until("no thread is left of the old versions", || threads() <= before + 2);
    until("all old versions are destroyed", || {
        host.record().iter().filter(|line| line.starts_with("destroyed")).count() == 101
    });
    host.get("/metrics").expect_status(200);
}

#[test]
fn calls_that_run_finish_on_the_version_they_began_with() {
    let host = Setup::new().with_probe("executor = \"own\"", "").start();
    let go = host.path("go");
    let path = format!("/f/probe/block?{}", go.display());
    std::thread::scope(|scope| {
        let call = scope.spawn(|| host.post(&path, ""));
        host.recorded("blocking");
        PROBE.clone().version(2).write(&host.library_file());
        host.serves_version(2);
        assert!(!host.record().contains(&"destroyed 1".to_owned()), "it still has a call");
        std::fs::write(&go, "").unwrap();
        call.join().unwrap().expect(200, "unblocked");
    });
    host.recorded("destroyed 1");
}

#[test]
fn replacing_a_plugin_under_load_fails_no_call() {
    let host = Setup::new().with_probe("", "").start();
    host.serves_version(1);
    let load = Load::start(&host, 3, "/f/probe/version", |text| text.parse::<u32>().is_ok());
    for number in 2..22 {
        PROBE.clone().version(number).write(&host.library_file());
        host.serves_version(number);
    }
    let failures = load.stop();
    assert_eq!(failures, Vec::<String>::new());
}

#[test]
fn a_bad_new_file_is_reported_shortly_and_the_old_one_serves() {
    let host = Setup::new().with_probe("", "").start();
    host.serves_version(1);
    let before = host.log().lines().count();
    PROBE.clone().for_aarch64().write(&host.library_file());
    until("the log says why", || !host.log_lines_with("aarch64").is_empty());
    host.serves_version(1);
    let said = host.log_lines_with("libprobe.so");
    assert!(host.log().lines().count() - before < 5, "{said:?}");
    assert!(said.iter().any(|line| line.contains("aarch64")), "{said:?}");
    // A library that is taken away is no reason to stop either.
    std::fs::remove_file(host.library_file()).unwrap();
    host.serves_version(1);
    PROBE.clone().version(5).write(&host.library_file());
    host.serves_version(5);
}
