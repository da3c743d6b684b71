//! What looks after a template: passes on what it is asked, in order, and ends it when nobody needs it.

use super::Newborn;
use super::wire::{Ended, Wire};
use crate::frame::{Frame, kind, with_header};
use crate::function::Function;
use crate::spawn::Ends;
use plugin_api::serde_json::{self, json};
use plugin_api::tokio::sync::{mpsc, oneshot};
use plugin_api::tokio::time::{Instant, Sleep, sleep, timeout};
use processes::{Exit, Process, Read, Watched, read_some};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Weak;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// A template that has forked nothing for so long, and has no child, is given up.
const IDLE: Duration = Duration::from_secs(180);
/// So long a template may take to end when its socket has ended.
const END_PATIENCE: Duration = Duration::from_secs(2);

/// What a template is asked.
#[derive(Debug)]
pub(super) enum Ask {
    Fork { ends: Ends, answer: oneshot::Sender<Result<Newborn, String>> },
    Reap { id: i32, answer: Option<oneshot::Sender<Exit>> },
}

/// Whom the next frame is for.
enum Expected {
    Hello(oneshot::Sender<()>),
    Fork(oneshot::Sender<Result<Newborn, String>>),
    Reap(Option<oneshot::Sender<Exit>>),
}

/// A task. Dropping it kills the template.
pub(super) struct Ward {
    exit: Watched,
    prints: Watched,
    wire: Wire,
    process: Process,
    asks: mpsc::UnboundedReceiver<Ask>,
    /// For newborns, which may outlive whoever asked for them.
    asks_sender: mpsc::WeakUnboundedSender<Ask>,
    expected: VecDeque<Expected>,
    idle: Pin<Box<Sleep>>,
    function: Weak<Function>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Answer {
    pid: i32,
    message: String,
    status: i32,
    cpu_us: u64,
    max_rss_bytes: u64,
}

impl Ward {
    /// `greeting` is told of the hello.
    pub(super) fn new(
        process: Process,
        descriptors: (Watched, Watched, Wire),
        asks: (mpsc::UnboundedReceiver<Ask>, mpsc::WeakUnboundedSender<Ask>),
        greeting: oneshot::Sender<()>,
        function: Weak<Function>,
    ) -> Self {
        let (exit, prints, wire) = descriptors;
        Self {
            exit,
            prints,
            wire,
            process,
            asks: asks.0,
            asks_sender: asks.1,
            expected: VecDeque::from([Expected::Hello(greeting)]),
            idle: Box::pin(sleep(IDLE)),
            function,
        }
    }

    /// Until the template has ended, or nobody needs it.
    pub(super) async fn look_after(mut self) {
        poll_fn(|context| self.poll(context)).await;
        // Whoever still waits is told so by the end of the channels.
        self.asks.close();
        self.expected.clear();
        while self.asks.try_recv().is_ok() {}
        let Self { exit, wire, mut process, .. } = self;
        // It ends with its socket, and its children before it.
        drop(wire);
        if matches!(timeout(END_PATIENCE, exit.readable()).await, Ok(Ok(_))) {
            process.kill_leftovers();
            process.reap();
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.drop_prints(context);
        loop {
            match self.asks.poll_recv(context) {
                Poll::Ready(Some(ask)) => self.ask(ask),
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Pending => break,
            }
        }
        if self.wire.poll_write(context).is_ready() {
            return Poll::Ready(());
        }
        let mut frames = Vec::new();
        let end = self.wire.poll_read(context, &mut |frame| frames.push(frame));
        for frame in frames {
            if self.answer(&frame).is_err() {
                return Poll::Ready(());
            }
        }
        if end.is_ready() || self.exit.poll_read_ready(context).is_ready() {
            return Poll::Ready(());
        }
        self.poll_idle(context)
    }

    fn ask(&mut self, ask: Ask) {
        match ask {
            Ask::Fork { ends, answer } => {
                self.idle.as_mut().reset(Instant::now() + IDLE);
                self.wire.send(with_header(kind::FORK, b""), Some(ends));
                self.expected.push_back(Expected::Fork(answer));
            }
            Ask::Reap { id, answer } => {
                let header = json!({ "pid": id }).to_string();
                self.wire.send(with_header(kind::REAP, header.as_bytes()), None);
                self.expected.push_back(Expected::Reap(answer));
            }
        }
    }

    fn answer(&mut self, frame: &Frame) -> Result<(), Ended> {
        let answer: Answer = serde_json::from_slice(&frame.header).unwrap_or_default();
        match (self.expected.pop_front(), frame.kind) {
            (Some(Expected::Hello(greeting)), kind::HELLO) => {
                let _ = greeting.send(());
            }
            (Some(Expected::Fork(asker)), kind::FORKED) => {
                let _ = asker.send(self.newborn(answer));
            }
            (Some(Expected::Reap(asker)), kind::REAPED) => {
                if let Some(asker) = asker {
                    let _ = asker.send(Exit {
                        status: answer.status,
                        cpu: Duration::from_micros(answer.cpu_us),
                        max_rss_bytes: answer.max_rss_bytes,
                        out_of_memory: false,
                    });
                }
            }
            _ => return Err(Ended),
        }
        Ok(())
    }

    fn newborn(&self, answer: Answer) -> Result<Newborn, String> {
        if answer.pid <= 1 {
            return Err(answer.message);
        }
        match self.asks_sender.upgrade() {
            Some(asks) => Ok(Newborn { id: Some(answer.pid), asks }),
            None => {
                // Nobody is left who could want it.
                if let Some(group) = Pid::from_raw(answer.pid) {
                    let _ = kill_process_group(group, Signal::KILL);
                }
                Err("the fork server is ending".to_owned())
            }
        }
    }

    /// What it prints while it loads is nobody's output.
    fn drop_prints(&mut self, context: &mut Context<'_>) {
        while let Poll::Ready(Ok(mut ready)) = self.prints.poll_read_ready(context) {
            let mut printed = Vec::new();
            let read = crate::outlet::with_scratch(|scratch| {
                read_some(ready.get_inner(), &mut printed, scratch)
            });
            match read {
                Read::Bytes(_) => {
                    tracing::debug!(text = %String::from_utf8_lossy(&printed), "a fork server prints");
                }
                Read::Empty => ready.clear_ready(),
                Read::Closed => return,
            }
        }
    }

    fn poll_idle(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.idle.as_mut().poll(context));
            let Some(function) = self.function.upgrade() else { return Poll::Ready(()) };
            if function.nursery.give_up_idle() {
                return Poll::Ready(());
            }
            self.idle.as_mut().reset(Instant::now() + IDLE);
        }
    }
}

/// How a child is taken to have ended whose template has ended: with it.
pub(super) const LOST: Exit =
    Exit { status: libc::SIGKILL, cpu: Duration::ZERO, max_rss_bytes: 0, out_of_memory: false };
