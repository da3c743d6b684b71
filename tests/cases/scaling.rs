//! Where the workers of function code come from: cold, warm, hot, scalable; bursts, and who waits.

use crate::support::interpreted::{python, speaking};
use crate::support::load::Load;
use crate::support::{Answer, Folder, Host, until};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Counts its calls, and says in which process.
const COUNTS: &str = "
import os
calls = 0
def lambda_(input, environment):
    global calls
    calls += 1
    return f'{os.getpid()} {calls}'
";

fn scaled(code: &str, scaling: Value) -> Folder {
    python(code).with("scaling", scaling)
}

/// Process and number of a call.
#[track_caller]
fn counted(answer: &Answer) -> (u32, u32) {
    answer.expect_status(200);
    let text = answer.text();
    let (pid, calls) = text.split_once(' ').unwrap();
    (pid.parse().unwrap(), calls.parse().unwrap())
}

/// The answers of so many calls at once.
fn at_once(host: &Host, count: usize, path: &str) -> Vec<Answer> {
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..count).map(|_| scope.spawn(|| host.post(path, ""))).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    })
}

/// Idle, busy and starting workers as `/list` has them.
fn workers(host: &Host, name: &str) -> [u64; 3] {
    let workers = &host.listed(name).unwrap()["workers"];
    ["idle", "busy", "starting"].map(|state| workers[state].as_u64().unwrap())
}

/// A sample of `/metrics`; none where there is no such line.
fn metric(host: &Host, sample: &str) -> Option<u64> {
    let text = host.get("/metrics").text();
    let line = text.lines().find_map(|line| line.strip_prefix(sample));
    line.map(|value| value.trim().parse().unwrap())
}

fn starts(host: &Host, name: &str) -> u64 {
    metric(host, &format!("shortedfaas_worker_starts_total{{function=\"{name}\"}}")).unwrap_or(0)
}

#[test]
fn cold_calls_share_no_state_and_no_process() {
    let cold = json!({"mode": "cold", "max": 4});
    let folder = scaled(COUNTS, cold).with("max_wait", json!("30s"));
    let host = speaking(&["python"]).function("f", &folder).start();
    let answers = at_once(&host, 12, "/f/f");
    let pids: BTreeSet<u32> = answers
        .iter()
        .map(|answer| match counted(answer) {
            (pid, 1) => pid,
            (pid, calls) => panic!("process {pid} had {calls} calls"),
        })
        .collect();
    assert_eq!(pids.len(), 12);
    for answer in &answers {
        let record = host.history_of(answer);
        assert_eq!(record["start"], "cold", "{record}");
        assert!(record["timings_ms"]["start"].as_f64().unwrap() > 0.0, "{record}");
    }
    until("nothing is left", || workers(&host, "f") == [0, 0, 0]);
    assert_eq!(starts(&host, "f"), 12);
}

#[test]
fn warm_calls_find_what_the_ones_before_have_left() {
    let host = speaking(&["python"]).function("f", &python(COUNTS)).start();
    assert_eq!(workers(&host, "f"), [0, 0, 0]);
    let answers: Vec<Answer> = (0..5).map(|_| host.post("/f/f", "")).collect();
    let counted: Vec<(u32, u32)> = answers.iter().map(counted).collect();
    let pid = counted[0].0;
    assert_eq!(counted, (1..=5).map(|calls| (pid, calls)).collect::<Vec<_>>());
    for (answer, start) in answers.iter().zip(["cold", "warm", "warm", "warm", "warm"]) {
        let record = host.history_of(answer);
        let took = record["timings_ms"]["start"].as_f64().unwrap();
        assert_eq!((record["start"].as_str(), took > 0.0), (Some(start), start == "cold"));
    }
    assert_eq!(workers(&host, "f"), [1, 0, 0]);
    assert_eq!(metric(&host, "shortedfaas_workers{function=\"f\",state=\"idle\"}"), Some(1));
}

#[test]
fn an_idle_worker_is_stopped_after_its_time() {
    let warm = json!({"mode": "warm", "idle": "100ms"});
    let host = speaking(&["python"]).function("f", &scaled(COUNTS, warm)).start();
    let (pid, _) = counted(&host.post("/f/f", ""));
    crate::support::processes::expect_gone(pid);
    until("it is not listed", || workers(&host, "f") == [0, 0, 0]);
    assert_ne!(counted(&host.post("/f/f", "")).0, pid);
}

#[test]
fn hot_workers_are_there_before_the_first_call_and_replaced_when_they_die() {
    let hot = json!({"mode": "hot", "min": 2, "max": 2});
    let host = speaking(&["python"]).function("f", &scaled(COUNTS, hot)).start();
    assert_eq!(workers(&host, "f"), [2, 0, 0]);
    let answer = host.post("/f/f", "");
    assert_eq!(host.history_of(&answer)["start"], "warm");
    for _ in 0..5 {
        let (pid, _) = counted(&host.post("/f/f", ""));
        crate::support::processes::kill(pid);
        // Before that, the kernel may hand it a call that it never comes to do.
        crate::support::processes::expect_gone(pid);
        // Whoever finds out that it is dead is given another one.
        for _ in 0..4 {
            counted(&host.post("/f/f", ""));
        }
        until("there are two again", || workers(&host, "f") == [2, 0, 0]);
    }
}

#[test]
fn a_worker_is_replaced_after_its_number_of_invocations() {
    let recycled = json!({"mode": "warm", "max": 1, "recycle_after": 3});
    let host = speaking(&["python"]).function("f", &scaled(COUNTS, recycled)).start();
    let counted: Vec<(u32, u32)> = (0..9).map(|_| counted(&host.post("/f/f", ""))).collect();
    let calls: Vec<u32> = counted.iter().map(|(_, calls)| *calls).collect();
    assert_eq!(calls, [1, 2, 3, 1, 2, 3, 1, 2, 3]);
    let pids: BTreeSet<u32> = counted.iter().map(|(pid, _)| *pid).collect();
    assert_eq!(pids.len(), 3);
    assert_eq!(metric(&host, "shortedfaas_worker_recycles_total{function=\"f\"}"), Some(3));
}

#[test]
fn a_burst_of_short_calls_does_not_start_a_worker_each() {
    let short = "import time\ndef lambda_(i, e): time.sleep(0.001)";
    let scalable = json!({"mode": "scalable", "min": 1, "max": 40});
    let folder = scaled(short, scalable).with("max_wait", json!("30s"));
    let host = speaking(&["python"]).function("f", &folder).start();
    assert_eq!(workers(&host, "f"), [1, 0, 0]);
    for answer in at_once(&host, 100, "/f/f") {
        answer.expect_status(200);
    }
    assert!(starts(&host, "f") <= 12, "{} started", starts(&host, "f"));
    let [idle, busy, starting] = workers(&host, "f");
    assert!(idle + busy + starting <= 12);
}

/// A handler that says that it is there, outside of its folder, and goes on when `condition` holds.
fn waiting(place: &Path, condition: &str) -> String {
    format!(
        "
import os, time
def lambda_(input, environment):
    os.chdir({place:?})
    open(f'here-{{os.getpid()}}', 'w').close()
    while not ({condition}): time.sleep(0.01)
    return 'done'
"
    )
}

#[test]
fn long_calls_run_side_by_side() {
    let setup = speaking(&["python"]);
    let code = waiting(&setup.path("staging"), "len(os.listdir('.')) == 4");
    let host = setup.function("f", &scaled(&code, json!({"mode": "warm", "max": 4}))).start();
    for answer in at_once(&host, 4, "/f/f") {
        answer.expect(200, "done");
    }
    assert_eq!(starts(&host, "f"), 4);
}

#[test]
fn who_finds_all_workers_busy_waits_for_so_long_and_is_told_to_come_again() {
    let setup = speaking(&["python"]);
    let place = setup.path("staging");
    let code = waiting(&place, "os.path.exists('go')");
    let folder = scaled(&code, json!({"mode": "warm", "max": 1})).with("max_wait", json!("300ms"));
    let host = setup.function("f", &folder).start();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| host.post("/f/f", ""));
        until("it is called", || std::fs::read_dir(&place).unwrap().count() > 0);
        let refused = host.post("/f/f", "");
        refused.expect_problem(429, "function");
        assert!(refused.header("retry-after").is_some(), "{refused:?}");
        std::fs::write(place.join("go"), "").unwrap();
        first.join().unwrap().expect(200, "done");
    });
    host.post("/f/f", "").expect(200, "done");
}

#[test]
fn an_exit_is_its_own_calls_failure_alone() {
    let code = "
import os
def lambda_(input, environment):
    if input == 'exit': os._exit(3)
    if input == 'die': os.kill(os.getpid(), 9)
    return input
";
    let host = speaking(&["python"]).function("f", &python(code)).start();
    for _ in 0..10 {
        host.post("/f/f", "exit").expect(500, "");
        host.post("/f/f", "x").expect(200, "x");
        host.post("/f/f", "die").expect_problem(502, "function");
        host.post("/f/f", "y").expect(200, "y");
    }
    assert_eq!(metric(&host, "shortedfaas_worker_crashes_total{function=\"f\"}"), Some(20));
}

#[test]
fn workers_that_die_again_and_again_are_not_replaced_without_a_pause() {
    let dies = "import os\ndef lambda_(i, e): os.kill(os.getpid(), 9)";
    let host = speaking(&["python"])
        .function("dies", &python(dies))
        .function("other", &python(COUNTS))
        .start();
    let mut statuses = Vec::new();
    until("it is broken", || {
        let answer = host.post("/f/dies", "");
        statuses.push(answer.status);
        if answer.status == 503 {
            assert!(answer.header("retry-after").is_some(), "{answer:?}");
        }
        host.listed("dies").unwrap()["state"] == "broken"
    });
    assert_eq!(statuses[0], 502);
    assert!(starts(&host, "dies") <= 8, "{statuses:?}: {} started", starts(&host, "dies"));
    let reason = host.listed("dies").unwrap()["reason"].to_string();
    assert!(reason.contains("times in a row"), "{reason}");
    counted(&host.post("/f/other", ""));
    let file = host.setup().deploy_folder().join("dies/lambda.py");
    std::fs::write(file, "def lambda_(i, e): return 'mended'").unwrap();
    until("it is mended", || host.post("/f/dies", "").text() == "mended");
}

/// A function that answers with its version.
fn version(number: usize, scaling: Value) -> Folder {
    scaled(&format!("def lambda_(input, environment): return f'{{input}}-{number}'"), scaling)
}

#[test]
fn replacements_under_load_fail_no_call() {
    for (mode, replacements) in [("warm", 40), ("hot", 10), ("cold", 10)] {
        let scaling = json!({"mode": mode, "max": 4});
        let first = version(0, scaling.clone()).with("max_wait", json!("30s"));
        let host = speaking(&["python"]).function("f", &first).start();
        let load = Load::start(&host, 3, "/f/f", |text| text.starts_with("ping-"));
        for number in 1..=replacements {
            let next = version(number, scaling.clone()).with("max_wait", json!("30s"));
            host.deploy("f", &next);
            let before = load.succeeded();
            until("calls go by", || load.succeeded() > before + 2 || load.has_failed());
        }
        let newest = format!("ping-{replacements}");
        until("the newest answers", || host.post("/f/f", "ping").text() == newest);
        assert_eq!(load.stop(), Vec::<String>::new(), "{mode}");
    }
}

#[test]
fn a_version_that_cannot_be_loaded_never_replaces_one_that_serves() {
    let warm = json!({"mode": "warm", "max": 2});
    let host = speaking(&["python"]).function("f", &version(0, warm.clone())).start();
    let load = Load::start(&host, 2, "/f/f", |text| text == "ping-0" || text == "ping-2");
    until("calls go by", || load.succeeded() > 2);
    host.deploy("f", &scaled("import no_such_module", warm.clone()));
    until("there is a warning", || {
        let entry = host.listed("f").unwrap();
        entry["state"] == "ready"
            && entry["warning"].as_str().is_some_and(|warning| warning.contains("no_such_module"))
    });
    let before = load.succeeded();
    until("calls go by", || load.succeeded() > before + 20 || load.has_failed());
    host.deploy("f", &version(2, warm));
    until("the next one serves", || host.post("/f/f", "ping").text() == "ping-2");
    assert_eq!(host.listed("f").unwrap()["warning"], Value::Null);
    assert_eq!(load.stop(), Vec::<String>::new());
}

#[test]
fn a_redeploy_hands_over_warm_and_ends_what_is_idle() {
    let host = speaking(&["python"]).function("f", &python(COUNTS)).start();
    let (old, _) = counted(&host.post("/f/f", ""));
    let version = host.listed("f").unwrap()["version"].clone();
    host.deploy("f", &python(&format!("{COUNTS}\n# another one")));
    until("it is taken", || host.listed("f").unwrap()["version"] != version);
    assert_eq!(workers(&host, "f"), [1, 0, 0]);
    let answer = host.post("/f/f", "");
    assert_eq!(counted(&answer).1, 1);
    assert_eq!(host.history_of(&answer)["start"], "warm");
    crate::support::processes::expect_gone(old);
}
