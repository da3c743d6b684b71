//! `cargo xtask test`: everything that must hold before a change is taken.

use crate::steps::{loud_step, step};
use crate::tools;
use crate::workspace::{cargo, root, target_folder};
use std::process::Command;

/// The fixture plugins: a workspace beside the main one.
const FIXTURES: &str = "tests/fixtures/plugins";

/// The example of docs/plugins.md: another.
const EXAMPLE: &str = "docs/examples/auth-api-key";

/// What functions in Rust are made of: another, because it is copied to where they are built.
const RUST_FUNCTION: &str = "launchers/rust/shortedfaas-function";

/// What the tests load; they would build it themselves, out of sight.
const LIBRARIES: [(&str, &[&str]); 3] = [
    (FIXTURES, &["build", "--package", "probe"]),
    (FIXTURES, &["build", "--package", "lean", "--profile", "lean"]),
    (EXAMPLE, &["build", "--release"]),
];

/// All steps; the first that fails is the last. Arguments go to the test programs.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    tools::install_missing()?;
    step("format", &mut cargo(&["fmt", "--all", "--check"]))?;
    step("lint", &mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    // The black-box tests load plugin libraries, and `cargo test` builds none.
    step("build", &mut cargo(&["build", "--workspace"]))?;
    for folder in [FIXTURES, EXAMPLE, RUST_FUNCTION] {
        step(&format!("format {folder}"), &mut beside(folder, &["fmt", "--all", "--check"]))?;
        step(&format!("lint {folder}"), &mut beside(folder, &["clippy", "--", "-D", "warnings"]))?;
    }
    for (folder, arguments) in LIBRARIES {
        step(&format!("build {folder}"), &mut beside(folder, arguments))?;
    }
    step(&format!("test {RUST_FUNCTION}"), &mut beside(RUST_FUNCTION, &["test"]))?;
    let mut python = Command::new("python3");
    python.args(["-m", "unittest", "discover", "--quiet", "--start-directory"]);
    step("test launchers/python", python.arg("launchers/python/tests").current_dir(root()))?;
    let mut test = cargo(&["test", "--workspace", "--quiet", "--"]);
    loud_step("test", test.args(arguments).env("PATH", tools::path_with_tools()))?;
    let mut document = cargo(&["doc", "--workspace", "--no-deps", "--quiet"]);
    step("document", document.env("RUSTDOCFLAGS", "-D warnings"))
}

/// Cargo in a workspace beside the main one; all of them build into one folder, the one in which the tests look.
fn beside(folder: &str, arguments: &[&str]) -> Command {
    let mut command = cargo(arguments);
    command
        .current_dir(root().join(folder))
        .env("CARGO_TARGET_DIR", target_folder().join("fixtures"));
    command
}
