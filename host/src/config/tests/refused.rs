//! What a configuration is refused for, and how it is said.

use super::*;

#[test]
fn every_mistake_is_reported_at_once_with_its_line_and_the_nearest_key() {
    Story::of("[server]\nlsiten = '127.0.0.1:1'\nthreads = 'many'\nbody_timeout = 30\n[history]\nlog = 'ful'\n[servr]\n[functions]\nconcurrency = 0\nbody = 5\n[runner.executable]\n")
        .variable("SHORTEDFAAS_SERVER_LSITEN", "x")
        .variable("SHORTEDFAAS_LIMITS_CPU", "many")
        .listen("nowhere")
        .refused(&[
            "2: server.lsiten: unknown key; did you mean `listen`?",
            "3: server.threads: the string \"many\" stands where a whole number from 0 is wanted",
            "4: server.body_timeout: the integer 30 stands where a duration in quotes such as \"30s\" is wanted",
            "6: history.log: `ful` is not known: write one of none, meta, full; did you mean \"full\"?",
            "7: [servr]: unknown section; did you mean [server]?",
            "9: functions.concurrency: `0` is out of range: at least 1, at most 1000000000",
            "10: functions.body: unknown key; did you mean `history.body` or `limits.body`?",
            "11: [runner]: unknown section; did you mean [runners]?",
            "SHORTEDFAAS_LIMITS_CPU: `many` stands where a number is wanted",
            "SHORTEDFAAS_SERVER_LSITEN: unknown variable; did you mean `SHORTEDFAAS_SERVER_LISTEN`?",
            "--listen: `nowhere` is not an address with a port: write 127.0.0.1:8080, 0.0.0.0:8080 or [::1]:8080",
        ]);
}

#[test]
fn what_is_not_toml_hides_nothing_else() {
    Story::of("[server]\nlisten = 127.0.0.1:80\nthreads = 1\nthreads = 2\n[log\nlevle = 'info'\n[limits]\nbdy = 1\noutput = 'x'\n")
        .refused(&[
            "2: listen: not valid TOML: invalid float, expected nothing",
            "4: threads: not valid TOML: duplicate key",
            "5: [log: not valid TOML: unclosed table, expected `]`",
            "8: limits.bdy: unknown key; did you mean `body`?",
            "9: limits.output: `x` is not a size: write bytes, or a number and one of KiB, MiB, GiB, kB, MB, GB, such as \"256MiB\"",
        ]);
}

#[test]
fn a_key_outside_of_any_section_and_a_section_that_is_none_are_named() {
    Story::of("listen = '127.0.0.1:1'\nsomething = 1\nlog = 'info'\nrunners.executable = true\n[[server]]\n[colours]\n").refused(&[
        "1: listen: unknown key; did you mean `server.listen`?",
        "2: something: unknown key; every key belongs into a section such as [server]",
        "3: log: the string \"info\" stands where the table [log] is wanted",
        "4: runners.executable: the boolean true stands where the table [runners.executable] of a plugin is wanted",
        "5: server: an array stands where the table [server] is wanted",
        "6: [colours]: unknown section; the sections are server, deploy, auth, functions, limits, history, log, runners, languages, stores",
    ]);
}

#[test]
fn an_open_door_must_be_meant() {
    let message = "`0.0.0.0:80` can be reached from other machines while authentication is off: \
                   set auth.chain, such as [\"shared-secret\"], or say auth.allow_anonymous = true, or listen on 127.0.0.1";
    let file = "[server]\nlisten = '0.0.0.0:80'\n";
    Story::of(file).refused(&[&format!("2: server.listen: {message}")]);
    Story::of("")
        .variable("SHORTEDFAAS_SERVER_LISTEN", "0.0.0.0:80")
        .refused(&[&format!("SHORTEDFAAS_SERVER_LISTEN: {message}")]);
    Story::of("").listen("0.0.0.0:80").refused(&[&format!("--listen: {message}")]);
    for guarded in [
        "[auth]\nchain = ['shared-secret']",
        "[auth.shared-secret]",
        "[auth]\nallow_anonymous = true",
    ] {
        Story::of(format!("{file}{guarded}")).config();
    }
    for loopback in ["127.0.0.2:80", "[::1]:80", "[::ffff:127.0.0.1]:80", "localhost:80"] {
        Story::of("").listen(loopback).config();
    }
    for open in ["192.168.1.1:80", "[::]:80", "[::ffff:10.0.0.1]:80"] {
        assert_eq!(Story::of("").listen(open).mistakes().len(), 1, "{open}");
    }
    // A mistake in the chain is not answered with the advice to set a chain.
    let broken_chain = Story::of(format!("{file}[auth]\nchain = ['a', 'a']"));
    broken_chain.refused(&[
        "4: auth.chain: `a` stands in the chain twice: it would never be asked again, take one out",
    ]);
}

#[test]
fn tables_of_plugins_are_checked_as_far_as_they_are_the_hosts() {
    Story::of("[runners.Exec]\n[runners.executable]\nexecutor = 'mine'\nlibrary = ''\nx = [1, nan]\n[auth]\nchain = ['A']\nchian = []\n[auth.timeout]\n[stores]\nmain = 1").refused(&[
        "1: [runners.Exec]: `Exec` is no name of a plugin: write lower-case letters, digits and dashes between them, such as `shared-secret`",
        "3: runners.executable.executor: `mine` is not known: write one of host, own",
        "4: runners.executable.library: the path is empty: name a file or folder, or leave the key out",
        "5: runners.executable.x[1]: nan is no number that JSON, the language of plugins, can hold",
        "7: auth.chain: `A` is no name of a plugin: write lower-case letters, digits and dashes between them, such as `shared-secret`",
        "8: auth.chian: unknown key; did you mean `chain`?",
        "9: auth.timeout: a table stands where a duration in quotes such as \"30s\" is wanted",
        "11: stores.main: the integer 1 stands where the table [stores.main] of a plugin is wanted",
    ]);
}

#[test]
fn a_variable_for_an_auth_plugin_that_is_not_there_is_a_mistake() {
    Story::of("[auth.jwt]\n[auth.jwt-azure]")
        .variable("SHORTEDFAAS_AUTH_JWT_AZURE_TTL", "5")
        .variable("SHORTEDFAAS_AUTH_BEARER_TTL", "5")
        .refused(&["SHORTEDFAAS_AUTH_BEARER_TTL: unknown variable; [auth] has chain, timeout, allow_anonymous"]);
}

#[test]
fn values_out_of_range_are_refused() {
    let check = |line: &str, expected: &str| {
        let (section, key) = line.split_once('.').expect("section.key = value");
        let mistakes = Story::of(format!("[{section}]\n{key}")).mistakes();
        assert_eq!(mistakes.len(), 1, "{line}: {mistakes:?}");
        assert!(mistakes[0].contains(expected), "{line}: {mistakes:?}");
    };
    check("server.header_bytes = '1KiB'", "`1KiB` is out of range: at least 8KiB, at most 16MiB");
    check("server.body_timeout = '0s'", "`0s` is out of range: at least 1ms, at most 1d");
    check("functions.timeout = '2d'", "`2d` is out of range: at least 1ms, at most 1d");
    check("functions.timeout = '5 minutes'", "`5 minutes` is not a duration");
    check(
        "functions.concurrency = -1",
        "the integer -1 stands where a whole number from 0 is wanted",
    );
    check("server.threads = 5000", "`5000` is out of range: at least 0, at most 1024");
    check("limits.cpu = 0", "`0` is out of range: at least 0.001, at most 1024");
    check("limits.cpu = inf", "the float inf stands where a number is wanted");
    check("limits.memory = '0'", "`0` is out of range: at least 1");
    check("limits.body = 'much'", "`much` is not a size");
    check("log.level = 'inof'", "`inof` is no level; did you mean \"info\"?");
    check("log.level = 'a=b=c'", "`a=b=c` is no filter");
    check("log.level = 'shortedfaas'", "`shortedfaas` is no level; write a level");
    check("deploy.folder = \"a\\u0000b\"", "holds a NUL character");
}

#[test]
fn a_file_that_cannot_be_read_is_a_mistake_and_never_the_defaults() {
    let check = |mut story: Story, path: Option<&str>, expected: &str| {
        story.arguments.config = path.map(Into::into);
        let mistakes = story.load().expect_err(expected).to_string();
        assert!(mistakes.starts_with(expected), "{mistakes}");
    };
    check(
        Story::of(""),
        Some("nowhere.toml"),
        "nowhere.toml: the configuration cannot be read: No such file",
    );
    check(Story::of(""), Some("etc"), "etc: the configuration cannot be read: Is a directory");
    check(
        Story::of("a = 1\nb = '\u{fc}'\n".chars().map(|c| c as u8).collect::<Vec<_>>()),
        Some("etc/shortedfaas.toml"),
        "etc/shortedfaas.toml:2: the file is not UTF-8",
    );
    check(
        Story::of(vec![b'#'; (1 << 20) + 1]),
        Some("etc/shortedfaas.toml"),
        "etc/shortedfaas.toml: the file is larger than 1MiB",
    );
    let dangling = Story::of("");
    std::os::unix::fs::symlink("gone", dangling.home.path().join("shortedfaas.toml"))
        .expect("a link");
    check(dangling, None, "shortedfaas.toml: the configuration cannot be read");
}

#[test]
fn hostile_files_are_refused_without_harm() {
    for text in [
        "a.".repeat(100_000) + "b = 1",
        format!("a = {}", "[".repeat(100_000)),
        "\u{0}".repeat(1000),
        "[".repeat(100_000),
        "=\n".repeat(50_000),
        (0..5_000).map(|number| format!("k{number} = 1\n")).collect(),
    ] {
        assert!((1..=101).contains(&Story::of(text).mistakes().len()));
    }
    Story::of("\u{feff}[server]\r\nthreads = 1\r\n").config();
}
