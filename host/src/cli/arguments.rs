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
    /// Make a first function in the deploy folder
    New(NewArguments),
    /// Compile a function's sources, as its language says
    Build(BuildArguments),
    /// What a build runs under, for the host itself
    #[command(hide = true)]
    BuildGuard,
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
pub(super) struct NewArguments {
    /// Its name: letters, digits, `.`, `_` and `-`; the folder and the route /f/NAME are called so
    pub(super) name: String,
    /// Type, as in run.json: executable, launched, interpreted, compiled, ...
    #[arg(long = "type", value_name = "TYPE")]
    pub(super) kind: String,
    /// Language, as in run.json: one of those that are on; for an executable `shell` may be left out
    #[arg(long, value_name = "LANGUAGE")]
    pub(super) language: Option<String>,
    #[command(flatten)]
    pub(super) places: Places,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct BuildArguments {
    /// Folder of the function, such as deploy/NAME
    #[arg(value_name = "FOLDER")]
    pub(super) folder: PathBuf,
    #[command(flatten)]
    pub(super) places: Places,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// Where a command that serves nothing finds what it needs.
#[derive(Debug, Clone, Args)]
pub(super) struct Places {
    /// Configuration file [default: shortedfaas.toml in the working directory, else the built-in one]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Folder of the deployed functions, instead of deploy.folder
    #[arg(long, value_name = "DIR")]
    pub(super) deploy: Option<PathBuf>,
    /// Folder of the plugin libraries, searched before the program's own
    #[arg(long, value_name = "DIR")]
    pub(super) plugins: Option<PathBuf>,
}

impl Places {
    pub(super) fn setup(&self) -> Setup {
        Setup {
            config: self.config.clone(),
            deploy: self.deploy.clone(),
            listen: None,
            plugins: self.plugins.clone(),
        }
    }
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
