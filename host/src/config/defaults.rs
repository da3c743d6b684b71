//! The default of every key that is a number, each with its reason.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Loopback: authentication is off by default, so nothing beyond this machine may call. 8080 needs no privilege.
pub(super) const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Enough for 6 MiB over a 2 Mbit/s line; a client that sends a byte at a time is gone after half a minute.
pub(super) const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Longer than the 60 s after which common load balancers drop an idle connection, so that they, not we, close first
/// and no request meets a connection that is just being closed.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// What Kubernetes grants between the request to end and the kill; systemd grants more.
pub(super) const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);

/// Without a bound, memory would be it. Far above what functions, with limits of their own, let through.
pub(super) const MAX_REQUESTS: usize = 10_000;

/// As many connections as requests: one connection carries one request at a time.
pub(super) const MAX_CONNECTIONS: usize = 10_000;

/// Eight times what common servers take (8 KiB): room for large tokens, and small against a body.
pub(super) const HEADER_BYTES: usize = 64 * 1024;

/// Longer than the gap between two writes of a copy, shorter than anybody waits for a deployment.
pub(super) const SETTLE: Duration = Duration::from_millis(200);

/// Beside the configuration file.
pub(super) const DEPLOY_FOLDER: &str = "deploy";

/// An authenticator may ask another machine; a caller waits for it on every call.
pub(super) const AUTH_TIMEOUT: Duration = Duration::from_secs(5);

/// Common proxies give up on an answer after 60 s: a longer call would be cut there.
pub(super) const FUNCTION_TIMEOUT: Duration = Duration::from_secs(60);

/// Smooths a burst; a caller that would wait longer is better told to come back.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(1);

/// Keeps one function from taking the whole machine: 64 processes of 20 MB are 1.3 GB.
pub(super) const CONCURRENCY: usize = 64;

/// The soft limit that Linux systems commonly give a process; programs that close "all" descriptors stay fast.
pub(super) const OPEN_FILES: u64 = 1024;

/// A buffered answer is held in memory: 64 at once are 1 GiB.
pub(super) const OUTPUT_BYTES: u64 = 16 << 20;

/// What AWS Lambda takes in a synchronous call: a function that moves here finds what it knows.
pub(super) const BODY_BYTES: u64 = 6 << 20;

/// A morning of a quiet host or seconds of a busy one: to look at what just happened, no archive.
pub(super) const HISTORY_INVOCATIONS: usize = 1000;

/// With 1000 invocations about 16 KiB for each, and nothing that shows beside the host's own memory.
pub(super) const HISTORY_MEMORY_BYTES: u64 = 16 << 20;

/// Whole for almost every JSON document; one large body pushes out a few others at most.
pub(super) const HISTORY_BODY_BYTES: u64 = 64 << 10;

/// A line for what an operator acts on, none for each call.
pub(super) const LOG_LEVEL: &str = "info";
