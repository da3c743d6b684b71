//! What one function does to itself is no matter of the others: crashes, hangs, exits and floods beside healthy functions under load.

use crate::support::interpreted::{lua, node, python, speaking};
use crate::support::load::Load;
use crate::support::{Connection, Folder, Host, cat, eventually};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A longer run: `SHORTEDFAAS_TEST_SECONDS=60 cargo test -p shortedfaas --test black_box isolation`.
fn duration() -> Duration {
    let seconds = std::env::var("SHORTEDFAAS_TEST_SECONDS").ok();
    Duration::from_secs(seconds.map_or(8, |seconds| seconds.parse().expect("a number of seconds")))
}

/// Functions that do nothing wrong, and give back what they get.
fn healthy() -> Vec<(&'static str, Folder)> {
    vec![
        ("cat", cat()),
        ("python", python("def lambda_(input, environment): return input")),
        ("node", node("exports.lambda = (input) => input")),
        ("lua", lua("return function(input) return input end")),
        ("cold", python("def lambda_(i, e): return i").with("scaling", json!({"mode": "cold"}))),
    ]
}

/// A function that misbehaves unless the input is `calm`, and what a caller of it may see.
type Misbehaving = (&'static str, Folder, &'static [u16]);

fn misbehaving() -> Vec<Misbehaving> {
    [misbehaving_in_python(), misbehaving_elsewhere()].concat()
}

fn with_timeout(folder: Folder) -> Folder {
    folder.with("timeout", "500ms".into())
}

fn misbehaving_in_python() -> Vec<Misbehaving> {
    vec![
        (
            "python-crashes",
            python(
                "import os\ndef lambda_(i, e):\n    if i != 'calm': os.kill(os.getpid(), 11)\n    return i",
            ),
            &[502],
        ),
        (
            "python-exits",
            python("import os\ndef lambda_(i, e):\n    if i != 'calm': os._exit(3)\n    return i"),
            &[500],
        ),
        (
            "python-raises",
            python(
                "def lambda_(i, e):\n    if i != 'calm': raise ValueError('x' * 100000)\n    return i",
            ),
            &[500],
        ),
        (
            "python-floods",
            with_timeout(python(
                "import os\ndef lambda_(i, e):\n    while i != 'calm': os.write(1, b'x' * 65536)\n    return i",
            )),
            &[504],
        ),
        (
            "python-scribbles",
            python(
                "import os\ndef lambda_(i, e):\n    if i != 'calm': os.write(4, b'no frame at all')\n    return i",
            ),
            &[502],
        ),
        ("python-cannot-start", python("import os, sys\nos._exit(1)"), &[]),
    ]
}

fn misbehaving_elsewhere() -> Vec<Misbehaving> {
    vec![
        (
            "node-hangs",
            with_timeout(node("exports.lambda = (i) => { while (i !== 'calm'); return i }")),
            &[504],
        ),
        (
            "node-exits",
            node("exports.lambda = (i) => { if (i !== 'calm') process.exit(3); return i }"),
            &[500],
        ),
        (
            "node-answers-too-much",
            node("exports.lambda = (i) => i === 'calm' ? i : 'x'.repeat(20000000)"),
            &[500],
        ),
        (
            "lua-hangs",
            with_timeout(lua("return function(i) while i ~= 'calm' do end return i end")),
            &[504],
        ),
        (
            "lua-exits",
            lua("return function(i) if i ~= 'calm' then os.exit(3) end return i end"),
            &[500],
        ),
        (
            "lua-dies",
            lua(
                "return function(i) if i ~= 'calm' then os.execute('kill -9 $PPID') end return i end",
            ),
            &[502],
        ),
    ]
}

/// What the host says itself of a function that fails again and again: at its limit, or held back for a while.
const HELD_BACK: &[u16] = &[429, 503];

/// Calls a function that misbehaves until told to stop: how often it did, and every answer that nobody may see.
fn provoke(
    address: SocketAddr,
    name: &str,
    expected: &[u16],
    stop: &AtomicBool,
) -> (usize, Vec<String>) {
    let (mut provoked, mut wrong) = (0, Vec::new());
    while !stop.load(Ordering::Relaxed) && wrong.len() < 10 {
        let answer = Connection::open(address)
            .and_then(|mut connection| connection.exchange("POST", &format!("/f/{name}"), b"rage"));
        match answer {
            Ok(answer) if expected.contains(&answer.status) => provoked += 1,
            Ok(answer) if HELD_BACK.contains(&answer.status) => {
                provoked += usize::from(expected.is_empty());
                // As a client does that is told to come back later.
                std::thread::sleep(Duration::from_millis(20));
            }
            Ok(answer) => wrong.push(format!("{name}: {answer:?}")),
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    (provoked, wrong)
}

fn host() -> Host {
    let mut setup = speaking(&["python", "node", "lua"]);
    for (name, folder) in healthy() {
        setup = setup.function(name, &folder);
    }
    for (name, folder, _) in misbehaving() {
        setup = setup.function(name, &folder.with("concurrency", 2.into()));
    }
    setup.start_all()
}

#[test]
fn functions_that_misbehave_cost_the_others_no_call() {
    let host = host();
    for (name, _) in healthy() {
        host.post(&format!("/f/{name}"), "ping").expect(200, "ping");
    }
    let loads: Vec<(&str, Load)> = healthy()
        .into_iter()
        .map(|(name, _)| {
            let path: &'static str = Box::leak(format!("/f/{name}").into_boxed_str());
            (name, Load::start(&host, 2, path, |text| text == "ping"))
        })
        .collect();
    let mut wrong = provoke_all(host.address, || loads.iter().any(|(_, load)| load.has_failed()));
    for (name, load) in loads {
        println!("{name}: {} calls", load.succeeded());
        if load.succeeded() < 10 {
            wrong.push(format!("{name} succeeded {} times only", load.succeeded()));
        }
        wrong.extend(load.stop().into_iter().map(|failure| format!("{name}: {failure}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    expect_recovery(&host);
}

/// A client for each function that misbehaves, until the time is over or there is no use in it any more: what nobody may see.
fn provoke_all(address: SocketAddr, is_useless: impl Fn() -> bool) -> Vec<String> {
    let misbehaving = misbehaving();
    let (stop, mut wrong) = (&AtomicBool::new(false), Vec::new());
    std::thread::scope(|scope| {
        let clients: Vec<_> = misbehaving
            .iter()
            .map(|(name, _, expected)| {
                (name, scope.spawn(move || provoke(address, name, expected, stop)))
            })
            .collect();
        let started = Instant::now();
        while started.elapsed() < duration() && !is_useless() {
            std::thread::sleep(Duration::from_millis(10));
        }
        stop.store(true, Ordering::Relaxed);
        for (name, client) in clients {
            let (provoked, found) = client.join().unwrap();
            println!("{name}: {provoked} times");
            wrong.extend(found);
            if provoked == 0 {
                wrong.push(format!("{name} was never provoked"));
            }
        }
    });
    wrong
}

/// Whoever misbehaved serves a calm caller again.
fn expect_recovery(host: &Host) {
    for (name, _, _) in misbehaving().iter().filter(|(_, _, expected)| !expected.is_empty()) {
        eventually(&format!("{name} has recovered"), || {
            let answer = host.post(&format!("/f/{name}"), "calm");
            (answer.status == 200 && answer.text() == "calm").then_some(())
        });
    }
}
