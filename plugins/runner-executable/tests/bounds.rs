//! Limits, least privilege, and the end of the host.
#![allow(clippy::unwrap_used, reason = "tests may")]

mod support;

use plugin_api::abi::{error_kind, outcome};
use std::net::TcpListener;
use std::time::Duration;
use support::request::Call;
use support::{Deploy, Function, Plugin, eventually, lives};

fn with_script(manifest: &str, script: &str, test: impl FnOnce(&Function<'_>, &Deploy)) {
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    deploy.script("f", script);
    let function = plugin.prepare(&deploy, "f", manifest).unwrap();
    test(&function, &deploy);
}

/// Where this machine gives no cgroups the weaker bound holds, and the warning says so.
fn has_warning(function: &Function<'_>, part: &str) -> bool {
    function.prepared.warning.contains(part)
}

#[test]
fn memory_over_the_limit_fails_the_call() {
    let manifest = r#"{"command": "run", "limits": {"memory_bytes": 33554432}}"#;
    with_script(
        manifest,
        "head -c 200000000 /dev/zero | tail -c 150000000 | wc -c",
        |function, _| {
            let answer = function.call("");
            if has_warning(function, "limits.memory") {
                assert!(
                    answer.text().trim() != "150000000" || answer.end().outcome == outcome::FAILED
                );
            } else {
                assert_ne!(answer.text().trim(), "150000000");
            }
        },
    );
    with_script(manifest, r#"exec awk 'BEGIN { s = "x"; while (1) s = s s }'"#, |function, _| {
        let call = Call::new("").within(Duration::from_secs(20));
        let answer = function.invoke(&call).unwrap();
        assert_eq!(answer.end().outcome, outcome::FAILED, "{:?}", answer.end());
        if !has_warning(function, "limits.memory") {
            answer.check(outcome::FAILED, None, "killed: over limits.memory");
        }
    });
}

#[test]
fn the_number_of_processes_is_bounded() {
    let manifest = r#"{"command": "run", "limits": {"processes": 4}}"#;
    with_script(
        manifest,
        "for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; echo all",
        |function, _| {
            let answer = function.call("");
            assert!(
                has_warning(function, "limits.processes") || answer.text() != "all\n",
                "{}",
                answer.stderr
            );
        },
    );
}

#[test]
fn cgroups_are_removed_with_their_processes() {
    let manifest =
        r#"{"command": "run", "limits": {"cpu": 0.5, "processes": 10, "memory_bytes": 100000000}}"#;
    with_script(manifest, "setsid sleep 1000 & cat /proc/self/cgroup; echo $!", |function, _| {
        if !function.prepared.warning.is_empty() {
            return;
        }
        let text = function.call("").text();
        let (_, escaped) = text.trim().rsplit_once('\n').unwrap();
        let escaped: i32 = escaped.parse().unwrap();
        eventually("what left the group is killed by its cgroup", || !lives(escaped));
        let own = text.lines().find(|line| line.contains(":pids:")).unwrap_or_default();
        let path = own.rsplit_once(':').map(|(_, path)| format!("/sys/fs/cgroup/pids{path}"));
        assert!(own.contains("/shortedfaas-"), "{text}");
        eventually("removed", || !std::path::Path::new(path.as_ref().unwrap()).exists());
    });
}

#[test]
fn open_files_are_bounded_and_nothing_of_the_host_is_open() {
    let manifest = r#"{"command": "run", "limits": {"open_files": 50}}"#;
    with_script(manifest, "ulimit -n; ulimit -c; ls -1 /proc/self/fd | wc -l", |function, _| {
        // Three standard ones and the folder that `ls` reads.
        assert_eq!(function.call("").text(), "50\n0\n4\n");
    });
}

#[test]
fn no_signal_is_ignored_or_blocked() {
    let manifest = r#"{"command": "run"}"#;
    with_script(manifest, "exec cat /proc/self/status", |function, _| {
        let text = function.call("").text();
        let signals = ["SigBlk:", "SigIgn:", "SigCgt:"];
        let is_signals = |line: &&str| signals.iter().any(|name| line.starts_with(name));
        let lines: Vec<&str> = text.lines().filter(is_signals).collect();
        assert_eq!(lines.len(), signals.len(), "{text}");
        assert!(lines.iter().all(|line| line.ends_with("\t0000000000000000")), "{lines:?}");
    });
}

#[test]
fn only_what_allow_gives_can_be_read_written_or_executed() {
    let deploy = Deploy::new();
    let secret = deploy.path().join("secret");
    let room = deploy.path().join("room");
    std::fs::write(&secret, "secret").unwrap();
    std::fs::create_dir(&room).unwrap();
    let script = format!(
        "cat own; cat {secret} && echo bad-read; echo x > {room}/file && echo wrote; \
         echo x > own2 && echo bad-write; echo end",
        secret = secret.display(),
        room = room.display(),
    );
    deploy.script("f", &script);
    deploy.program("f", "own", b"own\n");
    let plugin = Plugin::new();
    let with = |exec: bool| {
        let manifest = format!(
            r#"{{"command": "run", "allow": {{"write": ["{}"], "exec": {exec}}}}}"#,
            room.display()
        );
        let function = plugin.prepare(&deploy, "f", &manifest).unwrap();
        if has_warning(&function, "Landlock") {
            return None;
        }
        Some(function.call("").text())
    };
    assert!(matches!(with(true).as_deref(), None | Some("own\nwrote\nend\n")), "{:?}", with(true));
    // Without `exec` even `cat` is out of reach; the shell and what it does itself are not.
    assert!(matches!(with(false).as_deref(), None | Some("wrote\nend\n")), "{:?}", with(false));
}

#[test]
fn a_path_of_allow_must_exist() {
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    deploy.script("f", "true");
    let manifest = r#"{"command": "run", "allow": {"read": ["/usr", "/nowhere"]}}"#;
    let error = plugin.prepare(&deploy, "f", manifest).err().unwrap();
    assert_eq!((error.kind, error.path.as_str()), (error_kind::CONFIG, "allow.read[1]"));
}

#[test]
fn without_net_no_connection_can_be_made() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port} && echo connected; echo end");
    for (net, expected) in [(true, "connected\nend\n"), (false, "end\n")] {
        let (plugin, deploy) = (Plugin::new(), Deploy::new());
        deploy.program("f", "run", format!("#!/bin/bash\n{script}\n").as_bytes());
        let manifest = format!(r#"{{"command": "run", "allow": {{"net": {net}, "exec": true}}}}"#);
        let function = plugin.prepare(&deploy, "f", &manifest).unwrap();
        assert_eq!(function.call("").text(), expected, "{net}");
    }
}

#[test]
fn a_shutdown_asks_first_and_then_kills() {
    let script = "trap 'echo asked >&2; exit 0' TERM; echo $$ >&2; while :; do sleep 0.01; done";
    let stubborn = "trap '' TERM; echo $$ >&2; while :; do sleep 0.01; done";
    for (script, asked) in [(script, true), (stubborn, false)] {
        let (plugin, deploy) = (Plugin::new(), Deploy::new());
        deploy.script("f", script);
        let function = plugin.prepare(&deploy, "f", r#"{"command": "run"}"#).unwrap();
        let call = Call::new("");
        let grace = if asked { Duration::from_secs(30) } else { Duration::from_millis(50) };
        let answer = std::thread::scope(|scope| {
            let invoked = scope.spawn(|| function.invoke(&call).unwrap());
            eventually("it runs", || call.stderr().contains('\n'));
            support::block_on(plugin.shutdown(grace));
            invoked.join().unwrap()
        });
        assert_eq!(answer.stderr.contains("asked"), asked, "{}", answer.stderr);
        let expected = if asked { outcome::SUCCEEDED } else { outcome::CANCELLED };
        assert_eq!(answer.end().outcome, expected, "{:?}", answer.end());
        let late = function.invoke(&Call::new("")).err().unwrap();
        assert_eq!(late.kind, error_kind::UNAVAILABLE, "{}", late.message);
    }
}
