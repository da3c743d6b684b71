//! Library files that are no plugins: refused with a reason, and the host lives on. Pitfalls 3, 9 and 24.

use crate::support::fixtures::{LEAN, PROBE, library_of_c};
use crate::support::library::Library;
use crate::support::{Setup, until};

/// A host that is told to load this as its only auth plugin, at start.
fn with(library: &Library) -> Setup {
    Setup::new().library("libdoor.so", library).config_with(
        "[auth]\nchain = [\"door\"]\n[auth.door]\nlibrary = \"plugins/libdoor.so\"\nkey = \"k\"\n",
    )
}

/// It is refused at start, the file is named, and the reason is short.
#[track_caller]
fn check(library: &Library, parts: &[&str]) {
    let setup = with(library);
    let finished = setup.run();
    finished.expect_refusal(&["libdoor.so"]).expect_refusal(parts);
    let lines = finished.errors.lines().count();
    assert!(lines < 5, "{lines} lines: {finished:#?}");
}

#[test]
fn a_missing_library_is_named_with_the_places_looked_at() {
    let setup = Setup::new().config_with("[runners.nothing]\n");
    setup.run().expect_refusal(&["librunner_nothing.so", "runners.nothing"]);
    let setup = Setup::new().config_with("[runners.x]\nlibrary = \"plugins/none.so\"\n");
    setup.run().expect_refusal(&["plugins/none.so"]);
}

/// Pitfall 3: a half-written library would end the process inside dlopen.
#[test]
fn a_library_that_is_cut_off_is_refused() {
    for percent in [0, 5, 24, 43, 62, 81, 95, 99] {
        check(&LEAN.clone().cut_to_percent(percent), &[]);
    }
    check(&PROBE.clone().cut_to_percent(50), &["cut off"]);
}

/// Pitfall 3, while serving: every cut is refused, the old one serves on, and the whole one is taken.
#[test]
fn a_library_that_is_cut_off_does_not_replace_one_that_serves() {
    let host = Setup::new().with_probe("", "").start();
    host.serves_version(1);
    let next = PROBE.clone().version(2);
    for (round, percent) in [5, 24, 43, 62, 81, 99].into_iter().enumerate() {
        next.clone().cut_to_percent(percent).write(&host.library_file());
        until("the log says why", || host.log_lines_with("libprobe.so").len() > round);
        host.serves_version(1);
    }
    next.write(&host.library_file());
    host.serves_version(2);
}

#[test]
fn a_library_for_another_processor_is_refused() {
    check(&LEAN.clone().for_aarch64(), &["aarch64", "x86-64"]);
}

#[test]
fn what_is_no_library_is_refused() {
    check(&Library(b"not a library".to_vec()), &["ELF"]);
    check(&Library(Vec::new()), &[]);
    check(&Library(vec![0; 100_000]), &["ELF"]);
    check(&Library::read(&std::env::current_exe().unwrap()), &["plugin"]);
    check(&Library::read(std::path::Path::new(env!("CARGO_BIN_EXE_shortedfaas"))), &["plugin"]);
    let script = Library(b"#!/bin/sh\nexit 0\n".to_vec());
    check(&script, &["ELF"]);
}

/// Pitfall 9: with RTLD_LAZY the first call of the missing function would end the process.
#[test]
fn a_library_that_lacks_a_function_is_refused_at_load() {
    check(&library_of_c("undefined", &[]), &["a_function_that_nobody_has"]);
}

#[test]
fn a_library_with_metadata_and_nothing_else_is_refused() {
    check(&library_of_c("hollow", &["-DWHOLE"]), &[]);
}

/// Pitfall 24: the section is foreign input.
#[test]
fn odd_metadata_is_refused() {
    let huge = format!("-DMETADATA=\"{}\"", "x".repeat(70_000));
    check(&library_of_c("huge", &[&huge]), &["bytes"]);
    for (name, definition) in [
        ("not_utf8", r#"-DMETADATA="{\"format\":1,\"name\":\"\xff\xfe\"}""#),
        ("not_json", r#"-DMETADATA="hello""#),
        ("empty", r#"-DMETADATA="""#),
        ("wrong_types", r#"-DMETADATA="{\"format\":\"one\"}""#),
        ("nested", r#"-DMETADATA="[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[""#),
        ("no_end", r#"-DMETADATA="{\"format\":1""#),
    ] {
        check(&library_of_c(name, &[definition]), &["metadata"]);
    }
}

#[test]
fn a_folder_of_plugins_can_be_named() {
    let setup = Setup::new();
    let folder = setup.path("elsewhere");
    std::fs::create_dir(&folder).unwrap();
    LEAN.write(&folder.join("libauth_lean.so"));
    let host = setup
        .config_with("[auth]\nchain = [\"lean\"]\n[auth.lean]\nkey = \"k\"\nidentity = \"me\"\n")
        .function("cat", &crate::support::cat())
        .argument("--plugins")
        .argument(&folder.to_string_lossy())
        .start();
    host.post("/f/cat", "").expect_problem(401, "caller");
    host.request("POST", "/f/cat")
        .header("Authorization", "Lean k")
        .body("x")
        .send()
        .expect(200, "x");
}
