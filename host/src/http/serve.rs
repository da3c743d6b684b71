//! The listener: accepts connections, serves them, and ends them when the host drains.

use super::connection::{Connection, Connections, Registered};
use super::lanes::Lanes;
use super::refusal::Refusals;
use super::routes::Routes;
use super::service::answer;
use crate::app::App;
use crate::invocation::Rejection;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// How often idle connections are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// Connections waiting to be accepted; the kernel caps it at net.core.somaxconn.
const BACKLOG: u32 = 4096;
/// How long nothing is accepted after the process ran out of descriptors.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(50);
/// Least that hyper takes as its buffer for a head, in bytes.
const LEAST_HEAD_BYTES: usize = 8192;

/// How often it is looked whether a connection has ended, while `server.max_connections` are open.
const FULL_LOOK_EVERY: Duration = Duration::from_millis(5);
/// How often it is looked whether the last request has its answer, while draining.
const DRAIN_LOOK_EVERY: Duration = Duration::from_millis(10);

/// Everything that serves connections. One a process, and it lives as long.
pub(crate) struct Server {
    pub(super) app: &'static App,
    pub(super) routes: Routes,
    connections: Arc<Connections>,
    lanes: Lanes,
}

/// Binds the address.
///
/// # Errors
/// The address is in use or not ours; the message says so and what to do.
pub(crate) fn bind(address: SocketAddr) -> Result<std::net::TcpListener, String> {
    let bound = (|| {
        let socket = match address {
            SocketAddr::V4(_) => tokio::net::TcpSocket::new_v4()?,
            SocketAddr::V6(_) => tokio::net::TcpSocket::new_v6()?,
        };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)?.into_std()
    })();
    bound.map_err(|error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AddrInUse => format!(
            "cannot listen on {address}: the port is in use; stop the other program or choose another with --listen or server.listen"
        ),
        _ => format!("cannot listen on {address}: {error}; choose another address with --listen or server.listen"),
    })
}

impl Server {
    /// Made once; never freed.
    ///
    /// # Errors
    /// The system gives no threads.
    pub(crate) fn new(app: &'static App) -> std::io::Result<&'static Self> {
        let connections = Arc::new(Connections::default());
        let routes = Routes::new(app, Arc::clone(&connections));
        let lanes = Lanes::start(app.config().server.threads)?;
        Ok(Box::leak(Box::new(Self { app, routes, connections, lanes })))
    }

    /// Whether one more request fits. A connection has one at a time: only with many of them they have to be counted.
    pub(super) fn entrance(&self) -> Result<(), Rejection> {
        let limit = self.app.hot().max_requests;
        if self.app.connections.load(Ordering::Relaxed) > limit
            && self.connections.in_flight() > limit
        {
            return Err(Rejection::Saturated { limit });
        }
        Ok(())
    }

    /// How many requests have no answer yet.
    pub(crate) fn in_flight(&self) -> usize {
        self.connections.in_flight()
    }

    /// Returns when no request is without its answer.
    pub(crate) async fn idle(&self) {
        while self.in_flight() > 0 {
            tokio::time::sleep(DRAIN_LOOK_EVERY).await;
        }
    }

    /// Accepts connections until the returned future is dropped.
    pub(crate) async fn accept(&'static self, listener: &TcpListener) {
        let mut sweep = tokio::time::interval(SWEEP_EVERY);
        loop {
            tokio::select! {
                accepted = self.next(listener) => match accepted {
                    Ok((stream, remote)) => self.open(stream, remote),
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        tokio::time::sleep(OUT_OF_DESCRIPTORS).await;
                    }
                },
                _ = sweep.tick() => {
                    let limit = self.app.config().server.idle_timeout;
                    self.connections.sweep(limit, SWEEP_EVERY);
                }
            }
        }
    }

    /// The next connection, once there are fewer than `server.max_connections`; until then the kernel keeps them waiting.
    async fn next(&self, listener: &TcpListener) -> std::io::Result<(TcpStream, SocketAddr)> {
        while self.connections.count() >= self.app.config().server.max_connections {
            tokio::time::sleep(FULL_LOOK_EVERY).await;
        }
        listener.accept().await
    }

    /// Lets every connection finish its current answer, and closes it.
    pub(crate) async fn close_connections(&self) {
        self.connections.close_all().await;
    }

    fn open(&'static self, stream: TcpStream, remote: SocketAddr) {
        let _ = stream.set_nodelay(true);
        let local = stream.local_addr().unwrap_or(remote);
        let registered = self.connections.register(remote, local);
        let header_bytes = self.app.config().server.header_bytes.max(LEAST_HEAD_BYTES);
        self.app.connections.store(self.connections.count(), Ordering::Relaxed);
        // Out of the reactor of the accepting thread, into that of the lane.
        let Ok(stream) = stream.into_std() else { return };
        self.lanes.serve(|place| async move {
            let _place = place;
            if let Ok(stream) = TcpStream::from_std(stream) {
                serve(stream, registered, header_bytes, self).await;
            }
        });
    }
}

async fn serve(
    stream: TcpStream,
    registered: Registered,
    header_bytes: usize,
    server: &'static Server,
) {
    let connection = Arc::clone(&registered.connection);
    let service = service_fn(|request| {
        let connection = Arc::clone(&connection);
        async move { Ok::<_, Infallible>(answer(server, connection, request).await) }
    });
    let stream = Refusals::new(TokioIo::new(stream), header_bytes, Arc::clone(&connection));
    let mut builder = http1::Builder::new();
    builder.max_buf_size(header_bytes).half_close(false);
    let serving = builder.serve_connection(stream, service);
    if let Err(error) = until_closed(serving, &connection).await {
        tracing::debug!(remote = %connection.remote, %error, "connection ended early");
    }
}

/// Serves until the other side closes or somebody asks for the end. The question costs one relaxed load a wake-up.
async fn until_closed<T, S, B>(
    serving: http1::Connection<T, S>,
    connection: &Connection,
) -> hyper::Result<()>
where
    http1::Connection<T, S>: Future<Output = hyper::Result<()>>,
    S: hyper::service::HttpService<hyper::body::Incoming, ResBody = B>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    T: hyper::rt::Read + hyper::rt::Write + Unpin,
    B: http_body::Body + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut serving = pin!(serving);
    let mut known = false;
    let mut closing = false;
    std::future::poll_fn(move |context| {
        if !known {
            known = true;
            connection.is_served_by(context.waker());
        }
        if connection.is_closing() && !closing {
            closing = true;
            serving.as_mut().graceful_shutdown();
        }
        let polled = serving.as_mut().poll(context);
        // hyper waits for the rest of a head for ever; nothing else holds up a connection that is at rest.
        let is_over = connection.is_aborting() || (closing && connection.is_at_rest());
        if polled.is_pending() && is_over { Poll::Ready(Ok(())) } else { polled }
    })
    .await
}
