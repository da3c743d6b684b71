//! A request as the host holds it while plugins look at it.

use super::InvocationId;
use super::Rejection;
use super::authorization::Authorization;
use http::request::Parts;
use smol_str::SmolStr;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Who calls, and by which scheme that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) name: SmolStr,
    pub(crate) scheme: SmolStr,
}

/// What started an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trigger {
    Http,
}

impl Trigger {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
        }
    }
}

/// Bytes that were kept of something, and whether there were more.
#[derive(Debug, Clone, Default)]
pub(crate) struct Piece {
    pub(crate) bytes: Vec<u8>,
    pub(crate) truncated: bool,
}

/// What the function's code printed, bounded.
#[derive(Debug, Default)]
pub(crate) struct Capture {
    bytes: Vec<u8>,
    truncated: bool,
}

/// One request, from its head to its record. Shared by reference count with the plugins that look at it.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) id: InvocationId,
    pub(crate) started: SystemTime,
    pub(crate) received: Instant,
    pub(crate) parts: Parts,
    pub(crate) remote: SocketAddr,
    pub(crate) local: SocketAddr,
    pub(crate) trigger: Trigger,
    /// Name of the function as it was called, decoded; empty for a route of the host itself.
    pub(crate) function: SmolStr,
    /// Where in the path the function's name ends.
    pub(crate) name_end: usize,
    /// Headers that hold credentials, in lower case; `authorization` and `proxy-authorization` always do.
    pub(crate) credential_headers: &'static [String],
    identity: OnceLock<Identity>,
    /// Why a body that went to the function as it came was not received to its end.
    pub(crate) body_fault: OnceLock<Rejection>,
    pub(crate) authorization: Authorization,
    /// Microseconds from `received` to the deadline; 0: none yet.
    deadline_micros: AtomicU64,
    remote_address: OnceLock<String>,
    capture: Mutex<Capture>,
    capture_limit: usize,
}

impl Request {
    /// A request whose head has just arrived. At most `capture_limit` bytes of what its code prints are kept.
    pub(crate) fn new(
        parts: Parts,
        (remote, local): (SocketAddr, SocketAddr),
        (function, name_end): (SmolStr, usize),
        credential_headers: &'static [String],
        capture_limit: usize,
    ) -> Self {
        let started = SystemTime::now();
        let authorization = Authorization::of(&parts.headers);
        Self {
            id: InvocationId::new(started),
            started,
            received: Instant::now(),
            parts,
            remote,
            local,
            trigger: Trigger::Http,
            function,
            name_end,
            credential_headers,
            identity: OnceLock::new(),
            body_fault: OnceLock::new(),
            authorization,
            deadline_micros: AtomicU64::new(0),
            remote_address: OnceLock::new(),
            capture: Mutex::new(Capture::default()),
            capture_limit,
        }
    }

    pub(crate) fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// Path up to and with the function's name.
    pub(crate) fn script_name(&self) -> &str {
        self.path().get(..self.name_end).unwrap_or_default()
    }

    /// What follows the function's name, percent-encoded.
    pub(crate) fn path_info(&self) -> &str {
        self.path().get(self.name_end..).unwrap_or_default()
    }

    pub(crate) fn identity(&self) -> Option<&Identity> {
        self.identity.get()
    }

    /// Set once, by the authentication.
    pub(crate) fn identify(&self, identity: Identity) {
        let _ = self.identity.set(identity);
    }

    /// Set once, when the function's code may start.
    pub(crate) fn set_deadline(&self, deadline: Instant) {
        let after = deadline.saturating_duration_since(self.received).as_micros();
        let micros = u64::try_from(after).unwrap_or(u64::MAX).max(1);
        self.deadline_micros.store(micros, Ordering::Relaxed);
    }

    /// From the request's arrival to its deadline.
    fn allowed(&self) -> Option<Duration> {
        let micros = self.deadline_micros.load(Ordering::Relaxed);
        (micros > 0).then(|| Duration::from_micros(micros))
    }

    pub(crate) fn remaining(&self) -> Option<Duration> {
        Some(self.allowed()?.saturating_sub(self.received.elapsed()))
    }

    /// The deadline as Unix time in milliseconds.
    pub(crate) fn deadline_unix_ms(&self) -> u64 {
        let Some(allowed) = self.allowed() else { return 0 };
        let since = self.started.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO) + allowed;
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn remote_address(&self) -> &str {
        self.remote_address.get_or_init(|| self.remote.ip().to_canonical().to_string())
    }

    /// Host of the request without its port.
    pub(crate) fn server_name(&self) -> &str {
        let named = self.parts.uri.authority().map(http::uri::Authority::host).or_else(|| {
            let host = self.parts.headers.get(http::header::HOST)?.to_str().ok()?;
            match host.rsplit_once(':') {
                Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => Some(name),
                _ => Some(host),
            }
        });
        named.unwrap_or("localhost")
    }

    /// True for headers that plugins other than auth plugins, functions, logs and the history never see.
    pub(crate) fn is_credential(&self, name: &str) -> bool {
        name == "authorization"
            || name == "proxy-authorization"
            || self.credential_headers.iter().any(|header| header == name)
    }

    /// Adds to what the code printed; what is past the limit is only counted as cut off.
    pub(crate) fn print(&self, bytes: &[u8]) {
        let mut capture = self.capture.lock().unwrap_or_else(PoisonError::into_inner);
        let room = self.capture_limit.saturating_sub(capture.bytes.len());
        capture.truncated |= bytes.len() > room;
        capture.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// What the code printed so far.
    pub(crate) fn take_prints(&self) -> Piece {
        let capture =
            std::mem::take(&mut *self.capture.lock().unwrap_or_else(PoisonError::into_inner));
        Piece { bytes: capture.bytes, truncated: capture.truncated }
    }
}
