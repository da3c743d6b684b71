//! Instructions per request under callgrind: the figure that does not depend on what else the machine does.

use super::contenders;
use super::load::ECHO;
use super::server::Server;
use super::shortedfaas;
use super::tools::Workshop;
use std::path::Path;
use std::process::Command;

/// The difference of these two runs is what requests cost; start and end fall out.
const FEW_REQUESTS: u64 = 1000;
const MANY_REQUESTS: u64 = 2000;

/// Counts the host's path with a runner that does nothing, and the bare axum echo.
pub(super) fn run(workshop: &Workshop) -> Result<(), String> {
    let axum = per_request(workshop, "axum", |valgrind| {
        let mut valgrind = valgrind;
        let command = contenders::axum_echo_command(workshop);
        valgrind.arg(command.get_program()).args(command.get_args());
        contenders::started(workshop, "axum echo, counted", &valgrind)
    })?;
    let host = per_request(workshop, "shortedfaas", |valgrind| {
        shortedfaas::noop(workshop)?.under(valgrind).start("shortedfaas, counted")
    })?;
    println!(
        "\nInstructions per request (callgrind, difference of {MANY_REQUESTS} and {FEW_REQUESTS} requests)\n"
    );
    println!("| contender | instructions |\n| --- | ---: |");
    println!("| axum echo | {axum} |\n| shortedfaas, runner that does nothing | {host} |");
    println!("\nshortedfaas / axum echo, instructions: {:.2}", host as f64 / axum as f64);
    println!(
        "where they go: callgrind_annotate {}/callgrind.shortedfaas.{MANY_REQUESTS}",
        workshop.results.display()
    );
    Ok(())
}

fn per_request(
    workshop: &Workshop,
    name: &str,
    start: impl Fn(Command) -> Result<Server, String>,
) -> Result<u64, String> {
    let mut totals = Vec::new();
    for requests in [FEW_REQUESTS, MANY_REQUESTS] {
        eprintln!("{name} under callgrind, {requests} requests");
        let log = workshop.directory.join(format!("valgrind-{name}-{requests}.log"));
        let output = workshop.results.join(format!("callgrind.{name}.{requests}"));
        let mut server = start(valgrind(&log, &output))?;
        server.authorization = Some(shortedfaas::authorization());
        server.check()?;
        call(&server, requests)?;
        server.stop();
        totals.push(collected(&log)?);
    }
    Ok(totals[1].saturating_sub(totals[0]) / (MANY_REQUESTS - FEW_REQUESTS))
}

fn valgrind(log: &Path, output: &Path) -> Command {
    let mut valgrind = Command::new("valgrind");
    valgrind.arg("--tool=callgrind").arg(format!("--log-file={}", log.display()));
    valgrind.arg(format!("--callgrind-out-file={}", output.display()));
    // valgrind runs one thread at a time anyway; with one worker none of them is spent on waking others.
    valgrind.env("TOKIO_WORKER_THREADS", "1");
    valgrind
}

fn call(server: &Server, requests: u64) -> Result<(), String> {
    let body = ECHO.body.as_bytes();
    let mut connection = server.connect()?;
    for _ in 0..requests {
        let (status, answer) = connection.post(body)?;
        if !ECHO.is_answered_by(status, &answer) {
            return Err(format!("{} answered {status}", server.name));
        }
    }
    Ok(())
}

fn collected(log: &Path) -> Result<u64, String> {
    let text = std::fs::read_to_string(log)
        .map_err(|error| format!("no log of valgrind at {}: {error}", log.display()))?;
    let line = text.lines().rev().find_map(|line| line.split_once("Collected :"));
    line.and_then(|(_, number)| number.trim().parse().ok())
        .ok_or_else(|| format!("valgrind counted nothing: {text}"))
}
