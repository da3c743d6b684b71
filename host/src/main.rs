//! ShortedFaaS: a function host. Arguments -> configuration -> plugins -> functions -> serve -> drain.

mod app;
mod build;
mod cli;
mod config;
mod functions;
mod history;
mod http;
mod invocation;
mod live;
mod memory;
mod patience;
mod pipeline;
mod plugins;
mod retries;
mod values;
mod workers;

/// Threads of several libraries allocate side by side, and plugins free what the host made: mimalloc keeps both cheap.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::run()
}
