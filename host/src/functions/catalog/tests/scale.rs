//! Many functions: how long the start takes, and what each costs.

use super::*;

/// A tenth of what the host must bear: the black-box tests start that many.
const FUNCTIONS: usize = 1_000;

fn resident_kib() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a line");
    line.split_whitespace().nth(1).expect("a number").parse().expect("a number")
}

#[tokio::test]
async fn many_functions_start_and_change() {
    let before = resident_kib();
    let mut filled = Instant::now();
    let world = World::start(|deploy| {
        for number in 0..FUNCTIONS {
            write(&deploy.join(format!("function-{number}")), "hello");
        }
        filled = Instant::now();
    })
    .await;
    println!(
        "{FUNCTIONS} functions opened in {:?}, {} KiB more resident",
        filled.elapsed(),
        resident_kib().saturating_sub(before)
    );
    assert_eq!(world.catalog.count(), FUNCTIONS);
    world.catalog.quiet().await;
    assert_eq!(world.sees("function-999"), "hello");
    let changed = Instant::now();
    fs::write(world.deploy("function-500/content"), "changed").expect("written");
    world.until("function-500", "changed").await;
    println!("one of them taken after {:?}", changed.elapsed());
}
