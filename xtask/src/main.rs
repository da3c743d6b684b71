//! What a person would otherwise type: `cargo xtask serve`, `cargo xtask test`, `cargo xtask bench`.

mod bench;
mod serve;
mod steps;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask COMMAND

  serve [ARGUMENTS]  build everything and serve deploy/ as shortedfaas.toml says; further arguments go to `shortedfaas serve`
  test               install what the tests need, then format, lint, build, test and document everything: what CI runs
  bench [ARGUMENTS]  build everything and measure it; `cargo xtask bench --help` says what";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("", &[][..]),
    };
    let done = match command {
        "serve" => serve::run(rest),
        "test" => test::run(rest),
        "bench" => bench::run(rest),
        "--help" | "-h" | "help" => {
            println!("{USAGE}");
            Ok(())
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(64);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
