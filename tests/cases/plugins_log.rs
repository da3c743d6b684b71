//! What plugins say reaches the host's log. Pitfall 18.

use crate::support::{Setup, until};
use serde_json::Value;

#[test]
fn a_record_of_a_plugin_carries_its_fields_and_the_invocation() {
    let host = Setup::new().with_probe("", "").start();
    let answer = host.post("/f/probe/log", "");
    answer.expect(200, "said");
    until("the record is there", || !host.log_lines_with("probe says warn").is_empty());
    let line = &host.log_lines_with("probe says warn")[0];
    let record: Value = serde_json::from_str(line).unwrap();
    for part in [answer.id().as_str(), "runners.probe", "quoted"] {
        assert!(line.contains(part), "{part}: {record}");
    }
    assert!(line.to_lowercase().contains("warn"), "{record}");
    assert!(host.log_lines_with("probe says debug").is_empty(), "the level is info");
    assert_eq!(host.history_of(&answer)["stderr"], "probe on stderr\n");
    assert_eq!(host.log_lines_with("probe is there").len(), 1);
}

/// Pitfall 18: the level changes while the plugin lives.
#[test]
fn a_change_of_the_log_level_reaches_a_plugin() {
    let setup = Setup::new().with_probe("", "[log]\nlevel = \"info\"\n");
    let config = std::fs::read_to_string(setup.config_file()).unwrap();
    let host = setup.start();
    let said = || {
        host.post("/f/probe/log", "").expect(200, "said");
        host.log_lines_with("probe says debug").len()
    };
    assert_eq!(said(), 0);
    host.rewrite_config(&config.replace("\"info\"", "\"debug\""));
    until("debug is heard", || said() > 0);
    host.rewrite_config(&config);
    until("debug is no longer heard", || {
        let before = host.log_lines_with("probe says debug").len();
        said() == before
    });
    assert_eq!(
        host.record().iter().filter(|line| *line == "created 1").count(),
        1,
        "the same plugin"
    );
}
