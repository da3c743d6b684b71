//! One call that a worker has been given: what has come of it so far.

use crate::frame::{Frame, kind};
use bytes::{Bytes, BytesMut};
use processes::Exit;
use std::collections::VecDeque;
use std::task::Waker;
use std::time::{Duration, Instant};

/// More than this is not kept of what a call prints; the host keeps less.
pub(crate) const LOG_LIMIT_BYTES: usize = 1 << 20;
/// So much of a stream waits for its reader before the worker has to.
const WAITING_LIMIT_BYTES: usize = 256 << 10;

/// A call in a worker's queue, then among the finished until its own future has taken what came of it.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) number: u64,
    pub(crate) waker: Option<Waker>,
    /// Nobody waits for the answer any more.
    pub(crate) abandoned: bool,
    /// Where its frame begins in what the worker reads; none: it has not been written.
    pub(crate) begin: Option<u64>,
    pub(crate) deadline: Instant,
    pub(crate) log: Vec<u8>,
    /// Something of the log is its own; the rest was printed while no call ran.
    pub(crate) printed: bool,
    /// The first call of its worker.
    pub(crate) first: bool,
    output: Output,
    output_bytes: u64,
    pub(crate) ended: Option<Ended>,
}

/// What has been answered by chunks.
#[derive(Debug)]
enum Output {
    /// Kept until the end; none: there was no chunk.
    Whole(Option<Head>, BytesMut),
    /// Passed on as it comes. The head is there until it has been passed on.
    Stream { begun: bool, head: Option<Head>, pieces: VecDeque<Bytes>, waiting_bytes: usize },
}

/// Type and header of the first frame of an answer.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) kind: u8,
    pub(crate) header: Bytes,
}

/// What a call ended as, and what it used.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) ending: Ending,
    pub(crate) log: Vec<u8>,
    pub(crate) first: bool,
    pub(crate) cpu: Duration,
    pub(crate) max_rss_bytes: u64,
}

/// What a call ended as.
#[derive(Debug)]
pub(crate) enum Ending {
    /// With what has not been passed on.
    Answered(Head, Bytes),
    /// The header of an `E`.
    Raised(Bytes),
    /// The worker ended; true: because the host does.
    Died(Exit, bool),
    /// It closed its descriptors and went on.
    Silent,
    /// The worker was killed for another reason.
    Stopped,
    TimedOut,
    TooMuch,
    Nonsense(String),
    /// The worker has begun nothing of it.
    Unstarted,
}

/// What a call's future is told, one after the other.
#[derive(Debug)]
pub(crate) enum Event {
    /// The first piece of a stream follows.
    Begun(Head),
    Piece(Bytes),
    Ended(Ended),
}

impl Slot {
    pub(crate) fn new(number: u64, deadline: Instant, streams: bool) -> Self {
        let output = if streams {
            Output::Stream { begun: false, head: None, pieces: VecDeque::new(), waiting_bytes: 0 }
        } else {
            Output::Whole(None, BytesMut::new())
        };
        Self {
            number,
            waker: None,
            abandoned: false,
            begin: None,
            deadline,
            log: Vec::new(),
            printed: false,
            first: false,
            output,
            output_bytes: 0,
            ended: None,
        }
    }

    pub(crate) fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Takes a frame of its answer. Some: it has ended so.
    pub(crate) fn take(&mut self, frame: Frame, limit: u64) -> Option<Ending> {
        self.output_bytes += frame.body.len() as u64;
        if self.output_bytes > limit {
            return Some(Ending::TooMuch);
        }
        let Frame { kind, header, body } = frame;
        match kind {
            kind::CHUNK => {
                self.chunk(header, body);
                None
            }
            kind::ERROR => Some(Ending::Raised(header)),
            kind::TEXT | kind::JSON | kind::BYTES => Some(self.answer(Head { kind, header }, body)),
            other => Some(Ending::Nonsense(format!(
                "answered a call with a frame of the type `{}`",
                other.escape_ascii()
            ))),
        }
    }

    /// What its future has not been told yet.
    pub(crate) fn next_event(&mut self) -> Option<Event> {
        if let Output::Stream { head, pieces, waiting_bytes, .. } = &mut self.output {
            if let Some(head) = head.take() {
                return Some(Event::Begun(head));
            }
            if let Some(piece) = pieces.pop_front() {
                *waiting_bytes -= piece.len();
                return Some(Event::Piece(piece));
            }
        }
        self.ended.take().map(Event::Ended)
    }

    /// True when more is read only when some of it has been taken.
    pub(crate) fn is_full(&self) -> bool {
        matches!(self.output, Output::Stream { waiting_bytes, .. } if waiting_bytes > WAITING_LIMIT_BYTES)
    }

    /// True when its future has something to take.
    pub(crate) fn has_event(&self) -> bool {
        match &self.output {
            Output::Stream { head, pieces, .. } => head.is_some() || !pieces.is_empty(),
            Output::Whole(..) => false,
        }
    }

    fn chunk(&mut self, header: Bytes, body: Bytes) {
        let first = Head { kind: kind::CHUNK, header };
        match &mut self.output {
            Output::Whole(head, collected) => {
                head.get_or_insert(first);
                collected.extend_from_slice(&body);
            }
            Output::Stream { begun, head, pieces, waiting_bytes } => {
                if !std::mem::replace(begun, true) {
                    *head = Some(first);
                }
                *waiting_bytes += body.len();
                pieces.push_back(body);
            }
        }
    }

    /// The last frame: its header counts only when it is the only one.
    fn answer(&mut self, head: Head, body: Bytes) -> Ending {
        match &mut self.output {
            Output::Whole(Some(first), collected) => {
                collected.extend_from_slice(&body);
                let header = std::mem::take(&mut first.header);
                Ending::Answered(Head { header, ..head }, std::mem::take(collected).freeze())
            }
            Output::Stream { begun: true, pieces, waiting_bytes, .. } => {
                if !body.is_empty() {
                    *waiting_bytes += body.len();
                    pieces.push_back(body);
                }
                Ending::Answered(head, Bytes::new())
            }
            _ => Ending::Answered(head, body),
        }
    }
}

/// Keeps as much of what was printed as there is room for.
pub(crate) fn keep_printed(log: &mut Vec<u8>, printed: &[u8]) {
    let room = LOG_LIMIT_BYTES.saturating_sub(log.len());
    log.extend_from_slice(&printed[..printed.len().min(room)]);
}
