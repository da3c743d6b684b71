//! What can be typed.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// A function host: one program, no container, no cluster, every part a plugin.
#[derive(Debug, Parser)]
#[command(name = "shortedfaas", version, about, arg_required_else_help = true)]
pub(super) struct Program {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serve the functions of a folder over HTTP
    Serve(Setup),
    /// Check the configuration, the plugins and every run.json, without serving
    Check(Setup),
    /// Show the plugins that are on, read from their libraries without running them
    Plugins(PluginsArguments),
    /// Show the functions of a running host
    List(ListArguments),
    /// Call a function of a running host; the body comes from standard input unless --data is given
    Invoke(InvokeArguments),
    /// Show the last invocations of a running host
    Logs(LogsArguments),
}

#[derive(Debug, Clone, Args)]
pub(super) struct Setup {
    /// Configuration file [default: shortedfaas.toml in the working directory, else the built-in one]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Folder of the deployed functions, instead of deploy.folder
    #[arg(long, value_name = "DIR")]
    pub(super) deploy: Option<PathBuf>,
    /// Address to listen on, instead of server.listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    pub(super) listen: Option<String>,
    /// Folder of the plugin libraries, searched before the program's own
    #[arg(long, value_name = "DIR")]
    pub(super) plugins: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct PluginsArguments {
    #[command(flatten)]
    pub(super) setup: Setup,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Target {
    /// The running host
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub(super) url: String,
    /// Print JSON as the host sent it
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ListArguments {
    #[command(flatten)]
    pub(super) target: Target,
}

#[derive(Debug, Args)]
pub(super) struct InvokeArguments {
    /// Name of the function
    pub(super) name: String,
    /// The body
    #[arg(long, short = 'd', value_name = "TEXT")]
    pub(super) data: Option<String>,
    #[command(flatten)]
    pub(super) target: Target,
}

#[derive(Debug, Args)]
pub(super) struct LogsArguments {
    /// Only invocations of this function
    pub(super) name: Option<String>,
    /// How many
    #[arg(long, default_value_t = 20)]
    pub(super) limit: usize,
    #[command(flatten)]
    pub(super) target: Target,
}
