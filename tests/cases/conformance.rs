//! Every launcher and stub passes the cases of `launchers/conformance`, in cold and in warm mode.

use crate::support::conformance::{deployed, languages, play, suite};
use std::time::Instant;

#[test]
fn every_language_passes_every_case_cold_and_warm() {
    let suite = suite();
    let languages = languages(&suite);
    let started = Instant::now();
    let (host, units) = deployed(&suite, &languages);
    println!("{} functions of {} languages: {:?}", units.len(), languages.len(), started.elapsed());
    // What is compiled on the first call is compiled once, and not under the eyes of a clock.
    let (first, rest) = units.split_at(languages.len() * 2);
    let mut failures = play(&host, first);
    failures.extend(play(&host, rest));
    println!("played: {:?}", started.elapsed());
    assert!(failures.is_empty(), "{} complaints:\n{}", failures.len(), failures.join("\n"));
}
