//! Where a secret must never be found again.

use crate::support::auth::{SECRET, secret_header};
use crate::support::{Answer, Host, Setup, shell};

/// A wrong secret is somebody's right secret elsewhere.
const WRONG: &str = "somebody-elses-secret";

fn as_operator(host: &Host, path: &str) -> Answer {
    host.request("GET", path).header("Authorization", &secret_header()).send()
}

#[test]
fn the_secret_is_in_no_log_no_history_and_no_environment() {
    let setup = Setup::new().with_secret();
    let config = std::fs::read_to_string(setup.config_file()).unwrap();
    let host = setup
        .config(format!("{config}[log]\nlevel = \"trace\"\n"))
        .function("env", &shell("env; cat /proc/$PPID/cmdline; cat"))
        .start();
    let answer = host
        .request("POST", "/f/env?q=1")
        .header("Authorization", &secret_header())
        .header("Proxy-Authorization", "Basic proxy-secret")
        .body("the body")
        .send();
    answer.expect_status(200);
    assert!(answer.text().contains("the body"));
    let refused = host
        .request("POST", "/f/env")
        .header("Authorization", &format!("SharedSecret {WRONG}"))
        .send();
    refused.expect_status(401);
    let detail = crate::support::eventually("the detail is there", || {
        let found = as_operator(&host, &format!("/history/{}", answer.id()));
        (found.status == 200).then(|| found.text())
    });
    let places = [
        ("output", answer.text()),
        ("refusal", refused.text()),
        ("detail", detail),
        ("history", as_operator(&host, "/history").text()),
        ("list", as_operator(&host, "/list").text()),
        ("metrics", as_operator(&host, "/metrics").text()),
        ("log", host.log()),
    ];
    for (place, text) in places {
        for secret in [SECRET, WRONG, "proxy-secret"] {
            assert!(!text.contains(secret), "{secret} is in the {place}: {text}");
        }
    }
}

#[test]
fn the_identity_and_the_scheme_are_what_a_function_learns() {
    let script = "printf '%s|%s|%s' \"$REMOTE_USER\" \"$AUTH_TYPE\" \"$HTTP_AUTHORIZATION\"";
    let host = Setup::new().with_secret().function("who", &shell(script)).start();
    let answer = host.request("POST", "/f/who").header("Authorization", &secret_header()).send();
    answer.expect(200, "shared-secret|SharedSecret|");
    let history = crate::support::eventually("it is recorded", || {
        let invocations = as_operator(&host, "/history").json()["invocations"].clone();
        invocations
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["id"] == answer.id().as_str())
            .cloned()
    });
    assert_eq!(history["identity"], "shared-secret");
}
