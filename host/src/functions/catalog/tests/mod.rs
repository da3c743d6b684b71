//! The catalog on real folders, with a stand-in for the runners.

mod changes;
mod replacing;
mod scale;
mod starting;
mod trials;
mod trouble;

use super::*;
use std::fmt::Write;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tempfile::TempDir;

/// Longer than any machine needs, shorter than anybody waits.
const PATIENCE: Duration = Duration::from_secs(20);
const SETTLE: Duration = Duration::from_millis(200);

/// Prepares what the file `content` says: `fail …` fails, `warn …` warns, `hang` never ends, `panic` panics, and of
/// `unloadable …` no worker can be started.
#[derive(Debug, Default)]
struct StandIn {
    prepared: AtomicUsize,
    /// Workers that are in use in every generation.
    in_use: AtomicUsize,
    /// What was tried, of which content.
    trials: Mutex<Vec<(String, Trial)>>,
    retired: Mutex<Vec<String>>,
    alarms: Mutex<Vec<Alarm>>,
}

impl Preparer for StandIn {
    type Prepared = String;

    async fn prepare(&self, candidate: Candidate<'_>) -> Result<(String, Option<String>), Unready> {
        self.prepared.fetch_add(1, Ordering::SeqCst);
        assert!(candidate.folder.starts_with(candidate.deploy_folder));
        self.alarms.lock().expect("whole").push(candidate.alarm.clone());
        let content =
            fs::read_to_string(candidate.folder.join("content")).map_err(|_| "no content")?;
        match content.split_once(' ') {
            Some(("fail", reason)) => Err(reason.into()),
            Some(("warn", warning)) => Ok((content.clone(), Some(warning.to_owned()))),
            _ if content == "hang" => std::future::pending().await,
            _ if content == "panic" => panic!("asked to"),
            _ => Ok((content, None)),
        }
    }

    async fn begin(&self, content: &String, trial: Trial) -> Result<(), String> {
        self.trials.lock().expect("whole").push((content.clone(), trial));
        match content.split_once(' ') {
            Some(("unloadable", reason)) if trial != Trial::None => Err(reason.into()),
            _ => Ok(()),
        }
    }

    fn in_use(&self, _content: &String) -> usize {
        self.in_use.load(Ordering::SeqCst)
    }

    fn retire(&self, content: &String) {
        self.retired.lock().expect("whole").push(content.clone());
    }
}

/// A catalog on a folder of its own.
struct World {
    folder: TempDir,
    preparer: Arc<StandIn>,
    catalog: Catalog<StandIn>,
}

impl World {
    /// `fill` puts in what is there before the start.
    async fn start(fill: impl FnOnce(&Path)) -> Self {
        Self::start_with(Watch::new(), fill).await
    }

    async fn start_with(watch: Watch, fill: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("deploy")).expect("made");
        fill(&folder.path().join("deploy"));
        let preparer = Arc::new(StandIn::default());
        let deploy = folder.path().join("deploy");
        let (defaults, runner) = (Defaults::for_tests(), Arc::clone(&preparer));
        let catalog = Catalog::open_with(watch, &deploy, SETTLE, defaults, runner).await;
        let catalog = catalog.expect("opened");
        Self { folder, preparer, catalog }
    }

    fn deploy(&self, name: &str) -> PathBuf {
        self.folder.path().join("deploy").join(name)
    }

    /// A path on the same file system, outside of `deploy/`.
    fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// One line of what the request path sees: `1 content`, `broken: reason`, `none`.
    fn sees(&self, name: &str) -> String {
        let Some(function) = self.catalog.get(name) else { return "none".to_owned() };
        match &*function.state() {
            State::Building => "building".to_owned(),
            State::Broken { reason, .. } => format!("broken: {reason}"),
            State::Ready { generation, warning } => {
                let mut line = generation.prepared.clone();
                if let Some(warning) = warning {
                    write!(line, " ({warning})").expect("a string takes everything");
                }
                line
            }
        }
    }

    /// Waits until the function is seen so; a part of the line suffices.
    async fn until(&self, name: &str, expected: &str) {
        let started = Instant::now();
        while !self.sees(name).contains(expected) {
            let seen = self.sees(name);
            assert!(started.elapsed() < PATIENCE, "`{name}` is {seen:?}, not {expected:?}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn prepared(&self) -> usize {
        self.preparer.prepared.load(Ordering::SeqCst)
    }
}

const MANIFEST: &str = r#"{"type":"executable","command":"content"}"#;

/// Writes a function's folder file by file.
fn write(folder: &Path, content: &str) {
    fs::create_dir_all(folder).expect("made");
    fs::write(folder.join("content"), content).expect("written");
    fs::write(folder.join("run.json"), MANIFEST).expect("written");
}
