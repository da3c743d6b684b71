//! Plugins of other builds: what is compatible loads, what is not is refused shortly. Pitfalls 1, 2, 11, 21 and 22.

use crate::support::fixtures::{
    LEAN, errors_of_aborting_build, lean_against_changed_api, lean_of_nightly, repository,
};
use crate::support::library::Library;
use crate::support::{Setup, cat};

/// A host with a build of the lean plugin as its only auth plugin.
fn with(library: &Library) -> Setup {
    Setup::new()
        .library("libdoor.so", library)
        .config_with("[auth]\nchain = [\"door\"]\n[auth.door]\nlibrary = \"plugins/libdoor.so\"\nkey = \"k\"\nidentity = \"me\"\n")
        .function("cat", &cat())
}

#[track_caller]
fn works(library: &Library) {
    let host = with(library).start();
    host.request("POST", "/f/cat")
        .header("Authorization", "Lean k")
        .body("x")
        .send()
        .expect(200, "x");
    host.request("POST", "/f/cat").header("Authorization", "Lean z").send().expect_status(401);
}

#[track_caller]
fn refused(library: &Library, parts: &[&str]) {
    let finished = with(library).run();
    finished.expect_refusal(&["libdoor.so", "plugin-api"]).expect_refusal(parts);
    assert!(finished.errors.lines().count() < 5, "{finished:#?}");
    assert!(finished.errors.len() < 2_000, "{finished:#?}");
}

/// Pitfall 1: a plugin built with the first release of the boundary loads in every later host of the same major number.
#[test]
fn a_plugin_built_against_abi_1_0_0_still_loads() {
    if cfg!(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu")) {
        let file = "tests/fixtures/plugins/committed/liblean-abi-1.0.0-x86_64-linux-gnu.so";
        works(&Library::read(&repository().join(file)));
    }
}

/// Pitfall 2: a field in the middle, and its author's plugin-api fills it.
#[test]
fn a_plugin_of_another_layout_is_refused() {
    let other = lean_against_changed_api(&[
        (
            "plugin-api/abi/src/auth.rs",
            "    /// Who it is, for [`decision::ALLOW`].\n",
            "    /// New.\n    pub since: u64,\n    /// Who it is, for [`decision::ALLOW`].\n",
        ),
        ("plugin-api/src/auth.rs", "DecisionV1 { kind, ", "DecisionV1 { since: 0, kind, "),
    ]);
    refused(&other, &["not compatible"]);
}

/// Pitfall 2, the number that stands for all that a layout does not show.
#[test]
fn a_plugin_of_another_abi_is_refused_with_both_versions() {
    let other = LEAN.clone().patched("{\"format\":1,\"abi\":1,", "{\"format\":1,\"abi\":2,");
    refused(&other, &["ABI 2", "ABI 1"]);
    let other = LEAN.clone().patched("{\"format\":1,\"abi\":1,", "{\"format\":7,\"abi\":1,");
    refused(&other, &["format 7"]);
}

/// Pitfall 11: a plugin that aborts would take the host with it.
#[test]
fn a_plugin_that_aborts_does_not_compile_and_does_not_load() {
    let errors = errors_of_aborting_build();
    assert!(errors.contains("panic = \"unwind\""), "{errors}");
    let claims = LEAN.clone().patched("\"panic\":\"unwind\"", "\"panic\":\"abort\" ");
    let finished = with(&claims).run();
    finished.expect_refusal(&["libdoor.so", "panic"]);
}

/// Pitfall 21: another compiler, where one is installed. What flags can do otherwise, the example and the lean build do.
#[test]
fn a_plugin_of_a_later_compiler_loads() {
    match lean_of_nightly() {
        Some(library) => works(&library),
        None => eprintln!("no nightly compiler is installed: nothing to compare with"),
    }
}

/// Pitfall 22: fat LTO and strip keep the metadata.
#[test]
fn a_plugin_that_was_stripped_loads() {
    assert!(LEAN.0.len() < 1_000_000, "{} bytes", LEAN.0.len());
    works(&LEAN);
}

#[test]
fn a_plugin_of_another_kind_is_refused() {
    let setup = Setup::new()
        .library("liblean.so", &LEAN)
        .config("[runners.lean]\nlibrary = \"plugins/liblean.so\"\nkey = \"k\"\n");
    setup.run().expect_refusal(&["liblean.so", "auth/1"]);
}
