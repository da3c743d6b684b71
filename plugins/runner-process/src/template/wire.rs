//! A template's socket: frames and descriptors go out as it takes them, frames come in.

use crate::frame::{Decoder, Frame};
use crate::outlet::with_scratch;
use crate::spawn::Ends;
use bytes::{Buf, Bytes};
use processes::Watched;
use rustix::io::{Errno, IoSlice, read};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::task::{Context, Poll};

/// So many descriptors go with a frame.
const DESCRIPTORS: usize = 4;
/// No frame of a template has more to say.
const BODY_LIMIT_BYTES: u64 = 1 << 20;

/// Our end.
pub(super) struct Wire {
    socket: Watched,
    unwritten: VecDeque<(Bytes, Option<Ends>)>,
    decoder: Decoder,
}

/// The other end is closed, or speaks nonsense.
#[derive(Debug)]
pub(super) struct Ended;

impl Wire {
    /// `socket` does not block and is watched for both directions.
    pub(super) fn new(socket: Watched) -> Self {
        Self { socket, unwritten: VecDeque::new(), decoder: Decoder::default() }
    }

    /// A worker's ends go with the frame's first byte; ours of them are closed then.
    pub(super) fn send(&mut self, frame: impl Into<Bytes>, ends: Option<Ends>) {
        self.unwritten.push_back((frame.into(), ends));
    }

    /// Writes what can be written. Ready only when that can never be.
    pub(super) fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<Ended> {
        while let Some((frame, ends)) = self.unwritten.front_mut() {
            let Ok(mut ready) = std::task::ready!(self.socket.poll_write_ready(context)) else {
                return Poll::Ready(Ended);
            };
            match write(ready.get_inner(), frame, ends.as_ref()) {
                Ok(count) => {
                    *ends = None;
                    frame.advance(count);
                    if frame.is_empty() {
                        self.unwritten.pop_front();
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => ready.clear_ready(),
                Err(_) => return Poll::Ready(Ended),
            }
        }
        Poll::Pending
    }

    /// Reads what has come; `take` is given every frame.
    pub(super) fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        take: &mut dyn FnMut(Frame),
    ) -> Poll<Ended> {
        loop {
            let Ok(mut ready) = std::task::ready!(self.socket.poll_read_ready(context)) else {
                return Poll::Ready(Ended);
            };
            let decoder = &mut self.decoder;
            let ended = with_scratch(|scratch| match read(ready.get_inner(), &mut *scratch) {
                Ok(0) => true,
                Ok(count) => {
                    let mut rest = &scratch[..count];
                    loop {
                        match decoder.take(&mut rest, BODY_LIMIT_BYTES) {
                            Ok(Some(frame)) => take(frame),
                            Ok(None) => return false,
                            Err(_) => return true,
                        }
                    }
                }
                Err(Errno::INTR) => false,
                Err(Errno::AGAIN) => {
                    ready.clear_ready();
                    false
                }
                Err(_) => true,
            });
            if ended {
                return Poll::Ready(Ended);
            }
        }
    }
}

fn write(socket: &OwnedFd, frame: &[u8], ends: Option<&Ends>) -> rustix::io::Result<usize> {
    let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut attached = SendAncillaryBuffer::new(&mut room);
    // Numbers 1 to 4 of the worker.
    let descriptors: Option<[BorrowedFd<'_>; DESCRIPTORS]> =
        ends.map(|ends| [&ends.prints, &ends.prints, &ends.input, &ends.output].map(AsFd::as_fd));
    if let Some(descriptors) = &descriptors {
        attached.push(SendAncillaryMessage::ScmRights(descriptors));
    }
    sendmsg(socket, &[IoSlice::new(frame)], &mut attached, SendFlags::NOSIGNAL)
}
