//! Workers that a template forks.
#![allow(clippy::unwrap_used, reason = "tests may")]

mod support;

use plugin_api::abi::{error_kind, outcome};
use std::process::Command;
use std::time::Duration;
use support::request::Call;
use support::{Deploy, Function, Plugin, Worker, eventually, lives};

/// Workers until one is forked; and who its parent is.
fn forked<'a>(function: &'a Function<'a>) -> (Worker<'a>, i32) {
    let mut found = None;
    eventually("a worker is forked", || {
        let worker = function.worker().unwrap();
        let parent: i32 = worker.call("parent").text().parse().unwrap();
        let is_forked = parent != std::process::id().cast_signed();
        found = is_forked.then_some((worker, parent));
        is_forked
    });
    found.unwrap()
}

fn with_forked(test: impl FnOnce(&Worker<'_>, &Function<'_>, i32)) {
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    let function = plugin.prepare(&deploy, deploy.with_template("")).unwrap();
    let (worker, template) = forked(&function);
    test(&worker, &function, template);
}

#[test]
fn a_forked_worker_is_one_like_any_other() {
    with_forked(|worker, function, template| {
        assert_eq!(worker.call("echo x").text(), "x");
        assert_eq!(worker.call("descriptors").text(), "[0, 1, 2, 3, 4, 5]");
        assert_eq!(worker.call("environment").json()["SHORTEDFAAS_FUNCTION"], "f");
        assert_eq!(worker.call("print mine").log, "mineerr");
        let large = vec![b'x'; 1 << 20];
        let answer = worker.invoke(&Call::new([b"echo ".as_slice(), &large].concat())).unwrap();
        assert!(answer.body == large);
        let (other, parent) = forked(function);
        assert_eq!(parent, template);
        let first = other.call("echo x");
        assert_ne!(worker.id(), other.id());
        first.check(outcome::SUCCEEDED, None, "");
    });
}

#[test]
fn how_a_forked_worker_ends_is_told_by_its_template() {
    for (call, outcome, exit_code, part) in [
        ("exit 3", outcome::FAILED, Some(3), "exited with code 3"),
        ("kill", outcome::CRASHED, None, "SIGSEGV"),
    ] {
        with_forked(|worker, function, _| {
            let id = worker.id();
            worker.call(call).check(outcome, exit_code, part);
            let gone = || !std::path::Path::new(&format!("/proc/{id}")).exists();
            eventually("it is reaped", gone);
            let error = worker.invoke(&Call::new("echo x")).unwrap_err();
            assert_eq!(error.kind, error_kind::UNSTARTED);
            forked(function);
        });
    }
}

#[test]
fn a_forked_worker_is_killed_with_its_children() {
    with_forked(|worker, _, template| {
        let child: i32 = worker.call("child").text().parse().unwrap();
        let call = Call::new("sleep 1000").within(Duration::from_millis(200));
        worker.invoke(&call).unwrap().check(outcome::TIMED_OUT, None, "");
        eventually("the child is killed too", || !lives(child));
        assert!(lives(template));
    });
}

#[test]
fn a_template_ends_with_its_function_and_leaves_nobody() {
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    let function = plugin.prepare(&deploy, deploy.with_template("")).unwrap();
    let (worker, template) = forked(&function);
    let id = worker.id();
    worker.stop(Duration::from_secs(10));
    assert!(!lives(id) && lives(template));
    drop(function);
    eventually("it ends", || !lives(template));
}

#[test]
fn a_shutdown_ends_templates_too() {
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    let function = plugin.prepare(&deploy, deploy.with_template("")).unwrap();
    let (worker, template) = forked(&function);
    let id = worker.id();
    support::block_on(plugin.shutdown(Duration::from_secs(5)));
    eventually("all end", || !lives(template) && !lives(id));
}

#[test]
fn when_a_template_dies_its_workers_go_on_and_others_are_started_directly() {
    with_forked(|worker, function, template| {
        let killed = Command::new("kill").args(["-9", &template.to_string()]).status();
        assert!(killed.unwrap().success());
        eventually("it is dead", || !lives(template));
        assert_eq!(worker.call("echo on").text(), "on");
        let own = std::process::id().to_string();
        assert_eq!(function.worker().unwrap().call("parent").text(), own);
        worker.call("exit 3").check(outcome::CRASHED, None, "");
    });
}

#[test]
fn without_a_template_workers_are_started_directly() {
    for mode in ["broken", "cannot"] {
        let (plugin, deploy) = (Plugin::new(), Deploy::new());
        let function = plugin.prepare(&deploy, deploy.with_template(mode)).unwrap();
        for _ in 0..3 {
            let worker = function.worker().unwrap();
            assert_eq!(worker.call("parent").text(), std::process::id().to_string());
        }
    }
}
