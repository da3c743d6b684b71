//! What a whole configuration says: precedence, mistakes, plugins; and the shipped file against the defaults.

use super::file::SHIPPED;
use super::settings::{Auth, Deploy, FunctionDefaults, History, Limits, Server};
use super::*;
use serde_json::json;
use std::fs;
use std::time::Duration;
use tempfile::TempDir;

/// A working directory with `etc/shortedfaas.toml` in it.
struct Story {
    home: TempDir,
    arguments: Arguments,
    environment: Vec<(&'static str, &'static str)>,
}

impl Story {
    fn of(file: impl AsRef<[u8]>) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(home.path().join("etc")).expect("a folder");
        fs::write(home.path().join("etc/shortedfaas.toml"), file).expect("a file");
        let arguments =
            Arguments { config: Some("etc/shortedfaas.toml".into()), ..Arguments::default() };
        Self { home, arguments, environment: Vec::new() }
    }

    fn variable(mut self, name: &'static str, value: &'static str) -> Self {
        self.environment.push((name, value));
        self
    }

    fn deploy(mut self, folder: &str) -> Self {
        self.arguments.deploy = Some(folder.into());
        self
    }

    fn listen(mut self, address: &str) -> Self {
        self.arguments.listen = Some(address.to_owned());
        self
    }

    fn load(&self) -> Result<Config, Mistakes> {
        let environment = self.environment.iter().copied().collect();
        load_in(self.home.path(), &self.arguments, &environment)
    }

    #[track_caller]
    fn config(&self) -> Config {
        self.load().unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }

    #[track_caller]
    fn mistakes(&self) -> Vec<String> {
        let mistakes = self.load().expect_err("mistakes").to_string();
        mistakes
            .lines()
            .map(|line| line.trim_start_matches("etc/shortedfaas.toml:").to_owned())
            .collect()
    }

    #[track_caller]
    fn refused(&self, expected: &[&str]) {
        assert_eq!(self.mistakes(), expected);
    }
}

#[test]
fn an_empty_file_is_the_defaults() {
    let story = Story::of("");
    let config = story.config();
    let etc = story.home.path().join("etc");
    assert_eq!(config.file, Some(etc.join("shortedfaas.toml")));
    assert_eq!(config.folder, etc);
    assert_eq!(
        config.deploy,
        Deploy { folder: etc.join("deploy"), settle: Duration::from_millis(200) }
    );
    assert_eq!(config.server, Server::default());
    assert_eq!(config.limits, Limits::default());
    assert_eq!((config.plugins, config.warnings), (vec![], vec![]));
}

/// Takes the `# ` off every line that is a key with its default.
fn uncommented(shipped: &str) -> String {
    let is_key =
        |text: &str| text.split_once(" = ").is_some_and(|(key, _)| !key.contains([' ', '`']));
    let line = |line: &str| match line.strip_prefix("# ") {
        Some(text) if is_key(text) => format!("{text}\n"),
        _ => format!("{line}\n"),
    };
    shipped.lines().map(line).collect()
}

#[test]
fn the_shipped_file_says_what_the_code_does() {
    let as_it_is = Story::of(SHIPPED);
    let with_defaults = Story::of(uncommented(SHIPPED));
    let (one, other) = (as_it_is.config(), with_defaults.config());
    let tables: Vec<_> = one.plugins.iter().map(PluginConfig::table).collect();
    let runners = ["[runners.embedded]", "[runners.executable]", "[runners.process]"];
    assert!(runners.iter().all(|table| tables.iter().any(|known| known == table)), "{tables:?}");
    assert!(tables.contains(&"[languages.python]".to_owned()), "{tables:?}");
    assert_eq!(other.deploy.folder.strip_prefix(&other.folder), Ok(Path::new("deploy")));
    let Config { server, auth, functions, limits, history, log, warnings, .. } = other;
    assert_eq!((&one.server, &server), (&Server::default(), &Server::default()));
    assert_eq!((&one.auth, &auth), (&Auth::default(), &Auth::default()));
    assert_eq!((one.deploy.settle, functions), (other.deploy.settle, FunctionDefaults::default()));
    assert_eq!((limits, history, log), (Limits::default(), History::default(), Log::default()));
    assert_eq!(warnings, Vec::<String>::new());
}

#[test]
fn the_shipped_file_shows_every_key() {
    let text = uncommented(SHIPPED);
    let lines = Lines::of(text.as_bytes());
    let document = file::parse(&text, &lines, &mut Mistakes::of(""));
    let environment = Environment::default();
    let mut reader = Reader::new(&document, &lines, &environment, Mistakes::of(""));
    read(&mut reader, Bases { folder: Path::new("/"), working_directory: Path::new("/") });
    let keys = reader.known_keys();
    assert!(keys.len() > 25, "{keys:?}");
    for key in keys {
        assert!(reader.place(&key).is_some(), "{key} is not in shortedfaas.toml");
    }
}

#[test]
fn without_a_file_the_shipped_one_serves_from_the_working_directory() {
    let mut story = Story::of("");
    story.arguments.config = None;
    let config = story.config();
    assert_eq!((config.file, config.folder), (None, story.home.path().to_owned()));
    assert_eq!(config.deploy.folder, story.home.path().join("deploy"));
    assert!(config.plugins.len() > 3, "the shipped ones");
    fs::write(story.home.path().join("shortedfaas.toml"), "[functions]\nconcurrency = 3")
        .expect("a file");
    assert_eq!(story.config().functions.concurrency, 3);
}

#[test]
fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
    let file = "[server]\nlisten = '127.0.0.1:1'\n[deploy]\nfolder = 'f'";
    let home = |config: Config, story: &Story| {
        config.deploy.folder.strip_prefix(story.home.path()).map(Path::to_owned)
    };
    let story = Story::of(file);
    assert_eq!(story.config().server.listen.port(), 1);
    assert_eq!(home(story.config(), &story), Ok("etc/f".into()));
    let story = story
        .variable("SHORTEDFAAS_SERVER_LISTEN", "127.0.0.1:2")
        .variable("ShortedFaaS_Deploy", "original");
    assert_eq!(story.config().server.listen.port(), 2);
    assert_eq!(home(story.config(), &story), Ok("original".into()));
    let story = story.variable("SHORTEDFAAS_DEPLOY_FOLDER", "newer");
    assert_eq!(home(story.config(), &story), Ok("newer".into()));
    let story = story.listen("[::1]:3").deploy("argument");
    assert_eq!(story.config().server.listen.port(), 3);
    assert_eq!(home(story.config(), &story), Ok("argument".into()));
}

#[test]
fn every_section_can_be_overridden_by_the_environment() {
    let config = Story::of("[limits]\nmemory = '1GiB'")
        .variable("SHORTEDFAAS_AUTH_CHAIN", "shared-secret, bearer")
        .variable("SHORTEDFAAS_LIMITS_BODY", "1MiB")
        .variable("SHORTEDFAAS_LIMITS_MEMORY", "none")
        .variable("SHORTEDFAAS_HISTORY_LOG", "meta")
        .variable("SHORTEDFAAS_LOG_LEVEL", "warn, shortedfaas=debug")
        .variable("SHORTEDFAAS_FUNCTIONS_TIMEOUT", "5s")
        .variable("SHORTEDFAAS_FUNCTION", "this host is itself a function")
        .variable("SHORTEDFAAS_INVOCATION_ID", "7")
        .config();
    assert_eq!(config.auth.chain, ["shared-secret", "bearer"]);
    assert_eq!(config.plugins.iter().map(|plugin| plugin.line).collect::<Vec<_>>(), [0, 0]);
    assert_eq!((config.limits.body, config.limits.memory), (1 << 20, None));
    assert_eq!(
        (config.history.log, config.log.level),
        (LogPolicy::Meta, "warn,shortedfaas=debug".to_owned())
    );
    assert_eq!(config.functions.timeout, Duration::from_secs(5));
}

#[test]
fn only_three_keys_need_a_restart() {
    let one = Story::of("").config();
    let changed = Story::of(
        "[server]\nlisten = '127.0.0.1:1'\nthreads = 99\nidle_timeout = '1s'\n[log]\nlevel = 'warn'",
    );
    let other = Config { deploy: one.deploy.clone(), ..changed.config() };
    assert_eq!(one.restart_only(&one), Vec::<&str>::new());
    assert_eq!(one.restart_only(&other), ["server.listen", "server.threads"]);
    assert_eq!(
        one.restart_only(&changed.config()),
        ["server.listen", "server.threads", "deploy.folder"]
    );
}

#[test]
fn settings_of_plugins_are_theirs_and_two_keys_are_the_hosts() {
    let file = "[runners.executable]\nlibrary = 'lib/x.so'\nexecutor = 'own'\nsince = 2026-01-02\nnested = {a = [1]}\ntext = '5'";
    let story = Story::of(file)
        .variable("SHORTEDFAAS_RUNNERS_EXECUTABLE_TEXT", "6")
        .variable("SHORTEDFAAS_RUNNERS_EXECUTABLE_NUMBER", "6")
        .variable("SHORTEDFAAS_RUNNERS_EXECUTABLE_WORDS", "a b")
        .variable("SHORTEDFAAS_RUNNERS_NATIVE_X", "1");
    let config = story.config();
    let plugin = &config.plugins[0];
    assert_eq!(plugin.library, Some(story.home.path().join("etc/lib/x.so")));
    assert_eq!(
        (plugin.executor, plugin.line, plugin.line_of("nested.a[0]")),
        (Executor::Own, 1, 5)
    );
    let expected = json!({"since": "2026-01-02", "nested": {"a": [1]}, "text": "6", "number": 6, "words": "a b"});
    assert_eq!(serde_json::Value::Object(plugin.settings.clone()), expected);
    assert!(!format!("{config:?}").contains("a b"), "settings may be secrets");
    assert_eq!(config.warnings.len(), 1, "{:?}", config.warnings);
    assert!(config.warnings[0].contains("SHORTEDFAAS_RUNNERS_NATIVE_X"));
}

#[test]
fn without_a_chain_the_tables_are_asked_in_their_order() {
    let config =
        Story::of("[languages.b]\n[auth.z]\n[auth.a]\n[runners.x]\n[languages.a]").config();
    assert_eq!(config.auth.chain, ["z", "a"]);
    let tables: Vec<_> = config.plugins.iter().map(PluginConfig::table).collect();
    assert_eq!(tables, ["[auth.z]", "[auth.a]", "[runners.x]", "[languages.b]", "[languages.a]"]);
}

#[test]
fn the_chain_decides_who_is_asked() {
    let config = Story::of("[auth]\nchain = ['a', 'b']\n[auth.c]\n[auth.b]\nttl = 5").config();
    assert_eq!(config.auth.chain, ["a", "b"]);
    assert_eq!(config.plugins.len(), 2);
    assert_eq!((config.plugins[0].line, config.plugins[1].line), (2, 4));
    assert_eq!(config.plugins[1].settings, *json!({"ttl": 5}).as_object().expect("an object"));
    assert_eq!(config.warnings, ["[auth.c] (line 3) is not used: auth.chain does not name it"]);
}

mod refused;
