//! Nothing is left when the host is killed. This test plays the host by running itself once more.
#![allow(clippy::unwrap_used, reason = "tests may")]

mod support;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use support::request::Call;
use support::{Deploy, Plugin, eventually, lives};

const PLAYS_THE_HOST: &str = "TEST_PLAYS_THE_HOST";

/// In the killed host: calls a program that leaves children of every kind, and never ends.
#[test]
fn host_that_will_be_killed() {
    if std::env::var_os(PLAYS_THE_HOST).is_none() {
        return;
    }
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    let limits = r#"{"command": "run", "limits": {"processes": 50}}"#;
    // One in the group, one in a session of its own, and the program itself, all deaf to polite signals.
    deploy.script(
        "f",
        "trap '' TERM HUP INT; sleep 1000 & group=$!; setsid sleep 1000 & \
         echo ids $$ $group $! > ids.part; mv ids.part ids; wait",
    );
    let function = plugin.prepare(&deploy, "f", limits).unwrap();
    let call = Call::new("");
    std::thread::scope(|scope| {
        let invoked = scope.spawn(|| function.invoke(&call));
        let path = deploy.folder("f").join("ids");
        eventually("it runs", || path.exists());
        println!("{}", std::fs::read_to_string(path).unwrap());
        let _ = invoked.join();
    });
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
    assert!(ids.len() == 3 && ids.iter().all(|id| lives(*id)), "{ids:?}");
    let keeper = children_of(host.0.id()).into_iter().find(|id| !ids.contains(id)).unwrap();
    assert!(command_name(keeper).starts_with("shortedfaas"), "{}", command_name(keeper));
    drop(host);
    eventually("all are gone", || !ids.iter().any(|id| lives(*id)));
    eventually("the keeper ends", || !lives(keeper));
}

#[test]
fn the_keeper_is_small_and_ends_with_the_plugin() {
    let own = std::process::id();
    let before = children_of(own);
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    deploy.script("f", "true");
    let ballast = vec![1u8; 64 << 20];
    let function = plugin.prepare(&deploy, "f", r#"{"command": "run"}"#).unwrap();
    function.call("");
    let mine = |id: &i32| !before.contains(id) && command_name(*id).starts_with("shortedfaas");
    let mut keeper = 0;
    eventually("there is a keeper", || {
        keeper = children_of(own).into_iter().find(mine).unwrap_or(0);
        keeper != 0
    });
    let pss_kb = || {
        let rollup =
            std::fs::read_to_string(format!("/proc/{keeper}/smaps_rollup")).unwrap_or_default();
        let line = rollup.lines().find(|line| line.starts_with("Pss:")).map(str::to_owned);
        line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
            .unwrap_or(u64::MAX)
    };
    eventually("it has given back what it does not need", || pss_kb() < 1500);
    println!("the keeper's share of memory: {} KiB", pss_kb());
    assert!(std::hint::black_box(&ballast).len() > 1);
    drop(function);
    drop(plugin);
    eventually("the keeper ends", || !lives(keeper));
}

struct KilledHost(Child);

impl Drop for KilledHost {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn children_of(id: u32) -> Vec<i32> {
    let threads = std::fs::read_dir(format!("/proc/{id}/task")).unwrap();
    let children = threads
        .filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("children")).ok());
    let all = children.collect::<String>();
    all.split_whitespace().map(|id| id.parse().unwrap()).collect()
}

fn command_name(id: i32) -> String {
    std::fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default()
}
