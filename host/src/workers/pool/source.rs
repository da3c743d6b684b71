//! What starts and stops the workers of a pool.

use std::fmt::{Debug, Display};
use std::sync::Arc;
use std::time::Duration;

/// What starts and stops workers.
pub(crate) trait Source: Send + Sync + 'static {
    /// What a worker is called by.
    type Worker: Copy + Debug + PartialEq + Send + Sync + 'static;
    /// Why one could not be started.
    type Error: Clone + Debug + Display + Send + 'static;

    /// Starts one.
    fn start(&self) -> impl Future<Output = Result<Self::Worker, Self::Error>> + Send;
    /// Stops one; nobody waits for it.
    fn stop(self: &Arc<Self>, worker: Self::Worker);
    /// True when the next start would fail for the same reason: the handler cannot be loaded.
    fn is_final(error: &Self::Error) -> bool;
    /// A start that took longer than it may.
    fn late(limit: Duration) -> Self::Error;
    /// The workers end again and again, and nobody can be served: for whoever shows the function as broken.
    fn broken(&self, reason: &str);
}
