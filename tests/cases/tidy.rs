//! The house rules that a machine can hold: first lines, sizes, who knows whom.

use crate::support::fixtures::repository;
use std::path::{Path, PathBuf};

/// Most lines of a file, its tests included.
const FILE_LINES: usize = 300;

/// Most lines of a function.
const FUNCTION_LINES: usize = 60;

/// A folder of the host, and what its files must not use: whoever is above it, or beside it.
const NEVER: &[(&str, &[&str])] = &[
    (
        "invocation",
        &[
            "app",
            "cli",
            "config",
            "functions",
            "history",
            "http",
            "live",
            "pipeline",
            "plugins",
            "workers",
        ],
    ),
    (
        "values",
        &[
            "app",
            "cli",
            "config",
            "functions",
            "history",
            "http",
            "live",
            "pipeline",
            "plugins",
            "workers",
        ],
    ),
    (
        "config",
        &["app", "cli", "functions", "history", "http", "live", "pipeline", "plugins", "workers"],
    ),
    ("history", &["app", "cli", "functions", "http", "live", "pipeline", "plugins", "workers"]),
    ("workers", &["app", "cli", "history", "http", "live", "pipeline"]),
    ("functions", &["app", "cli", "history", "http", "live", "pipeline"]),
    ("plugins", &["app", "cli", "history", "http", "live", "pipeline"]),
    ("pipeline", &["cli", "http", "live"]),
];

/// A crate, and the only folders of the host that may name it.
const ONLY: &[(&str, &[&str])] = &[
    ("abi_stable", &["plugins"]),
    ("libloading", &["plugins"]),
    ("plugin_abi", &["plugins"]),
    ("axum", &["http"]),
    ("hyper", &["http"]),
];

/// All sources below a folder of the repository.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![repository().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() && entry.file_name() != "target" {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(repository()).unwrap().to_owned(), text));
            }
        }
    }
    found
}

fn all_sources() -> Vec<(PathBuf, String)> {
    ["host", "plugin-api", "plugins", "tests", "xtask", "docs"]
        .into_iter()
        .flat_map(sources)
        .collect()
}

#[track_caller]
fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for_and_is_short() {
    let mut complaints = Vec::new();
    for (path, text) in all_sources() {
        if !text.starts_with("//! ") {
            complaints.push(format!("{}: does not begin with `//! `", path.display()));
        }
        let lines = text.lines().count();
        if lines > FILE_LINES {
            complaints.push(format!("{}: {lines} lines", path.display()));
        }
    }
    none(&complaints);
}

#[test]
fn every_function_is_short() {
    let mut complaints = Vec::new();
    for (path, text) in all_sources() {
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let code = line.trim_start();
            let indent = line.len() - code.len();
            let is_function = code.split("fn ").next().is_some_and(|before| {
                before.split(' ').all(|word| {
                    matches!(
                        word,
                        "" | "pub"
                            | "pub(crate)"
                            | "pub(super)"
                            | "const"
                            | "async"
                            | "unsafe"
                            | "extern"
                            | "\"C\""
                    )
                })
            }) && code.contains("fn ");
            let signature = lines[at..].iter().find(|line| line.ends_with(['{', ';', '}']));
            let has_body = signature.is_some_and(|line| line.ends_with('{'));
            let end = format!("{}}}", " ".repeat(indent));
            let length = lines[at..].iter().position(|line| **line == end);
            if is_function && has_body && length.is_some_and(|length| length >= FUNCTION_LINES) {
                complaints.push(format!(
                    "{}:{}: {} lines: {code}",
                    path.display(),
                    at + 1,
                    length.unwrap() + 1
                ));
            }
        }
    }
    none(&complaints);
}

/// Folder or file of the host's sources: `http`, `app`.
fn room(path: &Path) -> String {
    let inside = path.strip_prefix("host/src").unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

fn names(text: &str, name: &str) -> bool {
    let code = text.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
    code.into_iter().any(|line| line.contains(name))
}

#[test]
fn nobody_in_the_host_knows_who_is_above_him() {
    let mut complaints = Vec::new();
    for (path, text) in sources("host/src") {
        let room = room(&path);
        for (_, never) in NEVER.iter().filter(|(folder, _)| *folder == room) {
            for other in never.iter().filter(|other| names(&text, &format!("crate::{other}"))) {
                complaints.push(format!("{} uses {other}", path.display()));
            }
        }
        for (name, rooms) in ONLY.iter().filter(|(_, rooms)| !rooms.contains(&room.as_str())) {
            if names(&text, &format!("{name}::")) {
                complaints.push(format!("{} names {name}, which is for {rooms:?}", path.display()));
            }
        }
    }
    none(&complaints);
}
