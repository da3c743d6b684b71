//! Bounds on running code: it gives way from time to time, and is not resumed after its deadline.

use mlua::{HookTriggers, Lua, VmState};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Instructions between two looks at the clock: some ten microseconds.
const INSTRUCTIONS: u32 = 5_000;
/// So long after its deadline code that cannot give way is ended by an error.
const PATIENCE: Duration = Duration::from_millis(10);

/// When the code that runs now must give way, and when it must have ended. Cheap to share.
#[derive(Clone, Default)]
pub(crate) struct Interrupt(Arc<Shared>);

#[derive(Default)]
struct Shared {
    bounds: Mutex<Option<Bounds>>,
    /// Looks since the code was first told to give way; 0: it was not.
    looks: AtomicU32,
}

#[derive(Clone, Copy)]
struct Bounds {
    slice_end: Instant,
    deadline: Instant,
}

impl Interrupt {
    /// Has a state look at the clock while it runs, in its coroutines too.
    pub(crate) fn install(&self, lua: &Lua) -> mlua::Result<()> {
        let interrupt = self.clone();
        let triggers = HookTriggers::new().every_nth_instruction(INSTRUCTIONS);
        lua.set_global_hook(triggers, move |_, _| interrupt.look())
    }

    /// Code begins, or goes on, now.
    pub(crate) fn begin_slice(&self, length: Duration, deadline: Instant) {
        let slice_end = Instant::now() + length;
        *self.lock() = Some(Bounds { slice_end, deadline });
        self.forget();
    }

    /// True from the moment at which code was told to give way until it goes on.
    pub(crate) fn gave_way(&self) -> bool {
        self.0.looks.load(Ordering::Relaxed) > 0
    }

    /// It gives way by its own will: it may be told again.
    pub(crate) fn forget(&self) {
        self.0.looks.store(0, Ordering::Relaxed);
    }

    /// Told to give way, code inside a function of C that calls back goes on instead, and is told again. Past its
    /// deadline an error ends such code; code that can give way never sees one, so that `pcall` does not help it.
    fn look(&self) -> mlua::Result<VmState> {
        let Some(bounds) = *self.lock() else { return Ok(VmState::Continue) };
        let now = Instant::now();
        if now < bounds.slice_end {
            return Ok(VmState::Continue);
        }
        match self.0.looks.fetch_add(1, Ordering::Relaxed) % 3 {
            0 => Ok(VmState::Yield),
            // A coroutine that gave way hands it on to who resumed it meanwhile.
            2 if now > bounds.deadline + PATIENCE => Err(mlua::Error::runtime("its time is over")),
            _ => Ok(VmState::Continue),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Bounds>> {
        self.0.bounds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
