//! Has the launcher's own tests run.

use std::path::Path;
use std::process::Command;

#[test]
fn the_launcher_passes_its_own_tests() {
    let launcher = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../launchers/python");
    let output = Command::new("python3")
        .args(["-B", "-m", "unittest", "discover", "--start-directory", "tests"])
        .current_dir(launcher)
        .output()
        .expect("python3 can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Ran ") && !said.contains("Ran 0 tests"), "{said}");
}
