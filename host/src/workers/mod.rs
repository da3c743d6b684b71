//! How many invocations may run at once, on which workers, and who waits.

mod gate;
mod lane;
mod pool;
mod queue;
mod statistics;

pub(crate) use gate::Gate;
pub(crate) use pool::{Counts, Lease, Policy, Pool, Refused, Source, Terms, Verdict};
pub(crate) use statistics::{Statistics, WorkerEvent};
