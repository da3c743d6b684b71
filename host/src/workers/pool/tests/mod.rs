//! Pools with a simulated clock and a stand-in for the runner: nothing sleeps for real.

mod ahead;
mod bursts;
mod cancelled;
mod failures;
mod generations;
mod modes;

use super::super::Gate;
use super::*;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
/// What a start takes, if nothing else is said.
const START: Duration = Duration::from_millis(40);
const IDLE: Duration = Duration::from_secs(60);

/// Workers are numbers; a start whose error begins with `final` fails for good.
#[derive(Debug)]
struct StandIn {
    start_takes: Mutex<Duration>,
    fails_with: Mutex<Option<&'static str>>,
    begun: AtomicU32,
    started: Mutex<Vec<u32>>,
    stopped: Mutex<Vec<u32>>,
    broken: Mutex<Vec<String>>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Source for StandIn {
    type Worker = u32;
    type Error = String;

    async fn start(&self) -> Result<u32, String> {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let takes = *locked(&self.start_takes);
        sleep(takes).await;
        if let Some(error) = *locked(&self.fails_with) {
            return Err(error.to_owned());
        }
        locked(&self.started).push(number);
        Ok(number)
    }

    fn stop(self: &Arc<Self>, worker: u32) {
        assert!(!locked(&self.stopped).contains(&worker), "{worker} is stopped twice");
        locked(&self.stopped).push(worker);
    }

    fn is_final(error: &String) -> bool {
        error.starts_with("final")
    }

    fn late(limit: Duration) -> String {
        format!("later than {limit:?}")
    }

    fn broken(&self, reason: &str) {
        locked(&self.broken).push(reason.to_owned());
    }
}

/// A function with one pool.
struct World {
    source: Arc<StandIn>,
    gate: Arc<Gate>,
    pool: Arc<Pool<StandIn>>,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Came {
    Cold(u32),
    Warm(u32),
    Refused(Refused<String>),
}

const TERMS: Terms = Terms { patience: SECOND, limit: Duration::from_secs(60), again: false };

/// Warm, up to so many.
fn warm(most: usize) -> Policy {
    Policy {
        cold: false,
        capacity: 1,
        ahead: 0,
        least: 0,
        most,
        idle: IDLE,
        recycle_after: None,
        start_limit: Duration::from_secs(30),
    }
}

impl World {
    fn new(policy: Policy) -> Self {
        Self::with_gate(policy, &Arc::new(Gate::new(1_000)))
    }

    fn with_gate(policy: Policy, gate: &Arc<Gate>) -> Self {
        let source = Arc::new(StandIn {
            start_takes: Mutex::new(START),
            fails_with: Mutex::default(),
            begun: AtomicU32::new(0),
            started: Mutex::default(),
            stopped: Mutex::default(),
            broken: Mutex::default(),
        });
        let pool = Pool::new(Arc::clone(&source), policy, gate);
        Self { source, gate: Arc::clone(gate), pool }
    }

    fn start_takes(&self, time: Duration) {
        *locked(&self.source.start_takes) = time;
    }

    fn fails_with(&self, error: Option<&'static str>) {
        *locked(&self.source.fails_with) = error;
    }

    /// A call that takes so long and leaves its worker like this.
    fn call_that(
        &self,
        terms: Terms,
        takes: Duration,
        verdict: Verdict,
    ) -> impl Future<Output = Came> + use<> {
        let pool = Arc::clone(&self.pool);
        async move {
            let mut lease = match pool.lease(terms).await {
                Ok(lease) => lease,
                Err(refused) => return Came::Refused(refused),
            };
            lease.judge(Verdict::Abandoned);
            sleep(takes).await;
            lease.judge(verdict);
            match lease.start {
                Some(_) => Came::Cold(lease.worker),
                None => Came::Warm(lease.worker),
            }
        }
    }

    fn call(&self, takes: Duration) -> impl Future<Output = Came> + use<> {
        self.call_that(TERMS, takes, Verdict::Good)
    }

    /// So many calls at once, in this order.
    async fn calls(&self, count: usize, takes: Duration) -> Vec<Came> {
        futures_util::future::join_all((0..count).map(|_| self.call(takes))).await
    }

    fn started(&self) -> usize {
        locked(&self.source.started).len()
    }

    fn stopped(&self) -> Vec<u32> {
        locked(&self.source.stopped).clone()
    }

    fn broken(&self) -> Vec<String> {
        locked(&self.source.broken).clone()
    }

    #[track_caller]
    fn has(&self, idle: usize, busy: usize, starting: usize) {
        assert_eq!(self.pool.counts(), Counts { idle, busy, starting });
    }

    /// Nothing is left that a call had.
    #[track_caller]
    fn is_quiet(&self) {
        let counts = self.pool.counts();
        assert_eq!((counts.busy, self.gate.running(), self.gate.waiting()), (0, 0, 0));
    }
}

fn run(test: impl Future<Output = ()>) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(test);
}

/// Lets everything run that can without time going by.
async fn yields() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[track_caller]
fn all_succeed(came: &[Came]) {
    let refused: Vec<&Came> = came.iter().filter(|came| matches!(came, Came::Refused(_))).collect();
    assert!(refused.is_empty(), "{refused:?}");
}
