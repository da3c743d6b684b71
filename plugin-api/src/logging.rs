//! What a plugin says reaches the host's log, marked with the invocation it is about.

use plugin_abi::HostV1;
use plugin_abi::abi_stable::std_types::RStr;
use std::cell::Cell;
use std::sync::OnceLock;

/// Longest id of an invocation, in bytes (a UUID is 36).
const ID_LIMIT: usize = 40;

/// The invocation that a future works for; by value, so that it outlives the request.
#[derive(Clone, Copy)]
pub(crate) struct InvocationMark {
    id: [u8; ID_LIMIT],
    len: u8,
}

#[derive(Clone, Copy)]
struct Current {
    host: HostV1,
    mark: InvocationMark,
}

thread_local! {
    static CURRENT: Cell<Option<Current>> = const { Cell::new(None) };
}

/// The host of the first instance: for records of threads that no call of the host is on.
static FIRST_HOST: OnceLock<HostV1> = OnceLock::new();

impl InvocationMark {
    pub(crate) const NONE: Self = Self { id: [0; ID_LIMIT], len: 0 };

    pub(crate) fn new(id: &str) -> Self {
        let mut mark = Self::NONE;
        if let Some(place) = mark.id.get_mut(..id.len()) {
            place.copy_from_slice(id.as_bytes());
            mark.len = u8::try_from(id.len()).unwrap_or_default();
        }
        mark
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.id[..usize::from(self.len)]).unwrap_or_default()
    }

    /// Marks this thread's records until the guard is dropped.
    pub(crate) fn enter(&self, host: &HostV1) -> Entered {
        Entered { before: CURRENT.replace(Some(Current { host: *host, mark: *self })) }
    }
}

pub(crate) struct Entered {
    before: Option<Current>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.before);
    }
}

/// Sends the library's `tracing` records and panics to the host; once a library, later calls change nothing.
pub(crate) fn install(host: HostV1) {
    if FIRST_HOST.set(host).is_err() {
        return;
    }
    #[cfg(feature = "tracing")]
    crate::tracing_bridge::install();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let text = panic.payload_as_str().unwrap_or("(not a text)");
        emit(
            plugin_abi::level::ERROR,
            "panic",
            &format!("plugin panicked at {place}: {text}"),
            "{}",
        );
    }));
}

/// The host that records of this thread go to.
fn current() -> Option<(HostV1, InvocationMark)> {
    let current = CURRENT.try_with(Cell::get).ok().flatten();
    current
        .map(|current| (current.host, current.mark))
        .or_else(|| FIRST_HOST.get().map(|host| (*host, InvocationMark::NONE)))
}

/// True when the host wants records of that level.
#[cfg(feature = "tracing")]
pub(crate) fn wanted(level: u32) -> bool {
    current().is_some_and(|(host, _)| level <= (host.max_level)(host.context))
}

/// One record from wherever this thread is.
pub(crate) fn emit(level: u32, target: &str, message: &str, fields_json: &str) {
    if let Some((host, mark)) = current() {
        send(&host, &mark, level, target, message, fields_json);
    }
}

/// One record for a given host.
pub(crate) fn record(host: &HostV1, level: u32, target: &str, message: &str, fields_json: &str) {
    let mark = CURRENT.try_with(Cell::get).ok().flatten().map_or(InvocationMark::NONE, |c| c.mark);
    send(host, &mark, level, target, message, fields_json);
}

fn send(host: &HostV1, mark: &InvocationMark, level: u32, target: &str, message: &str, json: &str) {
    (host.log)(
        host.context,
        level,
        RStr::from_str(target),
        RStr::from_str(message),
        RStr::from_str(json),
        RStr::from_str(mark.as_str()),
    );
}
