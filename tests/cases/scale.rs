//! Ten thousand functions: the host starts, serves, and does not grow fat.

use crate::support::processes::status_of;
use crate::support::{Host, Setup, cat, until};
use std::time::Instant;

const FUNCTIONS: u64 = 10_000;

/// Most resident memory a deployed function may cost; the aim is a few KiB, in a release build.
const MOST_KIB_EACH: u64 = 32;

#[test]
fn ten_thousand_functions_are_served() {
    let small = Setup::new().function("cat", &cat()).start();
    small.post("/f/cat", "x").expect(200, "x");
    let base_kib = status_of(small.pid(), "VmRSS");
    drop(small);
    let setup = Setup::new();
    for number in 0..FUNCTIONS {
        cat().write(&setup.deploy_folder().join(format!("f{number}")));
    }
    let started = Instant::now();
    let host = Host::start(setup.argument("--listen").argument("127.0.0.1:0"));
    let listening = started.elapsed();
    for name in ["f0", "f5000", "f9999"] {
        host.post(&format!("/f/{name}"), name).expect(200, name);
    }
    let kib = status_of(host.pid(), "VmRSS");
    let each = (kib.saturating_sub(base_kib)) / FUNCTIONS;
    println!(
        "{FUNCTIONS} functions: listening after {listening:?}, {kib} KiB resident, {each} KiB each"
    );
    assert!(each < MOST_KIB_EACH, "{each} KiB for each function, {kib} KiB in all");
    let list = host.get("/list").json();
    assert_eq!(list["functions"].as_array().unwrap().len() as u64, FUNCTIONS);
    host.deploy("new", &cat());
    until("a new one is served among them", || host.post("/f/new", "x").status == 200);
}
