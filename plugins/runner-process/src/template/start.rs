//! Starting a template.

use super::Template;
use super::ward::Ward;
use super::wire::Wire;
use crate::function::Function;
use crate::spawn::{Order, Product};
use plugin_api::tokio::sync::{mpsc, oneshot};
use plugin_api::tokio::{self, time::timeout};
use processes::{
    Answer, LaunchError, Process, SpawnError, Starter, Step, open_folder, pipe, readable,
    readable_and_writable, set_nonblocking,
};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

/// A template's process with our ends.
pub(crate) struct Spawned {
    process: Process,
    socket: OwnedFd,
    prints: OwnedFd,
}

/// On a thread that starts processes.
pub(crate) fn spawn(starter: &mut Starter, function: &Function) -> Answer<Product> {
    let blueprint = function.template.as_ref().unwrap_or(&function.blueprint);
    let folder = open_folder(blueprint)?;
    let (prints, their_prints) = pipe()?;
    let (socket, theirs) =
        socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
            .map_err(|errno| LaunchError::from(SpawnError { step: Step::Pipes, errno }))?;
    set_nonblocking(&socket)?;
    set_nonblocking(&prints)?;
    let prints_end = Some(their_prints.as_fd());
    let descriptors = [None, prints_end, prints_end, Some(theirs.as_fd())];
    let started = starter.start(blueprint, &folder, &function.environment, &descriptors)?;
    Ok(Product::Template(Spawned { process: started.process, socket, prints }))
}

/// Starts it and waits until it is ready to fork.
pub(super) async fn start(function: &Arc<Function>) -> Result<Arc<Template>, String> {
    let order = Order::Template(Arc::clone(function));
    let spawned = function.shared.pool.run(order).await.map_err(|error| error.to_string())?;
    let Product::Template(spawned) = spawned.map_err(|error| error.to_string())? else {
        return Err("another process was started in its place".to_owned());
    };
    let failed = |error: std::io::Error| error.to_string();
    let pidfd = spawned.process.pidfd().try_clone_to_owned().map_err(failed)?;
    let socket = readable_and_writable(spawned.socket).map_err(failed)?;
    let mut wire = Wire::new(socket);
    wire.send(function.load.clone(), None);
    let watches =
        (readable(pidfd).map_err(failed)?, readable(spawned.prints).map_err(failed)?, wire);
    let (sender, asks) = mpsc::unbounded_channel();
    let (greeting, greeted) = oneshot::channel();
    let channel = (asks, sender.downgrade());
    let ward = Ward::new(spawned.process, watches, channel, greeting, Arc::downgrade(function));
    tokio::spawn(ward.look_after());
    match timeout(function.start_patience, greeted).await {
        Ok(Ok(())) => Ok(Arc::new(Template { asks: sender })),
        Ok(Err(_)) => Err("it ended before it was ready".to_owned()),
        Err(_) => Err("it was not ready in time".to_owned()),
    }
}
