//! A contender's server: started with a log of its own, known by its pids, stopped by them.

use super::client;
use super::load::{ECHO, Load};
use super::processes::{self, Process};
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to start, or to end before it is killed. Under valgrind everything is fifty times slower.
const PATIENCE: Duration = Duration::from_secs(60);
const GRACE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(10);

/// A running server, stopped when it is dropped.
pub(super) struct Server {
    /// As the table calls it.
    pub(super) name: String,
    /// Where it listens: `127.0.0.1:PORT`.
    pub(super) address: String,
    /// What is sent to it.
    pub(super) load: Load,
    /// Value of the Authorization header, where it wants one.
    pub(super) authorization: Option<String>,
    leaders: Vec<Child>,
    log: PathBuf,
}

/// Starts processes with one log, which is their stdout too.
pub(super) struct Starter {
    leaders: Vec<Child>,
    log: PathBuf,
}

impl Starter {
    /// Logs go into `directory`, which is made.
    pub(super) fn new(directory: &Path) -> Result<Self, String> {
        fs::create_dir_all(directory)
            .map_err(|error| format!("cannot make {}: {error}", directory.display()))?;
        let log = directory.join("log");
        for old in [&log, &log.with_extension("stderr")] {
            // Of an earlier server in this directory, if there was one; its address must not be taken for the new one's.
            let _ = fs::remove_file(old);
        }
        Ok(Self { leaders: Vec::new(), log })
    }

    /// Starts one process.
    pub(super) fn start(&mut self, command: &Command) -> Result<(), String> {
        self.start_with(command, Stdio::null())
    }

    /// Starts one process with this stdin. It gets a group of its own, so that nothing it signals can be ours, and a signal
    /// when the benchmark ends however that ends.
    pub(super) fn start_with(&mut self, command: &Command, stdin: Stdio) -> Result<(), String> {
        let open = |path: &Path| {
            let file = File::options().create(true).append(true).open(path);
            file.map_err(|error| format!("cannot write {}: {error}", path.display()))
        };
        let mut tied = Command::new("setpriv");
        tied.args(["--pdeathsig", "TERM", "--"])
            .arg(command.get_program())
            .args(command.get_args());
        for (name, value) in command.get_envs() {
            tied.env(name, value.unwrap_or_default());
        }
        if let Some(folder) = command.get_current_dir() {
            tied.current_dir(folder);
        }
        tied.stdin(stdin).stdout(open(&self.log)?);
        tied.stderr(open(&self.log.with_extension("stderr"))?).process_group(0);
        let child = tied.spawn().map_err(|error| format!("cannot run {command:?}: {error}"))?;
        self.leaders.push(child);
        Ok(())
    }

    /// Waits for `listening on http://ADDRESS`, the first line.
    pub(super) fn announced(self, name: &str) -> Result<Server, String> {
        let mut server = self.listening(name, String::new());
        server.address = server.wait_for("no address announced", |server| {
            let log = fs::read_to_string(&server.log).unwrap_or_default();
            let (first, _) = log.split_once('\n')?;
            first.strip_prefix("listening on http://").map(str::to_owned)
        })?;
        Ok(server)
    }

    /// The address is known beforehand.
    pub(super) fn listening(self, name: &str, address: String) -> Server {
        let (leaders, log) = (self.leaders, self.log);
        Server { name: name.into(), address, load: ECHO, authorization: None, leaders, log }
    }
}

impl Server {
    /// The processes that were started here.
    pub(super) fn leaders(&self) -> Vec<u32> {
        self.leaders.iter().map(Child::id).collect()
    }

    /// Waits until a call is answered rightly, and checks that it goes on doing so: what does not work is not timed.
    pub(super) fn check(&mut self) -> Result<(), String> {
        let load = self.load;
        let body = load.body.as_bytes();
        let mut last = String::from("not called yet");
        let asked = self.wait_for("it does not answer rightly", |server| {
            let answer = server.connect().and_then(|mut connection| connection.post(body));
            match answer {
                Ok((status, answer)) if load.is_answered_by(status, &answer) => Some(()),
                other => {
                    last = shown(other);
                    None
                }
            }
        });
        asked.map_err(|error| format!("{error}\nits last answer: {last}"))?;
        let mut connection = self.connect()?;
        for _ in 0..10 {
            match connection.post(body) {
                Ok((status, answer)) if load.is_answered_by(status, &answer) => {}
                other => {
                    return Err(format!(
                        "{} was right once only, then: {}",
                        self.name,
                        shown(other)
                    ));
                }
            }
        }
        Ok(())
    }

    /// A connection to it.
    pub(super) fn connect(&self) -> Result<client::Connection, String> {
        client::Connection::open(&self.address, &self.load, self.authorization.as_deref())
    }

    /// Waits until `ready` gives something, as long as the server lives and patience lasts.
    pub(super) fn wait_for<T>(
        &mut self,
        what: &str,
        mut ready: impl FnMut(&Self) -> Option<T>,
    ) -> Result<T, String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(value) = ready(self) {
                return Ok(value);
            }
            let ended = self.leaders.iter_mut().any(|child| !matches!(child.try_wait(), Ok(None)));
            if ended || Instant::now() > deadline {
                let why = if ended { "it has ended" } else { "patience is over" };
                return Err(format!("{}: {what}, {why}\n{}", self.name, self.log_tail()));
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn log_tail(&self) -> String {
        let read =
            |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
        let log = read(&self.log) + &read(&self.log.with_extension("stderr"));
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }

    /// Asks the processes to end and waits for it; kills what is left of them.
    pub(super) fn stop(&mut self) {
        let family = processes::family(&self.leaders());
        for leader in &mut self.leaders {
            if matches!(leader.try_wait(), Ok(None)) {
                signal("-TERM", leader.id());
            }
        }
        let deadline = Instant::now() + GRACE;
        for mut leader in std::mem::take(&mut self.leaders) {
            while matches!(leader.try_wait(), Ok(None)) && Instant::now() < deadline {
                std::thread::sleep(PAUSE);
            }
            // Already ended, or it did not want to: either way nothing more can be asked of it.
            let _ = leader.kill();
            let _ = leader.wait();
        }
        for process in family.iter().filter(|process| processes::lives(process)) {
            signal("-KILL", process.pid);
        }
    }

    /// The processes that are there now.
    pub(super) fn processes(&self) -> Vec<Process> {
        processes::family(&self.leaders())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn signal(signal: &str, pid: u32) {
    // It may have ended in between, and then kill complains to nobody.
    let _ = Command::new("kill").args([signal, &pid.to_string()]).stderr(Stdio::null()).status();
}

fn shown(answer: Result<(u16, Vec<u8>), String>) -> String {
    match answer {
        Ok((status, body)) => {
            let start = &body[..body.len().min(200)];
            format!("{status}, {} bytes: {}", body.len(), String::from_utf8_lossy(start))
        }
        Err(error) => error,
    }
}
