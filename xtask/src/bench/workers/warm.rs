//! Warm workers: one load after the other, everybody in turn.

use super::super::contenders::{self, Contender};
use super::super::load::{ADD, ECHO};
use super::super::rounds::{self, Plan};
use super::super::tools::Workshop;
use super::super::wrk::Cores;
use super::super::{Options, table};
use super::toolchain::Toolchain;
use super::{WORKERS, floors, ours, peers, promises};

/// Measures both loads.
pub(in super::super) fn run(workshop: &Workshop, options: &Options) -> Result<(), String> {
    let tools = Toolchain::with_peers(workshop);
    let axum = |workshop: &Workshop, _: &str| contenders::axum_echo(workshop);
    let mut all = vec![Contender::new(promises::AXUM, axum)];
    all.extend(ours::contenders(&tools));
    all.extend(floors::contenders(workshop, &tools));
    all.extend(peers::contenders(workshop, &tools));
    all.retain(|contender| options.chooses(&contender.name));
    let started = all.into_iter().map(|contender| contender.start(workshop));
    let mut servers = started.collect::<Result<Vec<_>, _>>()?;
    let connections = &[1, promises::GOAL_CONNECTIONS, 64];
    let plan = Plan { rounds: 3, connections, length: options.length, cores: Cores::OneForOne };
    println!("\nVersions: {}", tools.versions());
    for load in [ECHO, ADD] {
        if load.path == ADD.path {
            servers.retain(|server| server.name != promises::AXUM);
        }
        for server in &mut servers {
            server.load = load;
        }
        let results = rounds::measure(workshop, &mut servers, &plan)?;
        let title = format!("Warm workers, {WORKERS} each: {}", load.name);
        table::print_workers(&title, &results, &plan);
        table::print_promises(&promises::of_warm(&results));
    }
    Ok(())
}
