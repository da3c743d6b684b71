//! What the host holds when nobody calls it.

use super::processes;
use super::shortedfaas;
use super::table::{self, Goal, Promise, mib};
use super::tools::Workshop;

/// With the executable runner and the shared secret on, and the shipped functions deployed.
const MOST_IDLE_MIB: f64 = 10.0;

/// Starts the host with the shipped functions, waits until it is ready, and looks.
pub(super) fn run(workshop: &Workshop) -> Result<(), String> {
    let mut server = shortedfaas::shipped(workshop)?.start("shortedfaas")?;
    server.load.path = "/readyz";
    server.wait_for("it does not get ready", |server| {
        let answer = server.connect().and_then(|mut connection| connection.get());
        matches!(answer, Ok((200, _))).then_some(())
    })?;
    let memory = processes::memory(&server.processes());
    println!("\nThe idle host with the shipped functions");
    let line = |what: &str, kib, goal| Promise { what: what.into(), figure: mib(kib), goal };
    table::print_promises(&[
        line("PSS in MiB", memory.pss_kib, Some(Goal::AtMost(MOST_IDLE_MIB))),
        line("RSS in MiB", memory.rss_kib, Some(Goal::AtMost(MOST_IDLE_MIB))),
    ]);
    Ok(())
}
