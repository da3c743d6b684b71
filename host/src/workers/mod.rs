//! How many invocations may run at once, and who waits.

mod gate;
mod pool;
mod statistics;

pub(crate) use gate::Gate;
pub(crate) use pool::{Counts, Lease, Policy, Pool, Source};
pub(crate) use statistics::Statistics;
