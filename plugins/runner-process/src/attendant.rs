//! What looks after a worker while nobody calls it, and does what a call's own thread need not: a task of the plugin's runtime.

use crate::pump::Printed;
use crate::worker::Link;
use plugin_api::tokio::time::{Instant, Sleep, sleep_until};
use processes::{Watched, writable};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// So many times in a row prints are taken before others have their turn.
const TURNS: usize = 8;

/// The task. It lives until the worker has been reaped.
struct Attendant {
    link: Arc<Link>,
    exit: Watched,
    input: Option<Watched>,
    sleep: Pin<Box<Sleep>>,
    prints_end: bool,
}

/// Within the plugin's runtime. `exit` becomes readable when the process has ended.
pub(crate) async fn attend(link: Arc<Link>, exit: Watched) {
    let sleep = Box::pin(sleep_until(Instant::now() + Duration::from_secs(60)));
    let mut attendant =
        Attendant { link: Arc::clone(&link), exit, input: None, sleep, prints_end: false };
    poll_fn(|context| attendant.poll(context)).await;
    let life = {
        let mut state = link.lock();
        state.exited(&link);
        state.life.take()
    };
    let by_host = link.function.shared.registry().is_ending();
    let exit = match life {
        Some(life) => life.reap().await,
        None => Default::default(),
    };
    let _ = link.exit.set(exit);
    link.lock().gone(&link, exit, by_host);
    link.observer.wake();
}

impl Attendant {
    /// Ready when the process has ended.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.link.attendant.register(context.waker());
        self.poll_prints(context);
        self.poll_input(context);
        self.poll_deadlines(context);
        self.exit.poll_read_ready(context).map(|_| ())
    }

    /// Also between calls: a worker that prints must never wait.
    fn poll_prints(&mut self, context: &mut Context<'_>) {
        for _ in 0..TURNS {
            if self.prints_end {
                return;
            }
            match self.link.prints.poll_read_ready(context) {
                Poll::Pending => return,
                Poll::Ready(Err(_)) => self.prints_end = true,
                Poll::Ready(Ok(mut ready)) => match self.link.lock().take_prints(&self.link) {
                    Printed::All => ready.clear_ready(),
                    Printed::End => self.prints_end = true,
                    Printed::More => {}
                },
            }
        }
        context.waker().wake_by_ref();
    }

    /// What a pipe did not take at once.
    fn poll_input(&mut self, context: &mut Context<'_>) {
        loop {
            let mut state = self.link.lock();
            if !state.inlet.has_unwritten() {
                return;
            }
            if self.input.is_none() {
                self.input = state.inlet.duplicate().and_then(|pipe| writable(pipe.ok()?).ok());
            }
            let Some(input) = &self.input else { return };
            match input.poll_write_ready(context) {
                Poll::Pending | Poll::Ready(Err(_)) => return,
                Poll::Ready(Ok(mut ready)) => {
                    state.inlet.flush();
                    if state.inlet.has_unwritten() {
                        ready.clear_ready();
                    }
                }
            }
        }
    }

    fn poll_deadlines(&mut self, context: &mut Context<'_>) {
        loop {
            let mut state = self.link.lock();
            let Some(armed) = state.arm() else { return };
            let armed = Instant::from_std(armed);
            if self.sleep.deadline() != armed {
                self.sleep.as_mut().reset(armed);
            }
            if self.sleep.as_mut().poll(context).is_pending() {
                return;
            }
            state.expire(&self.link, std::time::Instant::now());
        }
    }
}
