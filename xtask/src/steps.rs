//! Steps of which one line is shown each, and all output only of the one that fails.

use crate::workspace::shown;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Runs a command quietly; what it said is shown when it fails.
pub(crate) fn step(name: &str, command: &mut Command) -> Result<(), String> {
    announce(name);
    let started = Instant::now();
    let output = command.stdin(Stdio::null()).output();
    let output =
        output.map_err(|error| format!("{} cannot be started: {error}", shown(command)))?;
    if output.status.success() {
        println!("{:.1} s", started.elapsed().as_secs_f32());
        return Ok(());
    }
    println!("failed");
    let _ = std::io::stderr().write_all(&[output.stdout, output.stderr].concat());
    Err(format!("{name}: `{}` ended with {}", shown(command), output.status))
}

/// Runs a command that shows what it does.
pub(crate) fn loud_step(name: &str, command: &mut Command) -> Result<(), String> {
    announce(name);
    println!();
    let started = Instant::now();
    let status = command.stdin(Stdio::null()).status();
    let status =
        status.map_err(|error| format!("{} cannot be started: {error}", shown(command)))?;
    println!("{name:.<40} {:.1} s", started.elapsed().as_secs_f32());
    if status.success() {
        return Ok(());
    }
    Err(format!("{name}: `{}` ended with {status}", shown(command)))
}

fn announce(name: &str) {
    print!("{name:.<40} ");
    // What takes long is named before it begins.
    let _ = std::io::stdout().flush();
}
