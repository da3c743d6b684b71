//! Descriptor 3 of a worker: frames go into the pipe as it takes them.

use bytes::{Buf, Bytes};
use processes::{PIPE_BYTES, enlarge};
use rustix::io::{Errno, IoSlice, ioctl_fionread, write, writev};
use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;

/// Our end of the pipe, and what it has not taken yet.
#[derive(Debug)]
pub(crate) struct Inlet {
    /// None when the worker gets no more.
    pipe: Option<OwnedFd>,
    unwritten: VecDeque<Bytes>,
    /// All that has been given to `send`.
    sent_bytes: u64,
    capacity: usize,
    /// Closed as soon as all is written.
    closing: bool,
    /// The worker has closed its end.
    broken: bool,
}

/// The worker reads no more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Closed;

impl Inlet {
    /// `pipe` does not block.
    pub(crate) fn new(pipe: OwnedFd) -> Self {
        Self {
            pipe: Some(pipe),
            unwritten: VecDeque::new(),
            sent_bytes: 0,
            capacity: PIPE_BYTES,
            closing: false,
            broken: false,
        }
    }

    /// Sends a frame, of which `head` is all but the body. Returns where it begins in what the worker reads.
    pub(crate) fn send(&mut self, head: &[u8], body: &Bytes) -> Result<u64, Closed> {
        let usable = !self.closing && !self.broken;
        let Some(pipe) = self.pipe.as_ref().filter(|_| usable) else { return Err(Closed) };
        let begin = self.sent_bytes;
        let total = head.len() + body.len();
        if total > self.capacity {
            enlarge(pipe, total);
            self.capacity = total;
        }
        let mut done = 0;
        if self.unwritten.is_empty() {
            done = loop {
                match writev(pipe, &[IoSlice::new(head), IoSlice::new(body)]) {
                    Ok(count) => break count,
                    Err(Errno::INTR) => {}
                    Err(Errno::AGAIN) => break 0,
                    Err(_) => {
                        self.broken = true;
                        return Err(Closed);
                    }
                }
            };
        }
        self.sent_bytes += total as u64;
        if done < head.len() {
            self.unwritten.push_back(Bytes::copy_from_slice(&head[done..]));
        }
        let body_done = done.saturating_sub(head.len());
        if body_done < body.len() {
            self.unwritten.push_back(body.slice(body_done..));
        }
        Ok(begin)
    }

    /// Writes what can be written.
    pub(crate) fn flush(&mut self) {
        let Some(pipe) = &self.pipe else { return };
        while let Some(first) = self.unwritten.front_mut() {
            match write(pipe, first) {
                Ok(count) if count == first.len() => {
                    self.unwritten.pop_front();
                }
                Ok(count) => first.advance(count),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => {
                    // Kept open: it may be asked how much of it was read.
                    self.broken = true;
                    return;
                }
            }
        }
        if self.closing {
            self.pipe = None;
        }
    }

    /// Nothing more is sent; the worker reads the end when it has read what was sent before.
    pub(crate) fn finish(&mut self) {
        self.closing = true;
        self.flush();
    }

    pub(crate) fn has_unwritten(&self) -> bool {
        !self.broken && !self.unwritten.is_empty()
    }

    /// A descriptor of its own for watching whether the pipe takes more.
    pub(crate) fn duplicate(&self) -> Option<io::Result<OwnedFd>> {
        self.pipe.as_ref().map(OwnedFd::try_clone)
    }

    /// Whether the worker has read of what begins at `begin`.
    pub(crate) fn was_read(&self, begin: u64) -> bool {
        let unwritten: usize = self.unwritten.iter().map(Bytes::len).sum();
        let unread = self.pipe.as_ref().and_then(|pipe| ioctl_fionread(pipe).ok()).unwrap_or(0);
        self.sent_bytes.saturating_sub(unwritten as u64).saturating_sub(unread) > begin
    }
}
