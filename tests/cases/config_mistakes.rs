//! Configurations that cannot be: all mistakes at once, and exit code 64.

use crate::support::{Setup, cat};

#[track_caller]
fn check(config: &str, parts: &[&str]) {
    Setup::new().config(config).run().expect_refusal(parts);
}

#[test]
fn mistakes_name_file_line_key_and_the_nearest_key() {
    check(
        "[server]\nlsiten = \"127.0.0.1:0\"\n",
        &["shortedfaas.toml:2", "server.lsiten", "listen"],
    );
    check("\n\n[servr]\nlisten = \"x\"\n", &["shortedfaas.toml:3", "servr", "server"]);
    check(
        "[server]\nbody_timeout = \"soon\"\n",
        &["shortedfaas.toml:2", "server.body_timeout", "soon"],
    );
    check("[server]\nbody_timeout = 5\n", &["shortedfaas.toml:2", "server.body_timeout"]);
    check("[server]\nlisten = \"nowhere\"\n", &["shortedfaas.toml:2", "server.listen", "nowhere"]);
    check("[history]\nkeep = -1\n", &["shortedfaas.toml:2", "history.keep", "-1"]);
    check("[limits]\nbody = \"6 apples\"\n", &["shortedfaas.toml:2", "limits.body", "6 apples"]);
    check("[log]\nformat = \"xml\"\n", &["shortedfaas.toml:2", "log.format", "xml"]);
    check("[log]\nlevel = \"=loud=\"\n", &["shortedfaas.toml:2", "log.level"]);
    check("[server\nlisten = 1\n", &["shortedfaas.toml:1"]);
    check(
        "[server]\nlisten = \"127.0.0.1:0\"\nlisten = \"127.0.0.1:0\"\n",
        &["shortedfaas.toml:3", "listen"],
    );
    check("[auth]\nchain = [\"a\", \"a\"]\n[auth.a]\n", &["shortedfaas.toml:2", "chain"]);
    check("[runner.executable]\n", &["shortedfaas.toml:1", "runner", "runners"]);
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let config = "[server]\nlsiten = \"x\"\nidle_timeout = \"never\"\n[deploy]\nfolderr = \"x\"\n[history]\nkeep = \"all\"\n";
    let finished = Setup::new().config(config).run();
    finished.expect_refusal(&[
        "toml:2",
        "toml:3",
        "toml:5",
        "toml:7",
        "lsiten",
        "idle_timeout",
        "folderr",
        "keep",
    ]);
}

#[test]
fn a_file_that_is_not_text_or_not_there_is_named() {
    Setup::new()
        .config(b"[server]\nlisten = \"\xff\"\n")
        .run()
        .expect_refusal(&["shortedfaas.toml", "UTF-8"]);
    let missing = Setup::new();
    std::fs::remove_file(missing.config_file()).unwrap();
    missing.run().expect_refusal(&["shortedfaas.toml"]);
}

#[test]
fn a_mistake_in_the_environment_names_the_variable() {
    let setup = Setup::new().environment("SHORTEDFAAS_SERVER_LISTEN", "nowhere");
    setup.run().expect_refusal(&["SHORTEDFAAS_SERVER_LISTEN", "nowhere"]);
    let setup = Setup::new().environment("SHORTEDFAAS_SERVER_LISTN", "127.0.0.1:0");
    setup.run().expect_refusal(&["SHORTEDFAAS_SERVER_LISTN", "LISTEN"]);
}

#[test]
fn the_environment_goes_before_the_file() {
    let host = Setup::new()
        .config_with("[limits]\nbody = \"1MiB\"\n")
        .environment("SHORTEDFAAS_LIMITS_BODY", "10")
        .function("cat", &cat())
        .start();
    host.post("/f/cat", "0123456789").expect(200, "0123456789");
    host.post("/f/cat", "0123456789x").expect_problem(413, "caller");
}

#[test]
fn the_original_names_of_variables_keep_working() {
    let setup = Setup::new().without_naming_the_config();
    std::fs::create_dir(setup.path("other")).unwrap();
    cat().write(&setup.path("other/cat"));
    let other = setup.path("other").to_string_lossy().into_owned();
    let host = setup.environment("ShortedFaaS_Deploy", &other).start();
    host.post("/f/cat", "x").expect(200, "x");
}

#[test]
fn paths_of_the_file_belong_to_the_files_folder_and_those_of_the_caller_to_the_callers() {
    let setup = Setup::new();
    let away = setup.path("away");
    std::fs::create_dir_all(away.join("here")).unwrap();
    cat().write(&away.join("here/cat"));
    let host = setup
        .working_folder(away)
        .argument("--deploy")
        .argument("here")
        .without_naming_the_config();
    let config = host.config_file().to_string_lossy().into_owned();
    let host = host.argument("--config").argument(&config).start();
    host.post("/f/cat", "x").expect(200, "x");

    let setup = Setup::new().config("[deploy]\nfolder = \"beside\"\n[runners.executable]\n");
    std::fs::create_dir_all(setup.path("beside")).unwrap();
    cat().write(&setup.path("beside/cat"));
    let config = setup.config_file().to_string_lossy().into_owned();
    let host = setup
        .working_folder("/".into())
        .without_naming_the_config()
        .argument("--config")
        .argument(&config)
        .start();
    host.post("/f/cat", "x").expect(200, "x");
}

#[test]
fn a_port_in_use_is_exit_code_1_and_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let finished = Setup::new().argument("--listen").argument(&address).run();
    assert_eq!(finished.exit_code, Some(1), "{finished:#?}");
    assert!(finished.errors.contains(&address), "{finished:#?}");
    assert!(!finished.output.contains("listening"), "{finished:#?}");
}

#[test]
fn arguments_that_are_wrong_are_exit_code_64() {
    for arguments in [&["--lisen", "x"][..], &["--listen"], &["--listen", "nowhere"], &["surplus"]]
    {
        let setup = arguments.iter().fold(Setup::new(), |setup, argument| setup.argument(argument));
        let finished = setup.run();
        assert_eq!(finished.exit_code, Some(64), "{arguments:?}: {finished:#?}");
    }
    let help = Setup::new().argument("--help").run();
    assert_eq!(help.exit_code, Some(0), "{help:#?}");
    for word in ["--config", "--deploy", "--listen", "--plugins"] {
        assert!(help.output.contains(word), "{word}: {help:#?}");
    }
}
