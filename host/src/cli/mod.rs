//! The command line.

mod arguments;
mod build;
mod check;
mod client;
mod log;
mod new;
mod plugins;
mod serve;

pub(crate) use log::LogLevel;

use arguments::{Command, Program};
use clap::Parser;
use std::process::ExitCode;

/// It ran and failed.
const FAILED: u8 = 1;
/// It was used wrongly: arguments or configuration (EX_USAGE of sysexits.h).
const USAGE: u8 = 64;

/// Why a command ends with another code than 0.
enum Failure {
    /// Exit code 1.
    Failed(String),
    /// Exit code 64.
    Usage(String),
}

/// Runs what the arguments ask for.
pub(crate) fn run() -> ExitCode {
    let program = match Program::try_parse() {
        Ok(program) => program,
        Err(error) => {
            let code = if error.use_stderr() { USAGE } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let result = match program.command {
        Command::Serve(arguments) => serve::serve(arguments),
        Command::Check(arguments) => check::check(arguments),
        Command::New(arguments) => new::new(arguments),
        Command::Build(arguments) => build::build(arguments),
        Command::BuildGuard => {
            crate::build::guard();
            Ok(())
        }
        Command::Plugins(arguments) => plugins::plugins(arguments),
        Command::List(arguments) => client::list(&arguments),
        Command::Invoke(arguments) => client::invoke(&arguments),
        Command::Logs(arguments) => client::logs(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Failed(message)) => {
            eprintln!("{message}");
            ExitCode::from(FAILED)
        }
        Err(Failure::Usage(message)) => {
            eprintln!("{message}");
            ExitCode::from(USAGE)
        }
    }
}
