//! Clients that call without a pause until they are told to stop.

use super::{Connection, Host};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

/// What the clients have in common.
#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    succeeded: AtomicUsize,
}

/// Clients at work.
pub(crate) struct Load {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    /// `clients` connections that post `ping` to `path`; anything but a 200 whose body `accepts` is a failure.
    pub(crate) fn start(
        host: &Host,
        clients: usize,
        path: &'static str,
        accepts: fn(&str) -> bool,
    ) -> Self {
        let shared = Arc::new(Shared::default());
        let address = host.address;
        let clients = (0..clients)
            .map(|_| {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || work(&shared, address, path, accepts))
            })
            .collect();
        Self { shared, clients }
    }

    /// How many calls have succeeded so far.
    pub(crate) fn succeeded(&self) -> usize {
        self.shared.succeeded.load(Ordering::Relaxed)
    }

    /// True when a client has given up.
    pub(crate) fn has_failed(&self) -> bool {
        self.clients.iter().any(JoinHandle::is_finished)
    }

    /// Stops the clients and gives all failures.
    pub(crate) fn stop(self) -> Vec<String> {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    }
}

/// Ends early after ten failures: a hundred more say nothing new.
fn work(
    shared: &Shared,
    address: SocketAddr,
    path: &str,
    accepts: fn(&str) -> bool,
) -> Vec<String> {
    let mut failures = Vec::new();
    let mut connection = Connection::open(address).unwrap();
    while !shared.stop.load(Ordering::Relaxed) && failures.len() < 10 {
        match connection.exchange("POST", path, b"ping") {
            Ok(answer) if answer.status == 200 && accepts(&answer.text()) => {
                shared.succeeded.fetch_add(1, Ordering::Relaxed);
            }
            Ok(answer) => failures.push(format!("{} {}", answer.status, answer.text())),
            Err(error) => {
                failures.push(error.to_string());
                match Connection::open(address) {
                    Ok(opened) => connection = opened,
                    Err(error) => return vec![error.to_string()],
                }
            }
        }
    }
    failures
}
