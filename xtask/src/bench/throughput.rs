//! The sections that wrk drives: executables, their floor, and the host's own path.

use super::rounds::{self, Plan, Results};
use super::server::Server;
use super::table::{self, Goal, Promise};
use super::tools::Workshop;
use super::wrk::Cores;
use super::{contenders, shortedfaas};
use std::time::Duration;

const HOST: &str = "shortedfaas";
/// Where goals for executables are set: enough in flight to keep two cores busy, few enough that nobody only queues.
const GOAL_CONNECTIONS: usize = 16;
/// Against a page that only spawns with posix_spawn or std, the faster of the two.
const LEAST_OF_FLOOR: f64 = 1.1;
/// Against what is sold for this.
const LEAST_OF_PEERS: f64 = 2.3;
/// The host's own path with auth and history, against axum without either.
const LEAST_OF_AXUM: f64 = 0.95;
/// Children at once per core for the page that caps them.
const AT_ONCE_PER_CORE: usize = 2;

/// A static echo, one process per request.
pub(super) fn executables(workshop: &Workshop, length: Duration) -> Result<(), String> {
    let mut servers = vec![shortedfaas::executables(workshop)?.start(HOST)?];
    servers.extend(peers(workshop)?);
    compare_executables(workshop, servers, length)
}

/// The same without ShortedFaaS: what it will be measured against.
pub(super) fn floor(workshop: &Workshop, length: Duration) -> Result<(), String> {
    compare_executables(workshop, peers(workshop)?, length)
}

fn peers(workshop: &Workshop) -> Result<Vec<Server>, String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut servers = vec![
        contenders::axum_echo(workshop)?,
        contenders::spawn_page(workshop, "std", None)?,
        contenders::spawn_page(workshop, "posix-spawn", None)?,
        contenders::spawn_page(workshop, "clone", None)?,
        contenders::spawn_page(workshop, "clone", Some(AT_ONCE_PER_CORE * cores))?,
    ];
    servers.extend(contenders::webhook(workshop)?);
    servers.extend(contenders::fcgiwrap(workshop)?);
    Ok(servers)
}

fn compare_executables(
    workshop: &Workshop,
    mut servers: Vec<Server>,
    length: Duration,
) -> Result<(), String> {
    let plan =
        Plan { rounds: 3, connections: &[1, GOAL_CONNECTIONS, 64], length, cores: Cores::All };
    let results = rounds::measure(workshop, &mut servers, &plan)?;
    table::print("A static echo, one process per request (axum: in process)", &results, &plan);
    table::print_promises(&executable_promises(&results));
    Ok(())
}

fn executable_promises(results: &[Results]) -> Vec<Promise> {
    let named = |name: &str| results.iter().find(|result| result.name == name);
    let rate = |result: &&Results| result.median(GOAL_CONNECTIONS, |run| run.per_second);
    let floors = [named("page: std"), named("page: posix-spawn")].into_iter().flatten();
    let floor = floors.max_by(|one, other| rate(one).total_cmp(&rate(other)));
    let floor_name = floor.map_or("", |floor| floor.name.as_str());
    let mut promises = Vec::new();
    for one in results {
        let goal = match one.name.as_str() {
            name if name == floor_name => Some(LEAST_OF_FLOOR),
            "webhook" | "nginx + fcgiwrap" => Some(LEAST_OF_PEERS),
            _ => None,
        };
        // Without ShortedFaaS the floor stands in for it, and promises nothing.
        let Some(hero) = named(HOST).or(floor) else { continue };
        if one.name == hero.name {
            continue;
        }
        promises.push(Promise {
            what: format!("{} / {} at c = {GOAL_CONNECTIONS}", hero.name, one.name),
            figure: hero.ratio(one, GOAL_CONNECTIONS, |run| run.per_second),
            goal: goal.filter(|_| hero.name == HOST).map(Goal::AtLeast),
        });
    }
    promises
}

/// The host with auth, history and a runner that does nothing, against a bare axum echo.
pub(super) fn host_path(workshop: &Workshop, length: Duration) -> Result<(), String> {
    let mut axum = contenders::axum_echo(workshop)?;
    axum.authorization = Some(shortedfaas::authorization());
    let mut servers = vec![shortedfaas::noop(workshop)?.start(HOST)?, axum];
    // More rounds than elsewhere: the goal is closer to 1 than the noise of three.
    let plan = Plan { rounds: 5, connections: &[GOAL_CONNECTIONS, 64], length, cores: Cores::All };
    let results = rounds::measure(workshop, &mut servers, &plan)?;
    table::print("The host's own path: in process, auth and history on", &results, &plan);
    let mut promises = Vec::new();
    for &connections in plan.connections {
        let [host, axum] = &results[..] else { unreachable!("two were started") };
        promises.push(Promise {
            what: format!("{HOST} / axum echo at c = {connections}"),
            figure: host.ratio(axum, connections, |run| run.per_second),
            goal: Some(Goal::AtLeast(LEAST_OF_AXUM)),
        });
        // Steadier than the rate when something else uses the cores; it says nothing about waiting.
        promises.push(Promise {
            what: format!("{HOST} / axum echo at c = {connections}, requests per CPU second"),
            figure: host.ratio(axum, connections, |run| 1.0 / run.cpu_us),
            goal: None,
        });
    }
    table::print_promises(&promises);
    Ok(())
}
