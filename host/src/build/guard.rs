//! The process that a build runs under: `shortedfaas build-guard`, started by the host and by `shortedfaas build`.
//!
//! It reads what to build from its standard input and works as long as that stays open: when the host ends, however it
//! ends, the build ends too, and nothing that it has started is left.

use super::Build;
use super::LONGEST;
use super::commands::run_all;
use super::tree::{Bounds, standard_input};
use rustix::fd::AsFd;
use rustix::process::{getpid, nice, set_child_subreaper};
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// Functions that serve come before functions that are being built.
const NICENESS: i32 = 5;
/// What is to be built fits.
const MOST_BYTES: usize = 16 << 20;

/// What it reads, on one line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) build: Build,
    /// Whether what the commands print goes to standard error as well.
    pub(super) show: bool,
}

/// What it answers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) error: Option<String>,
}

/// Builds what standard input says, and reports on standard output.
pub(crate) fn guard() {
    let _ = nice(NICENESS);
    let error = order().and_then(|order| {
        set_child_subreaper(Some(getpid())).map_err(|error| error.to_string())?;
        let lifeline = standard_input();
        let deadline = Instant::now() + LONGEST;
        let bounds = Bounds { lifeline: lifeline.as_fd(), deadline, show: order.show };
        run_all(&order.build, &bounds)
    });
    let report = Report { error: error.err() };
    println!("{}", serde_json::to_string(&report).unwrap_or_default());
}

/// Byte by byte: what follows the line is none of ours, and a buffer would hide the end from `poll`.
fn order() -> Result<Order, String> {
    let input = standard_input();
    let (mut line, mut byte) = (Vec::new(), [0]);
    while line.len() < MOST_BYTES {
        match rustix::io::read(&input, &mut byte) {
            Ok(1) if byte == [b'\n'] => {
                return serde_json::from_slice(&line).map_err(|error| error.to_string());
            }
            Ok(1) => line.push(byte[0]),
            Err(rustix::io::Errno::INTR) => {}
            _ => break,
        }
    }
    Err("this is for the host itself: use `shortedfaas build FOLDER`".to_owned())
}
