//! A running host of a test's own.

use super::client::Call;
use super::{Answer, Connection, Folder, PATIENCE, Setup, eventually, until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The process, stopped when the test ends; a test that fails shows what there was.
pub(crate) struct Host {
    pub(crate) address: SocketAddr,
    setup: Setup,
    child: Child,
    replaced: AtomicUsize,
}

impl Host {
    #[track_caller]
    pub(crate) fn start(setup: Setup) -> Self {
        let mut child = setup.command().spawn().unwrap();
        let output = child.stdout.take().unwrap();
        let (sender, lines) = std::sync::mpsc::channel();
        // Goes on reading, so that a host that prints more is not stopped by a full pipe.
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let first = lines.recv_timeout(PATIENCE);
        let address = first.as_deref().ok().and_then(|line| {
            line.strip_prefix("listening on http://").and_then(|address| address.parse().ok())
        });
        let Some(address) = address else {
            let _ = child.kill();
            let ended = child.wait();
            panic!("not listening but {first:?}, {ended:?}\n{}", setup.describe());
        };
        Self { address, setup, child, replaced: AtomicUsize::new(0) }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> Call {
        Call::new(self.address, method, path)
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request("GET", path).send()
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: impl AsRef<[u8]>) -> Answer {
        self.request("POST", path).body(body).send()
    }

    #[track_caller]
    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address).unwrap()
    }

    pub(crate) fn setup(&self) -> &Setup {
        &self.setup
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.setup.path(name)
    }

    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.path("log")).unwrap()).into_owned()
    }

    pub(crate) fn log_lines_with(&self, part: &str) -> Vec<String> {
        self.log().lines().filter(|line| line.contains(part)).map(str::to_owned).collect()
    }

    /// Puts a function into `deploy/` by one rename, or by two where there is one already.
    pub(crate) fn deploy(&self, name: &str, folder: &Folder) {
        let number = self.replaced.fetch_add(1, Ordering::Relaxed);
        let (new, old) = (
            self.path(&format!("staging/new-{number}")),
            self.path(&format!("staging/old-{number}")),
        );
        folder.write(&new);
        let place = self.setup.deploy_folder().join(name);
        let replaces = place.exists();
        if replaces {
            std::fs::rename(&place, &old).unwrap();
        }
        std::fs::rename(&new, &place).unwrap();
        if replaces {
            std::fs::remove_dir_all(&old).unwrap();
        }
    }

    pub(crate) fn remove(&self, name: &str) {
        std::fs::remove_dir_all(self.setup.deploy_folder().join(name)).unwrap();
    }

    /// Writes the configuration file anew, by rename.
    pub(crate) fn rewrite_config(&self, text: &str) {
        let new = self.path("shortedfaas.toml.new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, self.setup.config_file()).unwrap();
    }

    /// The function's entry in `/list`.
    pub(crate) fn listed(&self, name: &str) -> Option<Value> {
        let list = self.get("/list").json();
        let functions = list["functions"].as_array().expect("functions is a list");
        functions.iter().find(|function| function["name"] == name).cloned()
    }

    /// Waits until `/list` says this of a function, and gives its entry.
    #[track_caller]
    pub(crate) fn listed_as(&self, name: &str, state: &str) -> Value {
        let what = format!("`{name}` is {state}");
        eventually(&what, || self.listed(name).filter(|function| function["state"] == state))
    }

    /// Waits until a call of the path answers with this status.
    #[track_caller]
    pub(crate) fn answers(&self, path: &str, status: u16) {
        until(&format!("{path} answers {status}"), || self.post(path, "").status == status);
    }

    /// The detail of an invocation, which is written after the answer has left.
    #[track_caller]
    pub(crate) fn history_of(&self, answer: &Answer) -> Value {
        let path = format!("/history/{}", answer.id());
        eventually(&path, || Some(self.get(&path)).filter(|found| found.status == 200)).json()
    }

    /// The invocations of a function, newest first.
    pub(crate) fn invocations_of(&self, function: &str) -> Vec<Value> {
        let history = self.get(&format!("/history?function={function}&limit=1000")).json();
        history["invocations"].as_array().expect("invocations is a list").clone()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.pid().cast_signed()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> ExitStatus {
        eventually("the host ends", || self.child.try_wait().unwrap())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- host at {} ---\n{}", self.address, self.setup.describe());
        }
    }
}
