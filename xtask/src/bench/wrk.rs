//! One measurement with wrk: requests, latencies, and what the server used meanwhile.

use super::cores::Pinned;
use super::load::Load;
use super::processes::{self, Memory, Process};
use super::rounds::Plan;
use super::server::Server;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Load threads; with one connection a second one would have nothing to do.
const THREADS: usize = 2;

/// An answer that takes as long as the measurement is an error; in a very short one some just wait for their turn.
const LEAST_TIMEOUT: Duration = Duration::from_secs(5);

/// What one run of wrk saw.
#[derive(Debug, Clone)]
pub(super) struct Measurement {
    /// Answers per second.
    pub(super) per_second: f64,
    /// Median latency in µs.
    pub(super) p50_us: f64,
    /// Latency in µs that one in a hundred exceeds.
    pub(super) p99_us: f64,
    /// Processor time per request in µs: the server's processes and their reaped children.
    pub(super) cpu_us: f64,
    /// Memory of the server's own processes in the middle of the run.
    pub(super) memory: Memory,
    /// Who else lived below the server at that moment.
    pub(super) children: BTreeMap<String, usize>,
    /// Memory of the processes that were started here: a host or a master.
    pub(super) leaders: Memory,
    /// Memory of the largest process below them: a worker.
    pub(super) worker: Memory,
}

/// On which cores server and wrk run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cores {
    /// On all of them.
    All,
    /// One connection on one core: whether a halted core has to be woken is chance, and 30 µs. More on all of them.
    OneForOne,
}

/// Drives `server` for `length` over `connections` kept connections.
pub(super) fn measure(
    server: &Server,
    own: &[Process],
    connections: usize,
    plan: &Plan,
    directory: &Path,
) -> Result<Measurement, String> {
    let script = directory.join("post.lua");
    std::fs::write(&script, lua(&server.load, server.authorization.as_deref()))
        .map_err(|error| format!("cannot write {}: {error}", script.display()))?;
    let leaders = server.leaders();
    let one_core = plan.cores == Cores::OneForOne && connections == 1;
    let pinned = one_core.then(|| Pinned::new(&leaders)).transpose()?;
    let before = processes::processor_time(&leaders);
    let running = wrk(server, connections, plan.length, pinned.as_ref(), &script)
        .spawn()
        .map_err(|error| format!("cannot run wrk: {error}"))?;
    std::thread::sleep(plan.length / 2);
    let memory = processes::memory(own);
    let children = processes::children(&leaders, own);
    let (of_leaders, of_worker) = processes::shares(&leaders);
    let output = running.wait_with_output().map_err(|error| format!("no end of wrk: {error}"))?;
    let used = processes::processor_time(&leaders) - before;
    let text = String::from_utf8_lossy(&output.stdout);
    let result = result_from(&text).ok_or_else(|| format!("{}: wrk said: {text}", server.name))?;
    if result.errors > 0 || result.requests == 0 {
        let Totals { requests, errors, .. } = result;
        let name = &server.name;
        return Err(format!("{name}: {errors} errors in {requests} requests at c = {connections}"));
    }
    Ok(Measurement {
        per_second: result.requests as f64 / (result.duration_us as f64 / 1e6),
        p50_us: result.p50_us as f64,
        p99_us: result.p99_us as f64,
        cpu_us: used.as_secs_f64() * 1e6 / result.requests as f64,
        memory,
        children,
        leaders: of_leaders,
        worker: of_worker,
    })
}

fn wrk(
    server: &Server,
    connections: usize,
    length: Duration,
    pinned: Option<&Pinned>,
    script: &Path,
) -> Command {
    let mut wrk = match pinned {
        Some(pinned) => pinned.command("wrk"),
        None => Command::new("wrk"),
    };
    wrk.arg(format!("-t{}", connections.min(THREADS))).arg(format!("-c{connections}"));
    wrk.arg(format!("-d{}s", length.as_secs()));
    wrk.arg("--timeout").arg(format!("{}s", length.max(LEAST_TIMEOUT).as_secs()));
    wrk.arg("-s").arg(script).arg(format!("http://{}{}", server.address, server.load.path));
    wrk.stdin(Stdio::null()).stdout(Stdio::piped());
    wrk
}

#[derive(Debug, PartialEq, Eq)]
struct Totals {
    requests: u64,
    duration_us: u64,
    p50_us: u64,
    p99_us: u64,
    errors: u64,
}

/// The script sets the request once; none of it runs per request.
fn lua(load: &Load, authorization: Option<&str>) -> String {
    let Load { body, content_type, .. } = load;
    let header = authorization
        .map(|value| format!("wrk.headers[\"Authorization\"] = \"{value}\"\n"))
        .unwrap_or_default();
    format!(
        "wrk.method = \"POST\"\nwrk.body = [[{body}]]\n\
         wrk.headers[\"Content-Type\"] = \"{content_type}\"\n{header}\
         done = function(summary, latency)\n  local e = summary.errors\n  \
         io.write(string.format(\"totals %d %d %d %d %d\\n\", summary.requests, summary.duration,\n    \
         latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))\n\
         end\n"
    )
}

fn result_from(output: &str) -> Option<Totals> {
    let line = output.lines().find_map(|line| line.strip_prefix("totals "))?;
    let numbers: Vec<u64> = line.split(' ').map(|word| word.parse().ok()).collect::<Option<_>>()?;
    let [requests, duration_us, p50_us, p99_us, errors] = numbers[..] else { return None };
    Some(Totals { requests, duration_us, p50_us, p99_us, errors })
}

#[cfg(test)]
mod tests {
    use super::{Totals, result_from};

    #[test]
    fn totals_are_read_from_the_scripts_line() {
        let totals = Totals { requests: 1, duration_us: 2, p50_us: 3, p99_us: 4, errors: 5 };
        assert_eq!(result_from("Running 1s test\ntotals 1 2 3 4 5\n"), Some(totals));
        assert_eq!(result_from("totals 1 2 3 4"), None);
        assert_eq!(result_from("unable to connect"), None);
    }
}
