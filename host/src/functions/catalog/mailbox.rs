//! How the rest of the host talks to the keeper's thread.

use super::function::{Generation, Preparer};
use super::later::Later;
use crate::functions::Defaults;
use crate::functions::manifest::Refusal;
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use tokio::sync::oneshot;

pub(super) enum Message<P: Preparer> {
    /// Look at this function now, and answer when that is done.
    Refresh(String, oneshot::Sender<()>),
    /// An examination has come to its end.
    Concluded(Conclusion<P>),
    /// A generation that was ready cannot serve.
    Failed(Failed),
    /// Prepare the functions of these types anew.
    PrepareAgain(Vec<String>, Vec<String>),
    /// Read all manifests anew.
    Defaults(Box<Defaults>),
    /// Wait so long for a folder to come to rest from now on.
    Settle(Duration),
    /// Answer when there is nothing left to do.
    WhenQuiet(oneshot::Sender<()>),
    Stop,
}

/// A generation whose workers cannot be started, or end again and again.
pub(super) struct Failed {
    pub(super) name: String,
    pub(super) generation: u64,
    pub(super) reason: String,
    /// Answered when the function is shown as it is now.
    pub(super) answer: Option<oneshot::Sender<()>>,
}

/// How an examination ended.
pub(super) struct Conclusion<P: Preparer> {
    pub(super) name: Arc<str>,
    /// Which examination: a later one may have begun since.
    pub(super) number: u64,
    pub(super) result: Result<Box<Success<P>>, Refusal>,
    /// It was prepared, but a first worker could not be started.
    pub(super) unloadable: bool,
    /// When it may go otherwise.
    pub(super) later: Later,
}

pub(super) struct Success<P: Preparer> {
    pub(super) generation: Generation<P>,
    pub(super) warning: Option<String>,
}

/// The sending end. A message wakes the keeper from its wait for the kernel.
pub(super) struct Mailbox<P: Preparer> {
    sender: Sender<Message<P>>,
    bell: Arc<Bell>,
}

/// Wakes the keeper; rung once for all messages that wait.
#[derive(Debug)]
pub(super) struct Bell {
    pub(super) descriptor: OwnedFd,
    rung: AtomicBool,
}

impl Bell {
    fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            // Fails only when the counter is full, and then it wakes already.
            let _ = rustix::io::write(&self.descriptor, &1_u64.to_ne_bytes());
        }
    }

    /// To be called before the messages are read: one that comes later rings again.
    pub(super) fn silence(&self) {
        let mut counter = [0; 8];
        let _ = rustix::io::read(&self.descriptor, &mut counter);
        self.rung.store(false, Ordering::Release);
    }
}

impl<P: Preparer> Mailbox<P> {
    pub(super) fn new() -> std::io::Result<(Self, Receiver<Message<P>>, Arc<Bell>)> {
        let descriptor = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let bell = Arc::new(Bell { descriptor, rung: AtomicBool::new(false) });
        let (sender, receiver) = channel();
        Ok((Self { sender, bell: Arc::clone(&bell) }, receiver, bell))
    }

    /// Lost when the keeper has ended; who waits for an answer sees that.
    pub(super) fn post(&self, message: Message<P>) {
        let _ = self.sender.send(message);
        self.bell.ring();
    }
}

impl<P: Preparer> Clone for Mailbox<P> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone(), bell: Arc::clone(&self.bell) }
    }
}
