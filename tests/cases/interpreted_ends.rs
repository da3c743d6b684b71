//! How workers of function code end: with a call that hangs, and with the host.

use crate::support::Host;
use crate::support::interpreted::{lua, node, python, speaking};
use crate::support::processes::{expect_gone, pids_in};
use rustix::process::Signal;

#[test]
fn a_hanging_call_is_stopped_with_everything_it_started() {
    let code = "
import os, subprocess
def lambda_(input, environment):
    child = subprocess.Popen(['sleep', '1000'])
    with open('pids', 'a') as file: file.write(f'{os.getpid()}\\n{child.pid}\\n')
    while True: pass
";
    let host =
        speaking(&["python"]).function("f", &python(code).with("timeout", "2s".into())).start_all();
    host.post("/f/f", "").expect_problem(504, "function");
    let file = host.setup().deploy_folder().join("f/pids");
    for pid in pids_in(&file, 2) {
        expect_gone(pid);
    }
}

const PID: &str = "import os\ndef lambda_(i, e): return str(os.getpid())";

fn pid_of(host: &Host, function: &str) -> u32 {
    host.post(&format!("/f/{function}"), "").expect_status(200).text().parse().unwrap()
}

#[test]
fn no_worker_is_left_when_the_host_has_ended() {
    for signal in [Signal::KILL, Signal::TERM] {
        let mut host = speaking(&["python", "node", "lua"])
            .function("python", &python(PID))
            .function("node", &node("exports.lambda = () => String(process.pid)"))
            .function("lua", &lua("function lambda() local f = io.open('/proc/self/stat') return tostring(f:read('n')) end"))
            .start_all();
        let pids: Vec<u32> =
            ["python", "node", "lua"].iter().map(|name| pid_of(&host, name)).collect();
        host.signal(signal);
        host.ended();
        pids.into_iter().for_each(expect_gone);
    }
}
