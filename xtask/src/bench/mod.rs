//! `cargo xtask bench`: ShortedFaaS beside what users would pick instead, paired in one run.
//!
//! Absolute figures hold for one machine on one day; the ratios are what is promised.

mod client;
mod contenders;
mod cores;
mod instructions;
mod load;
mod memory;
mod processes;
mod rounds;
mod server;
mod shortedfaas;
mod table;
mod throughput;
mod tools;
mod workers;
mod wrk;

use std::time::Duration;
use tools::Workshop;

const USAGE: &str = "usage: cargo xtask bench [SECTION] [--seconds N] [--only SECTION] [--with TEXT]

  executables   a static echo, one process per request, against axum, bare spawning pages, webhook, nginx + fcgiwrap
  host-path     the host with auth, history and a runner that does nothing, against a bare axum echo
  instructions  the same two, in instructions per request (callgrind)
  memory        the idle host with the shipped functions
  workers       function code in warm workers, against bare ones, functions-framework, granian, uvicorn, gunicorn, node:http, nginx with Lua
  cold          function code in a new worker for each call, against starting the interpreter
  floor         executables without ShortedFaaS

Without a section: the first four. --seconds is the length of each single measurement (3); 1 suffices for a first look.
--with (of workers and cold) leaves out all whose name in the table does not contain the text; several: one of the texts.";

/// Long enough for p99, short enough for three rounds of everything in five minutes.
const DEFAULT_SECONDS: u64 = 3;
/// Everything together ends within an hour.
const MOST_SECONDS: u64 = 30;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Executables,
    HostPath,
    Instructions,
    Memory,
    Workers,
    Cold,
    Floor,
}

#[derive(Debug, PartialEq, Eq)]
struct Options {
    sections: Vec<Section>,
    length: Duration,
    /// Parts of the names of those who are measured; none: everybody is.
    with: Vec<String>,
}

impl Options {
    fn chooses(&self, name: &str) -> bool {
        self.with.is_empty() || self.with.iter().any(|text| name.contains(text))
    }
}

/// Builds, starts everybody, measures and prints; `args` is what stands after `bench`.
///
/// # Errors
/// Wrong arguments; a tool that cannot be had; a contender that does not start or does not echo.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    if args.iter().any(|argument| argument == "--help") {
        println!("{USAGE}");
        return Ok(());
    }
    let options = parse(args)?;
    let workshop = Workshop::set_up(&options.sections)?;
    for section in &options.sections {
        match section {
            Section::Executables => throughput::executables(&workshop, options.length)?,
            Section::Floor => throughput::floor(&workshop, options.length)?,
            Section::HostPath => throughput::host_path(&workshop, options.length)?,
            Section::Instructions => instructions::run(&workshop)?,
            Section::Memory => memory::run(&workshop)?,
            Section::Workers => workers::warm(&workshop, &options)?,
            Section::Cold => workers::cold(&workshop, &options)?,
        }
    }
    Ok(())
}

fn parse(args: &[String]) -> Result<Options, String> {
    use Section::{Executables, HostPath, Instructions, Memory};
    let mut sections = Vec::new();
    let mut seconds = DEFAULT_SECONDS;
    let mut with = Vec::new();
    let no_text = || format!("--with wants a text\n{USAGE}");
    let mut words = args.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "--seconds" => seconds = seconds_from(words.next())?,
            "--with" => with.push(words.next().map(str::to_owned).ok_or_else(no_text)?),
            "--only" => sections.push(section_from(words.next().unwrap_or_default())?),
            name => sections.push(section_from(name)?),
        }
    }
    if sections.is_empty() {
        sections = vec![Executables, HostPath, Instructions, Memory];
    }
    Ok(Options { sections, length: Duration::from_secs(seconds), with })
}

fn seconds_from(word: Option<&str>) -> Result<u64, String> {
    word.and_then(|word| word.parse().ok())
        .filter(|seconds| (1..=MOST_SECONDS).contains(seconds))
        .ok_or_else(|| format!("--seconds wants a whole number from 1 to {MOST_SECONDS}\n{USAGE}"))
}

fn section_from(name: &str) -> Result<Section, String> {
    match name {
        "executables" => Ok(Section::Executables),
        "host-path" => Ok(Section::HostPath),
        "instructions" => Ok(Section::Instructions),
        "memory" => Ok(Section::Memory),
        "workers" => Ok(Section::Workers),
        "cold" => Ok(Section::Cold),
        "floor" => Ok(Section::Floor),
        _ => Err(format!("no section `{name}`\n{USAGE}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Section, parse};

    fn check(arguments: &[&str], expected: Option<(&[Section], u64)>) {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let parsed = parse(&arguments).ok();
        let parsed =
            parsed.as_ref().map(|options| (&options.sections[..], options.length.as_secs()));
        assert_eq!(parsed, expected, "{arguments:?}");
    }

    #[test]
    fn arguments_choose_sections_and_seconds() {
        use Section::{Cold, Executables, Floor, HostPath, Instructions, Memory, Workers};
        check(&[], Some((&[Executables, HostPath, Instructions, Memory], 3)));
        check(&["instructions"], Some((&[Instructions], 3)));
        check(&["--only", "floor", "--seconds", "1"], Some((&[Floor], 1)));
        check(&["workers", "--with", "python"], Some((&[Workers], 3)));
        check(&["cold", "--seconds", "2"], Some((&[Cold], 2)));
        for wrong in
            [&["--seconds"][..], &["--with"], &["--seconds", "0"], &["--only"], &["nothing"]]
        {
            check(wrong, None);
        }
    }
}
