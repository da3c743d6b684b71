//! Descriptor 4 of a worker: frames are read by whoever waits for one.

use crate::frame::{Decoder, Frame, Malformed};
use plugin_api::{Host, Readiness};
use processes::{LARGEST_PIPE_BYTES, PIPE_BYTES, enlarge};
use rustix::io::{Errno, read};
use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::task::{Context, Poll};

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; PIPE_BYTES].into_boxed_slice());
}

/// Room to read into; not within itself.
pub(crate) fn with_scratch<T>(work: impl FnOnce(&mut [u8]) -> T) -> T {
    SCRATCH.with_borrow_mut(|scratch| work(scratch))
}

/// Our end of the pipe, and the part of a frame that has come.
pub(crate) struct Outlet {
    source: Source,
    decoder: Decoder,
    enlarged: bool,
    /// It cannot be watched: there is nothing more to come.
    failed: bool,
    /// The worker has closed its end, or has written what is no frame.
    pub(crate) closed: bool,
    /// The last read may have left something.
    pub(crate) unread: bool,
    /// Number of the call whose waker has been registered since the pipe was last readable.
    pub(crate) registered: Option<u64>,
}

enum Source {
    /// Nobody has called the worker yet.
    Unwatched(Option<OwnedFd>),
    Watched(Readiness),
}

/// What a read brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Brought {
    /// Something, and perhaps there is more.
    More,
    /// All that there was.
    All,
    /// The end.
    End,
}

impl Outlet {
    /// `pipe` does not block.
    pub(crate) fn new(pipe: OwnedFd) -> Self {
        Self {
            source: Source::Unwatched(Some(pipe)),
            decoder: Decoder::default(),
            enlarged: false,
            failed: false,
            closed: false,
            unread: false,
            registered: None,
        }
    }

    /// On the thread that serves the first call: from now on it is woken. With each call that finds the worker idle the
    /// watch moves to that call's thread: to have another thread woken costs more, and costs it for every call.
    pub(crate) fn watch(&mut self, host: &Host, is_idle: bool) -> io::Result<()> {
        match &mut self.source {
            Source::Unwatched(pipe) => {
                if let Some(pipe) = pipe.take() {
                    self.failed = true;
                    self.source = Source::Watched(Readiness::new(host, pipe)?);
                    self.failed = false;
                }
            }
            Source::Watched(readiness) if is_idle => readiness.move_here(),
            Source::Watched(_) => {}
        }
        Ok(())
    }

    /// A descriptor of its own for the time before the first call.
    pub(crate) fn duplicate(&self) -> io::Result<OwnedFd> {
        self.descriptor().ok_or(Errno::BADF)?.try_clone_to_owned()
    }

    /// Ready once for all that can be read then.
    pub(crate) fn poll_readable(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.unread {
            return Poll::Ready(());
        }
        match &self.source {
            Source::Watched(readiness) => readiness.poll(context).map(|ready| {
                self.failed = ready.is_err();
            }),
            Source::Unwatched(_) => Poll::Pending,
        }
    }

    /// One read, which does not wait; gives `take` every frame that is whole.
    pub(crate) fn read(
        &mut self,
        limit: u64,
        take: &mut dyn FnMut(Frame),
    ) -> Result<Brought, Malformed> {
        with_scratch(|scratch| self.read_with(scratch, limit, take))
    }

    fn read_with(
        &mut self,
        scratch: &mut [u8],
        limit: u64,
        take: &mut dyn FnMut(Frame),
    ) -> Result<Brought, Malformed> {
        if self.failed {
            return Ok(Brought::End);
        }
        let missing = self.decoder.room().len();
        if missing > PIPE_BYTES && !self.enlarged {
            self.enlarged = true;
            if let Some(pipe) = self.descriptor() {
                enlarge(pipe, missing.min(LARGEST_PIPE_BYTES));
            }
        }
        let Some(pipe) = descriptor(&self.source) else { return Ok(Brought::End) };
        let (count, wanted) = if missing == 0 {
            (read_patiently(pipe, scratch), scratch.len())
        } else {
            (read_patiently(pipe, self.decoder.room()), missing)
        };
        let count = match count {
            Ok(0) => return Ok(Brought::End),
            Ok(count) => count,
            Err(Errno::AGAIN) => return Ok(Brought::All),
            Err(_) => return Ok(Brought::End),
        };
        if missing > 0 {
            if let Some(frame) = self.decoder.filled(count) {
                take(frame);
            }
        } else {
            let mut rest = &scratch[..count];
            while let Some(frame) = self.decoder.take(&mut rest, limit)? {
                take(frame);
            }
        }
        Ok(if count == wanted { Brought::More } else { Brought::All })
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        descriptor(&self.source)
    }
}

fn descriptor(source: &Source) -> Option<BorrowedFd<'_>> {
    match source {
        Source::Unwatched(pipe) => pipe.as_ref().map(AsFd::as_fd),
        Source::Watched(readiness) => Some(readiness.descriptor().as_fd()),
    }
}

fn read_patiently(pipe: BorrowedFd<'_>, into: &mut [u8]) -> rustix::io::Result<usize> {
    loop {
        match read(pipe, &mut *into) {
            Err(Errno::INTR) => {}
            result => return result,
        }
    }
}
