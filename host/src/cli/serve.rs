//! `shortedfaas serve`: load, wire, serve, drain.

use super::arguments::Setup;
use super::{Failure, log};
use crate::app::{App, Phase, defaults};
use crate::build::Builder;
use crate::config::{Arguments, Config, Environment, load};
use crate::functions::Catalog;
use crate::http::{Server, bind};
use crate::live::Live;
use crate::memory;
use crate::plugins::{Libraries, Plugins, Signature, signature};
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// How long connections may take to get their last bytes out when the host ends.
const FLUSH_LIMIT: Duration = Duration::from_secs(5);
/// How long runners may take to end what still runs after the drain.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);
/// Threads for what is not a request: preparing functions, following files. Requests have threads of their own.
const HOUSEKEEPING_THREADS: usize = 1;
/// Threads for what may block, at most; they end when idle.
const BLOCKING_THREADS: usize = 64;

/// What the configuration is read with.
pub(super) fn arguments(setup: &Setup) -> Arguments {
    Arguments {
        config: setup.config.clone(),
        deploy: setup.deploy.clone(),
        listen: setup.listen.clone(),
    }
}

/// Reads the configuration.
pub(super) fn configuration(arguments: &Arguments) -> Result<Config, Failure> {
    load(arguments, &Environment::of_process())
        .map_err(|mistakes| Failure::Usage(mistakes.to_string()))
}

/// Reads the configuration together with its file's signature: a change that comes while it is read is read again.
fn read_untouched(arguments: &Arguments) -> Result<(Config, Option<Signature>), Failure> {
    let config = configuration(arguments)?;
    let mut taken = config.file.as_deref().and_then(signature);
    loop {
        let config = configuration(arguments)?;
        let now = config.file.as_deref().and_then(signature);
        if now == taken {
            return Ok((config, taken));
        }
        taken = now;
    }
}

/// Serves until it is told to end.
pub(super) fn serve(setup: Setup) -> Result<(), Failure> {
    let arguments = arguments(&setup);
    let (config, taken) = read_untouched(&arguments)?;
    let log_level = log::start(&config.log).map_err(Failure::Usage)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(HOUSEKEEPING_THREADS)
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(format!("the runtime cannot be started: {error}")))?;
    let libraries = Libraries::new(setup.plugins.clone());
    let result = runtime.block_on(run(config, taken, arguments, libraries, log_level));
    // What still blocks is given up: the process ends now.
    runtime.shutdown_background();
    result
}

async fn run(
    config: Config,
    taken: Option<Signature>,
    arguments: Arguments,
    libraries: Libraries,
    log_level: log::LogLevel,
) -> Result<(), Failure> {
    let mut stop = stop_signals()?;
    let plugins = Arc::new(Plugins::new(libraries, Builder::new()));
    load_plugins(&plugins, &config).await?;
    // Bound before the functions are read, so that a port in use is said at once; accepted from when they are there.
    let listener = bind(config.server.listen).map_err(Failure::Failed)?;
    let (folder, settle) = (config.deploy.folder.clone(), config.deploy.settle);
    let defaults = defaults(&config, &plugins);
    let opened = Catalog::open(&folder, settle, defaults, Arc::clone(&plugins)).await;
    let catalog = opened.map_err(|error| Failure::Usage(error.to_string()))?;
    let app = App::new(config, plugins, catalog);
    let live = Live { app, arguments, log_level, taken };
    let following = tokio::spawn(live.follow());
    let listener = TcpListener::from_std(listener)
        .map_err(|error| Failure::Failed(format!("the listener cannot be used: {error}")))?;
    memory::give_back();
    announce(&listener)?;
    app.set_phase(Phase::Serving);
    let server = Server::new(app)
        .map_err(|error| Failure::Failed(format!("no threads to serve with: {error}")))?;
    tokio::select! {
        () = server.accept(&listener) => {}
        () = stop.wait() => {}
    }
    drain(app, server, &listener, &mut stop).await;
    following.abort();
    app.plugins.active().shutdown(SHUTDOWN_GRACE).await;
    tracing::info!("ended");
    Ok(())
}

async fn load_plugins(plugins: &Arc<Plugins>, config: &Config) -> Result<(), Failure> {
    let (plugins, config) = (Arc::clone(plugins), config.clone());
    let applied = tokio::task::spawn_blocking(move || plugins.apply(&config)).await;
    let changed = applied.map_err(|error| Failure::Failed(error.to_string()))?;
    if changed.mistakes.is_empty() {
        return Ok(());
    }
    Err(Failure::Usage(changed.mistakes.join("\n")))
}

/// The first line on standard output; it ends up in scripts.
fn announce(listener: &TcpListener) -> Result<(), Failure> {
    let address = listener.local_addr().map_err(|error| Failure::Failed(error.to_string()))?;
    let mut out = std::io::stdout();
    // Nobody may be reading: that is no reason to end.
    let _ = writeln!(out, "listening on http://{address}").and_then(|()| out.flush());
    tracing::info!(%address, "serving");
    Ok(())
}

/// Lets what runs end; new requests get 503 meanwhile. A second signal ends the wait.
async fn drain(
    app: &'static App,
    server: &'static Server,
    listener: &TcpListener,
    stop: &mut StopSignals,
) {
    app.set_phase(Phase::Draining);
    let limit = app.config().server.drain_timeout;
    tracing::info!(in_flight = server.in_flight(), ?limit, "draining");
    tokio::select! {
        () = server.idle() => {}
        () = server.accept(listener) => {}
        () = tokio::time::sleep(limit) => {
            tracing::warn!(in_flight = server.in_flight(), "drain took too long: the rest is stopped");
        }
        () = stop.wait() => tracing::warn!("asked twice: the rest is stopped"),
    }
    let _ = tokio::time::timeout(FLUSH_LIMIT, server.close_connections()).await;
}

struct StopSignals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

fn stop_signals() -> Result<StopSignals, Failure> {
    let listen =
        |kind| signal(kind).map_err(|error| Failure::Failed(format!("no signal handler: {error}")));
    Ok(StopSignals {
        terminate: listen(SignalKind::terminate())?,
        interrupt: listen(SignalKind::interrupt())?,
    })
}

impl StopSignals {
    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
