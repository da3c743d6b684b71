//! Limits and least privilege, also of workers that are forked.
#![allow(clippy::unwrap_used, reason = "tests may")]

mod support;

use plugin_api::abi::{AbiError, outcome};
use plugin_api::serde_json::{Value, json};
use support::{Deploy, Function, Plugin, Worker, eventually};

/// With a worker of its own, then with one that a template forked.
fn for_both(change: &Value, test: impl Fn(&Worker<'_>, &Function<'_>, &Deploy)) {
    for template in [false, true] {
        let (plugin, deploy) = (Plugin::new(), Deploy::new());
        let mut whole = if template { deploy.with_template("") } else { json!({}) };
        for (key, value) in change.as_object().unwrap() {
            whole[key] = value.clone();
        }
        let function = plugin.prepare(&deploy, whole).unwrap();
        let own = std::process::id().to_string();
        let mut worker = function.worker().unwrap();
        eventually("it is of the kind that is wanted", || {
            let wanted = (worker.call("parent").text() != own) == template;
            if !wanted {
                worker = function.worker().unwrap();
            }
            wanted
        });
        test(&worker, &function, &deploy);
    }
}

fn has_warning(function: &Function<'_>, part: &str) -> bool {
    function.prepared.warning.contains(part)
}

#[test]
fn a_worker_reads_its_function_its_launcher_and_what_is_allowed() {
    let change = json!({"allow": {"read": [], "write": [], "net": false, "exec": false}});
    for_both(&change, |worker, function, deploy| {
        if has_warning(function, "Landlock") {
            return;
        }
        let secret = deploy.path().join("secret");
        std::fs::write(&secret, "secret").unwrap();
        let read = |path: &std::path::Path| worker.call(&format!("read {}", path.display()));
        assert_eq!(read(&deploy.folder().join("lambda.py")).text(), "the handler");
        read(&deploy.path().join("launcher/launcher.py")).check(outcome::SUCCEEDED, None, "");
        read(&secret).check(outcome::FAILED, None, "Permission denied");
    });
}

#[test]
fn a_worker_is_in_a_cgroup_of_its_own_which_goes_with_it() {
    let change = json!({"limits": {"processes": 50, "memory_bytes": 500_000_000}});
    for_both(&change, |worker, function, _| {
        if !function.prepared.warning.is_empty() {
            return;
        }
        let groups = worker.call("read /proc/self/cgroup").text();
        let own = groups.lines().find(|line| line.contains("/shortedfaas-")).unwrap();
        let (_, path) = own.rsplit_once(':').unwrap();
        let place = |root: &str| std::path::PathBuf::from(format!("{root}{path}"));
        let places = ["/sys/fs/cgroup", "/sys/fs/cgroup/pids"].map(place);
        assert!(places.iter().any(|place| place.exists()), "{groups}");
        worker.call("exit 0");
        eventually("it is removed", || !places.iter().any(|place| place.exists()));
    });
}

#[test]
fn open_files_are_bounded() {
    for_both(&json!({"limits": {"open_files": 64}}), |worker, _, _| {
        let limits = worker.call("read /proc/self/limits").text();
        let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
        assert_eq!(line.split_whitespace().nth(3), Some("64"), "{line}");
    });
}

#[test]
fn a_path_of_allow_must_exist() {
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    let change = json!({"allow": {"read": ["/usr", "/nowhere"], "write": []}});
    let error: AbiError = plugin.prepare(&deploy, change).err().unwrap();
    assert_eq!(error.path.as_str(), "allow.read[1]");
}
