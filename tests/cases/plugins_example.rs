//! The example of docs/plugins.md, built as an author would build it, and loaded.

use crate::support::fixtures::{API_KEY, repository};
use crate::support::{Answer, Host, Setup, shell};

fn call(host: &Host, header: &str, value: &str) -> Answer {
    host.request("POST", "/f/who").header(header, value).send()
}

#[test]
fn the_example_opens_to_its_keys_and_hides_them() {
    let config = r#"
[auth]
chain = ["api-key"]
[auth.api-key.keys]
ann = "key-of-ann"
bob = "key-of-bob"
[log]
level = "trace"
"#;
    let script = "printf '%s' \"$SHORTEDFAAS_IDENTITY\"; env | grep -c key-of";
    let setup =
        Setup::new().config_with(config).function("who", &shell(&format!("{script} || true")));
    let folder = setup.path("plugins").to_string_lossy().into_owned();
    let host = setup
        .library("libauth_api_key.so", &API_KEY)
        .argument("--plugins")
        .argument(&folder)
        .start();
    call(&host, "X-Api-Key", "key-of-ann").expect(200, "ann0\n");
    call(&host, "x-api-key", "key-of-bob").expect(200, "bob0\n");
    call(&host, "X-Api-Key", "key-of-nobody").expect_problem(401, "caller");
    let nobody = call(&host, "X-Other", "x");
    nobody.expect_problem(401, "caller");
    assert!(nobody.header("www-authenticate").unwrap().contains("ApiKey"));
    assert!(!host.log().contains("key-of-"), "a key is in the log");
}

#[test]
fn the_page_shows_the_example_as_it_is() {
    let source = repository().join("docs/examples/auth-api-key/src/lib.rs");
    let source = std::fs::read_to_string(source).unwrap();
    let page = std::fs::read_to_string(repository().join("docs/plugins.md")).unwrap();
    // In the page it stands indented.
    let lines = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    let (_, code) = source.split_once("#[derive").unwrap();
    assert!(lines(&page).contains(&lines(code.trim())), "docs/plugins.md shows another text");
    let count = code.lines().filter(|line| !line.trim().is_empty()).count();
    assert!(count <= 32, "{count} lines are not a short example");
}
