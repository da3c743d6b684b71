//! Nothing is left when the host is killed: workers, forked ones, templates, their children. This test plays the host by
//! running itself once more.
#![allow(clippy::unwrap_used, reason = "tests may")]

mod support;

use plugin_api::serde_json::json;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use support::{Deploy, Plugin, eventually, lives};

const PLAYS_THE_HOST: &str = "TEST_PLAYS_THE_HOST";

/// In the killed host: has one worker of each kind, with a child, and waits.
#[test]
fn host_that_will_be_killed() {
    if std::env::var_os(PLAYS_THE_HOST).is_none() {
        return;
    }
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    let direct = plugin.prepare(&deploy, json!({})).unwrap();
    let forks = plugin.prepare(&deploy, deploy.with_template("")).unwrap();
    let own = direct.worker().unwrap();
    let mut forked = forks.worker().unwrap();
    eventually("a worker is forked", || {
        let is_forked = forked.call("parent").text() != std::process::id().to_string();
        if !is_forked {
            forked = forks.worker().unwrap();
        }
        is_forked
    });
    let ids =
        [&own, &forked].map(|worker| format!("{} {}", worker.id(), worker.call("child").text()));
    println!("ids {} {}", ids.join(" "), forked.call("parent").text());
    own.call("sleep 1000");
}

#[test]
fn nothing_is_left_when_the_host_is_killed() {
    let host = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "host_that_will_be_killed", "--nocapture"])
        .env(PLAYS_THE_HOST, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut host = KilledHost(host);
    let mut lines = BufReader::new(host.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let line = lines.find(|line| line.contains("ids ")).unwrap();
    let (_, ids) = line.split_once("ids ").unwrap();
    let ids: Vec<i32> = ids.split_whitespace().map(|id| id.parse().unwrap()).collect();
    assert!(ids.len() == 5 && ids.iter().all(|id| lives(*id)), "{ids:?}");
    drop(host);
    eventually("all are gone", || !ids.iter().any(|id| lives(*id)));
}

struct KilledHost(Child);

impl Drop for KilledHost {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}
