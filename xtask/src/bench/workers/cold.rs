//! Cold starts: a worker for each call, against starting the interpreter and doing nothing.

use super::super::contenders::{Contender, spawn_page_command, started};
use super::super::load::{ECHO, UNREAD};
use super::super::rounds::{self, Plan};
use super::super::tools::Workshop;
use super::super::wrk::Cores;
use super::super::{Options, table};
use super::ours::{self, Language, Start};
use super::toolchain::Toolchain;
use super::{floors, promises};
use std::process::Command;

/// Measures everybody in turn.
pub(in super::super) fn run(workshop: &Workshop, options: &Options) -> Result<(), String> {
    let tools = Toolchain::interpreters(workshop);
    let mut all = ours(&tools);
    all.extend(pages(workshop, &tools));
    all.retain(|contender| options.chooses(&contender.name));
    let started = all.into_iter().map(|contender| contender.start(workshop));
    let mut servers = started.collect::<Result<Vec<_>, _>>()?;
    let connections = &[1, promises::GOAL_CONNECTIONS];
    let plan = Plan { rounds: 3, connections, length: options.length, cores: Cores::OneForOne };
    let results = rounds::measure(workshop, &mut servers, &plan)?;
    println!("\nVersions: {}", tools.versions());
    let title = format!("A cold worker for each call: {}", ECHO.name);
    table::print_workers(&title, &results, &plan);
    table::print_promises(&promises::of_cold(&results));
    Ok(())
}

fn ours(tools: &Toolchain) -> Vec<Contender> {
    let cold = |language: Language, start: Start, name: String| {
        Contender::new(&name, move |workshop, name| {
            ours::host(workshop, &language, start)?.start(name)
        })
    };
    let mut contenders = Vec::new();
    for language in Language::all(tools) {
        let name = promises::ours(language.name);
        if language.has_template() {
            let started = format!("{name}, no fork server");
            contenders.push(cold(language.clone(), Start::ColdWithoutTemplate, started));
        }
        contenders.push(cold(language, Start::Cold, name));
    }
    contenders
}

/// Interpreters that are started and do nothing, a program that is started and echoes, and a fork server that does nothing else.
fn pages(workshop: &Workshop, tools: &Toolchain) -> Vec<Contender> {
    let interpreters = [
        (promises::BARE_PYTHON, &tools.python, &["-I", "-c", "pass"][..]),
        ("page: node -e 0", &tools.node, &["-e", "0"]),
        ("page: lua -e ''", &tools.lua, &["-e", ""]),
        ("page: luajit -e ''", &tools.luajit, &["-e", ""]),
    ];
    let mut contenders = Vec::new();
    for (name, program, arguments) in interpreters {
        let Some(program) = program else { continue };
        let mut command = spawn_page_command(workshop, "posix-spawn", 0);
        command.arg(program).args(arguments);
        contenders.push(Contender::new(name, move |workshop, name| {
            let mut server = started(workshop, name, &command)?;
            server.load = UNREAD;
            Ok(server)
        }));
    }
    let mut echo = spawn_page_command(workshop, "posix-spawn", 0);
    echo.arg(&workshop.echo);
    contenders.push(page("page: static echo without libc", echo));
    if let Some(python) = &tools.python {
        contenders.push(page(promises::FORK_PAGE, floors::fork_page(workshop, python)));
    }
    contenders
}

fn page(name: &str, command: Command) -> Contender {
    Contender::new(name, move |workshop, name| started(workshop, name, &command))
}
