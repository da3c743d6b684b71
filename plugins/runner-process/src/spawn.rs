//! New processes: a worker of its own, one that a template forks, or a template.

use crate::function::Function;
use crate::life::{Forked, Life};
use crate::template::{self, Template};
use plugin_api::{Error, Result};
use processes::{
    Adopted, Answer, LaunchError, Process, Starter, open_folder, pipe, set_nonblocking,
};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

/// A process to be started, as the thread that starts it needs it.
pub(crate) enum Order {
    Worker(Arc<Function>),
    Template(Arc<Function>),
}

/// What comes of it.
pub(crate) enum Product {
    Worker(Process, Started),
    Template(template::Spawned),
}

/// Our ends of a worker's pipes, and the function's folder when it was started.
pub(crate) struct Started {
    folder: OwnedFd,
    ours: Ends,
}

/// The same ends on either side.
#[derive(Debug)]
pub(crate) struct Ends {
    pub(crate) input: OwnedFd,
    pub(crate) output: OwnedFd,
    pub(crate) prints: OwnedFd,
}

/// A worker's process with our ends of its pipes.
pub(crate) struct Spawned {
    pub(crate) life: Life,
    pub(crate) folder: OwnedFd,
    pub(crate) input: OwnedFd,
    pub(crate) output: OwnedFd,
    pub(crate) prints: OwnedFd,
}

/// On a thread that starts processes.
pub(crate) fn spawn(starter: &mut Starter, order: Order) -> Answer<Product> {
    let function = match order {
        Order::Worker(function) => function,
        Order::Template(function) => return template::spawn(starter, &function),
    };
    let (started, theirs) = begin(&function)?;
    let prints = Some(theirs.prints.as_fd());
    let descriptors =
        [None, prints, prints, Some(theirs.input.as_fd()), Some(theirs.output.as_fd())];
    let Function { blueprint, environment, .. } = &*function;
    let process = starter.start(blueprint, &started.folder, environment, &descriptors)?.process;
    Ok(Product::Worker(process, started))
}

/// Starts a worker of its own.
pub(crate) async fn spawn_directly(function: &Arc<Function>) -> Result<Spawned> {
    let product = function.shared.pool.run(Order::Worker(Arc::clone(function))).await?;
    let program = function.blueprint.path.to_string_lossy();
    match product.map_err(|error| error.into_error(&program))? {
        Product::Worker(process, started) => Ok(Spawned::new(Life::Own(process), started)),
        Product::Template(_) => Err(Error::plugin("another process was started in its place")),
    }
}

/// Has a template fork a worker.
pub(crate) async fn fork(
    function: &Arc<Function>,
    template: &Arc<Template>,
) -> Result<Spawned, String> {
    let told = |error: LaunchError| error.to_string();
    let (started, theirs) = begin(function).map_err(told)?;
    let newborn = template.fork(theirs).await?;
    let (bounds, registry) = (&function.blueprint.bounds, function.shared.registry());
    let adopted = Adopted::new(newborn.id(), bounds, registry).map_err(told)?;
    newborn.take();
    Ok(Spawned::new(Life::Forked(Forked::new(adopted, Arc::clone(template))), started))
}

fn begin(function: &Function) -> Result<(Started, Ends), LaunchError> {
    let folder = open_folder(&function.blueprint)?;
    let (their_input, input) = pipe()?;
    let (output, their_output) = pipe()?;
    let (prints, their_prints) = pipe()?;
    for ours in [&input, &output, &prints] {
        set_nonblocking(ours)?;
    }
    let theirs = Ends { input: their_input, output: their_output, prints: their_prints };
    Ok((Started { folder, ours: Ends { input, output, prints } }, theirs))
}

impl Spawned {
    fn new(life: Life, started: Started) -> Self {
        let Started { folder, ours: Ends { input, output, prints } } = started;
        Self { life, folder, input, output, prints }
    }
}
