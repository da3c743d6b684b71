//! Fork servers: a process per function that has its language loaded and forks a worker whenever it is asked.

mod nursery;
mod start;
mod ward;
mod wire;

use crate::spawn::Ends;
pub(crate) use nursery::Nursery;
use plugin_api::tokio::sync::{mpsc, oneshot};
use processes::Exit;
use rustix::process::{Pid, Signal, kill_process_group};
pub(crate) use start::{Spawned, spawn};
use ward::{Ask, LOST};

/// A fork server that has said hello. It ends when nobody has this any more.
#[derive(Debug)]
pub(crate) struct Template {
    asks: mpsc::UnboundedSender<Ask>,
}

/// A worker that has just been forked; killed unless somebody takes it.
#[derive(Debug)]
pub(crate) struct Newborn {
    id: Option<i32>,
    asks: mpsc::UnboundedSender<Ask>,
}

impl Template {
    /// Forks a worker with these ends of its pipes.
    ///
    /// # Errors
    /// The template cannot, or has ended.
    pub(crate) async fn fork(&self, ends: Ends) -> Result<Newborn, String> {
        let (answer, answered) = oneshot::channel();
        let ended = || "the fork server has ended".to_owned();
        self.asks.send(Ask::Fork { ends, answer }).map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }

    /// Has it reap a child that has ended.
    pub(crate) async fn reap(&self, id: i32) -> Exit {
        let (answer, answered) = oneshot::channel();
        let _ = self.asks.send(Ask::Reap { id, answer: Some(answer) });
        answered.await.unwrap_or(LOST)
    }

    /// The same for a child that has been killed and that nobody asks after.
    pub(crate) fn reap_unheard(&self, id: i32) {
        let _ = self.asks.send(Ask::Reap { id, answer: None });
    }

    /// False when it has ended.
    pub(crate) fn is_alive(&self) -> bool {
        !self.asks.is_closed()
    }
}

impl Newborn {
    /// It is of use only while this value is.
    pub(crate) fn id(&self) -> i32 {
        self.id.unwrap_or_default()
    }

    /// It is the caller's from now on.
    pub(crate) fn take(mut self) {
        self.id = None;
    }
}

impl Drop for Newborn {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            // Its parent has not reaped it: the id is its own.
            if let Some(group) = Pid::from_raw(id) {
                let _ = kill_process_group(group, Signal::KILL);
            }
            let _ = self.asks.send(Ask::Reap { id, answer: None });
        }
    }
}
