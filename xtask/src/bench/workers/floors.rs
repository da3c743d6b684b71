//! The floors of function code: a page that keeps workers of a few lines and does nothing else.

use super::super::contenders::{Contender, started};
use super::super::tools::{Workshop, succeed};
use super::WORKERS;
use super::toolchain::Toolchain;
use std::path::PathBuf;
use std::process::Command;

/// One floor for each interpreter that is there.
pub(super) fn contenders(workshop: &Workshop, tools: &Toolchain) -> Vec<Contender> {
    let loops = workshop.repository.join("xtask/peers/loops");
    let interpreted = [
        ("python", &tools.python, &["-I"][..], "loop.py"),
        ("node", &tools.node, &[], "loop.js"),
        ("lua", &tools.lua, &[], "loop.lua"),
        ("luajit", &tools.luajit, &[], "loop.lua"),
    ];
    let mut contenders = Vec::new();
    for (language, program, arguments, file) in interpreted {
        let Some(program) = program else { continue };
        let mut command = worker_page(workshop, program.clone());
        command.args(arguments).arg(loops.join(file));
        contenders.push(floor(language, command, None));
    }
    if let Some(cc) = &tools.cc {
        let program = workshop.directory.join("loop");
        let mut compile = Command::new(cc);
        compile.args(["-O2", "-o"]).arg(&program).arg(loops.join("loop.c"));
        contenders.push(floor("c", worker_page(workshop, program), Some(compile)));
    }
    contenders
}

/// A page that has one Python process fork for each call: the floor of a cold start.
pub(super) fn fork_page(workshop: &Workshop, python: &PathBuf) -> Command {
    let mut command = Command::new(workshop.release.join("fork-page"));
    command.arg(python).arg("-I").arg(workshop.repository.join("xtask/peers/loops/template.py"));
    command
}

fn worker_page(workshop: &Workshop, program: PathBuf) -> Command {
    let mut command = Command::new(workshop.release.join("worker-page"));
    command.arg(WORKERS.to_string()).arg(program);
    command
}

fn floor(language: &str, command: Command, compile: Option<Command>) -> Contender {
    Contender::new(&format!("floor: {language}"), move |workshop, name| {
        if let Some(mut compile) = compile {
            succeed(&mut compile)?;
        }
        started(workshop, name, &command)
    })
}
