//! What the documents say about the tests is so.

use crate::support::fixtures::repository;

#[test]
fn every_pitfall_names_tests_that_exist() {
    let table = std::fs::read_to_string(repository().join("tests/PITFALLS.md")).unwrap();
    for number in 1..=24 {
        let row = table.lines().find(|line| line.starts_with(&format!("| {number} |")));
        let row = row.unwrap_or_else(|| panic!("pitfall {number} is missing"));
        let tests: Vec<&str> =
            row.split('`').skip(1).step_by(2).filter(|name| name.contains("::")).collect();
        assert!(!tests.is_empty(), "pitfall {number} names no test: {row}");
        for test in tests {
            let (file, function) = test.rsplit_once("::").unwrap();
            let source = std::fs::read_to_string(repository().join(file)).unwrap_or_default();
            assert!(
                source.contains(&format!("fn {function}(")),
                "pitfall {number}: no test `{test}`"
            );
        }
    }
}
