//! What is printed: one table a section, then the ratios that are promised.

use super::rounds::{Plan, Results};
use std::fmt::Write;

/// A figure against what is promised.
pub(super) struct Promise {
    /// What it is.
    pub(super) what: String,
    /// What was measured.
    pub(super) figure: f64,
    /// What is promised; none: for information only.
    pub(super) goal: Option<Goal>,
}

/// What a figure has to be.
#[derive(Clone, Copy)]
pub(super) enum Goal {
    /// Not below this.
    AtLeast(f64),
    /// Not above this.
    AtMost(f64),
}

/// The table of a section.
pub(super) fn print(title: &str, results: &[Results], plan: &Plan) {
    let (seconds, rounds) = (plan.length.as_secs(), plan.rounds);
    println!("\n{title}; 1 KiB POST, keep-alive, {rounds} rounds of {seconds} s, medians\n");
    println!(
        "| contender | c | requests/s | p50 µs | p99 µs | CPU µs/request | PSS idle MiB | PSS load MiB |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for &connections in plan.connections {
        for result in results {
            println!("{}", row(result, connections));
        }
    }
    if results.iter().any(|result| result.loses_children) {
        println!(
            "\n>: this server lets the kernel reap its children, whose processor time is not in the figure."
        );
    }
    let children: Vec<String> = results.iter().filter_map(children).collect();
    if !children.is_empty() {
        println!(
            "\nNot counted in PSS, the most seen alive at one moment: {}.",
            children.join("; ")
        );
    }
}

/// The table of a section whose contenders have workers.
pub(super) fn print_workers(title: &str, results: &[Results], plan: &Plan) {
    let (seconds, rounds) = (plan.length.as_secs(), plan.rounds);
    println!("\n{title}; keep-alive, {rounds} rounds of {seconds} s, medians\n");
    println!(
        "| contender | c | requests/s | p50 µs | p99 µs | CPU µs/request | PSS server MiB | PSS worker MiB |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for &connections in plan.connections {
        for result in results {
            println!(
                "| {} | {connections} | {:.0} | {:.0} | {:.0} | {:.1} | {:.1} | {:.1} |",
                result.name,
                result.median(connections, |run| run.per_second),
                result.median(connections, |run| run.p50_us),
                result.median(connections, |run| run.p99_us),
                result.median(connections, |run| run.cpu_us),
                result.median(connections, |run| mib(run.leaders.pss_kib)),
                result.median(connections, |run| mib(run.worker.pss_kib)),
            );
        }
    }
    println!(
        "\nc = 1: server, workers and wrk on one core. PSS in the middle of the load; of the workers the largest."
    );
}

fn row(result: &Results, connections: usize) -> String {
    let at_least = if result.loses_children { "> " } else { "" };
    format!(
        "| {} | {connections} | {:.0} | {:.0} | {:.0} | {at_least}{:.1} | {:.1} | {:.1} |",
        result.name,
        result.median(connections, |run| run.per_second),
        result.median(connections, |run| run.p50_us),
        result.median(connections, |run| run.p99_us),
        result.median(connections, |run| run.cpu_us),
        mib(result.idle.pss_kib),
        result.median(connections, |run| mib(run.memory.pss_kib)),
    )
}

fn children(result: &Results) -> Option<String> {
    let mut text = String::new();
    for (name, count) in result.children() {
        let separator = if text.is_empty() { "" } else { ", " };
        write!(text, "{separator}{count} × {name}").expect("writing into a String does not fail");
    }
    (!text.is_empty()).then(|| format!("{}: {text}", result.name))
}

/// One line each, so that they can be searched for.
pub(super) fn print_promises(promises: &[Promise]) {
    println!();
    for Promise { what, figure, goal } in promises {
        let verdict = match goal {
            None => String::new(),
            Some(Goal::AtLeast(least)) => verdict("at least", *least, figure >= least),
            Some(Goal::AtMost(most)) => verdict("at most", *most, figure <= most),
        };
        println!("{what}: {figure:.2}{verdict}");
    }
}

fn verdict(bound: &str, goal: f64, reached: bool) -> String {
    format!(" ({bound} {goal:.2}: {})", if reached { "reached" } else { "MISSED" })
}

/// KiB in MiB.
pub(super) fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
