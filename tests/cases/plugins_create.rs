//! Plugins that are made, or cannot be, and what their tables say. Pitfalls 17, 19 and 20.

use crate::support::fixtures::{LEAN, PROBE};
use crate::support::{Answer, Host, Setup, cat, until};

#[test]
fn a_plugin_that_fails_or_panics_while_it_is_made_stops_the_start() {
    for (how, said) in [("error", "told to fail"), ("panic", "panics in new")] {
        let key = format!("at_create = \"{how}\"");
        Setup::new().with_probe(&key, "").run().expect_refusal(&["runners.probe", said]);
        Setup::new().with_door(&key, "").run().expect_refusal(&["auth.door"]);
    }
}

/// Pitfall 19: the error is the library's, and is read after the loader is done with it.
#[test]
fn a_new_version_that_cannot_be_made_leaves_the_old_one() {
    let setup = Setup::new().with_probe("", "");
    let config = std::fs::read_to_string(setup.config_file()).unwrap();
    let host = setup.start();
    host.serves_version(1);
    for (how, said) in [("error", "told to fail"), ("panic", "panics in new")] {
        host.rewrite_config(&format!("{config}at_create = \"{how}\"\n"));
        until("the log says why", || !host.log_lines_with(said).is_empty());
        host.serves_version(1);
    }
    host.rewrite_config(&config);
    PROBE.clone().version(2).write(&host.library_file());
    host.serves_version(2);
}

/// Pitfall 17: TOML has values that JSON has not.
#[test]
fn a_date_arrives_as_text_and_a_number_that_is_none_is_refused() {
    let host = Setup::new().with_probe("when = 1979-05-27T07:32:00Z", "").start();
    host.post("/f/probe/config", "").expect(200, "1979-05-27T07:32:00Z");
    for ratio in ["nan", "inf", "-inf"] {
        let setup = Setup::new().with_probe(&format!("ratio = {ratio}"), "");
        setup.run().expect_refusal(&["runners.probe", "ratio", ratio]);
    }
}

#[test]
fn a_mistake_in_a_plugins_table_names_its_path() {
    for (key, parts) in [
        ("ratio = \"much\"", &["runners.probe", "ratio", "much"][..]),
        ("ratoi = 1", &["runners.probe", "ratoi", "ratio"]),
        ("nested = { limit = -1 }", &["runners.probe", "nested.limit", "-1"]),
        ("nested = { limt = 1 }", &["runners.probe", "limt", "limit"]),
    ] {
        Setup::new().with_probe(key, "").run().expect_refusal(parts);
    }
}

fn call(host: &Host, credentials: &str) -> Answer {
    host.request("POST", "/f/cat").header("Authorization", credentials).body("x").send()
}

/// Pitfall 20: one library as three plugins, and another beside them.
#[test]
fn one_library_can_be_several_plugins_each_with_its_own_table() {
    let config = r#"
[auth]
chain = ["one", "lean", "two", "three"]
[auth.one]
library = "plugins/libprobe.so"
scheme = "One"
identity = "first"
[auth.two]
library = "plugins/libprobe.so"
scheme = "Two"
identity = "second"
[auth.three]
library = "plugins/copy.so"
scheme = "Three"
identity = "third"
[auth.lean]
library = "plugins/liblean.so"
key = "k"
identity = "lean"
"#;
    let script = "printf '%s' \"$SHORTEDFAAS_IDENTITY\"";
    let host = Setup::new()
        .library("libprobe.so", &PROBE)
        .library("copy.so", &PROBE.clone().version(3))
        .library("liblean.so", &LEAN)
        .config_with(config)
        .function("cat", &crate::support::shell(script))
        .start();
    for (credentials, identity) in [
        ("One allow", "first"),
        ("Two allow", "second"),
        ("Three allow", "third"),
        ("Lean k", "lean"),
    ] {
        call(&host, credentials).expect(200, identity);
    }
    call(&host, "Three version").expect(200, "door-3");
    call(&host, "One version").expect(200, "door-1");
    call(&host, "Four allow").expect_problem(401, "caller");
    let nobody = host.post("/f/cat", "");
    let challenges: Vec<&str> = nobody
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"))
        .map(|(_, value)| value.as_str())
        .collect();
    let all = challenges.join(", ");
    for scheme in ["One", "Two", "Three", "Lean"] {
        assert!(all.contains(scheme), "{scheme}: {all}");
    }
}

#[test]
fn headers_that_a_plugin_calls_credentials_go_no_further() {
    let host = Setup::new()
        .with_door("identity = \"me\"", "[log]\nlevel = \"trace\"")
        .function("env", &crate::support::shell("env"))
        .function("other", &cat())
        .start();
    let answer = host
        .request("POST", "/f/env")
        .header("Authorization", "Probe allow")
        .header("X-Probe-Secret", "very-secret")
        .send();
    answer.expect_status(200);
    assert!(!answer.text().contains("very-secret"), "{}", answer.text());
    assert!(!host.log().contains("very-secret"));
}
