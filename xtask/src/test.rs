//! `cargo xtask test`: everything that must hold before a change is taken.

use crate::steps::{loud_step, step};
use crate::tools;
use crate::workspace::{cargo, root, target_folder};
use std::process::Command;

/// Workspaces beside the main one, whose code is formatted and linted like all the rest.
const OTHER_WORKSPACES: [&str; 2] = ["tests/fixtures/plugins", "docs/examples/auth-api-key"];

/// All steps; the first that fails is the last. Arguments go to the test programs.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    tools::install_missing()?;
    step("format", &mut cargo(&["fmt", "--all", "--check"]))?;
    step("lint", &mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    // The black-box tests load plugin libraries, and `cargo test` builds none.
    step("build", &mut cargo(&["build", "--workspace"]))?;
    for folder in OTHER_WORKSPACES {
        let name = folder.rsplit('/').next().unwrap_or(folder);
        step(&format!("format {name}"), &mut beside(folder, &["fmt", "--all", "--check"]))?;
        step(&format!("lint {name}"), &mut beside(folder, &["clippy", "--", "-D", "warnings"]))?;
    }
    for (folder, arguments) in [
        (OTHER_WORKSPACES[0], &["build", "--package", "probe"][..]),
        (OTHER_WORKSPACES[0], &["build", "--package", "lean", "--profile", "lean"]),
        (OTHER_WORKSPACES[1], &["build", "--release"]),
    ] {
        let package =
            arguments.get(2).copied().filter(|_| arguments.len() > 2).unwrap_or("auth-api-key");
        step(&format!("build {package}"), &mut beside(folder, arguments))?;
    }
    let mut test = cargo(&["test", "--workspace", "--quiet", "--"]);
    loud_step("test", test.args(arguments))?;
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
