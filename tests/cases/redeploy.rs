//! A function that is replaced again and again under load: not one call fails.

use crate::support::load::Load;
use crate::support::{Folder, Setup, shell, until};
use serde_json::json;

/// How often the folder is replaced.
const REPLACEMENTS: usize = 500;

fn version(number: usize) -> Folder {
    shell(&format!("cat; echo -{number}"))
}

#[test]
fn five_hundred_replacements_under_load_fail_no_call() {
    let host = Setup::new().function("f", &version(0)).start();
    let load = Load::start(&host, 3, "/f/f", |text| text.starts_with("ping-"));
    for number in 1..=REPLACEMENTS {
        host.deploy("f", &version(number));
        let before = load.succeeded();
        until("calls go by", || load.succeeded() > before + 2 || load.has_failed());
    }
    let newest = format!("ping-{REPLACEMENTS}\n");
    until("the newest answers", || host.post("/f/f", "ping").text() == newest);
    assert_eq!(load.stop(), Vec::<String>::new());
}

#[test]
fn the_same_with_a_program_of_the_folders_own() {
    let version = |number: usize| {
        Folder::new(&json!({"type": "executable", "command": "run"}))
            .program("run", format!("#!/bin/sh\ncat\necho -{number}\n"))
    };
    let host = Setup::new().function("f", &version(0)).start();
    let load = Load::start(&host, 3, "/f/f", |text| text.starts_with("ping-"));
    for number in 1..=100 {
        host.deploy("f", &version(number));
        let before = load.succeeded();
        until("calls go by", || load.succeeded() > before + 2 || load.has_failed());
    }
    until("the newest answers", || host.post("/f/f", "ping").text() == "ping-100\n");
    assert_eq!(load.stop(), Vec::<String>::new());
}
