//! Who is let in, and that everybody else is refused before anything is read or run.

use crate::support::auth::secret_header;
use crate::support::{Answer, Host, Setup, cat, shell};

fn host() -> Host {
    let marks = shell("echo ran >> marks; printf '%s' \"$SHORTEDFAAS_IDENTITY\"");
    Setup::new().with_secret().function("cat", &cat()).function("marks", &marks).start()
}

fn with(host: &Host, path: &str, headers: &[(&str, &str)]) -> Answer {
    let call = headers
        .iter()
        .fold(host.request("POST", path), |call, (name, value)| call.header(name, value));
    call.body("x").send()
}

#[track_caller]
fn nothing_ran(host: &Host) {
    assert!(!host.setup().deploy_folder().join("marks/marks").exists(), "the function was started");
}

#[test]
fn the_right_secret_opens_and_names_the_caller() {
    let host = host();
    let right = secret_header();
    let answer = with(&host, "/f/marks", &[("Authorization", &right)]);
    answer.expect(200, "shared-secret");
    with(&host, "/f/cat", &[("authorization", &right.replace("SharedSecret", "sharedsecret"))])
        .expect(200, "x");
    let list = host.request("GET", "/list").header("Authorization", &right).send();
    list.expect_status(200);
}

#[test]
fn anything_else_is_401_with_a_challenge() {
    let host = host();
    for headers in [
        &[][..],
        &[("Authorization", "")],
        &[("Authorization", "SharedSecret")],
        &[("Authorization", "SharedSecret wrong")],
        &[("Authorization", "Bearer x")],
        &[("Authorization", "correct-horse-battery-staple")],
        &[("Authorization", "SharedSecret correct-horse-battery-staplex")],
        &[("Proxy-Authorization", "SharedSecret correct-horse-battery-staple")],
    ] {
        let answer = with(&host, "/f/marks", headers);
        answer.expect_problem(401, "caller");
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        assert!(challenge.contains("SharedSecret"), "{headers:?}: {challenge}");
    }
    nothing_ran(&host);
    // What exists is nobody's business either.
    with(&host, "/f/nobody", &[]).expect_problem(401, "caller");
    for path in ["/list", "/history", "/metrics", "/nowhere"] {
        host.get(path).expect_problem(401, "caller");
    }
}

#[test]
fn health_is_asked_without_a_secret() {
    let host = host();
    host.get("/healthz").expect_status(200);
    host.get("/readyz").expect_status(200);
}

#[test]
fn a_refusal_comes_before_the_body() {
    let host = host();
    for headers in [
        "Content-Length: 1000000\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Content-Length: 10\r\nExpect: 100-continue\r\n",
    ] {
        let mut connection = host.connect();
        connection.write(format!("POST /f/marks HTTP/1.1\r\nHost: x\r\n{headers}\r\n")).unwrap();
        // Not a byte of the body is ever sent.
        connection.read_answer("POST").unwrap().expect_problem(401, "caller");
    }
    nothing_ran(&host);
}

#[test]
fn two_authorization_headers_are_400() {
    let host = host();
    let right = secret_header();
    let both = with(&host, "/f/marks", &[("Authorization", &right), ("Authorization", &right)]);
    both.expect_problem(400, "caller");
    let one_wrong = with(&host, "/f/marks", &[("Authorization", &right), ("authorization", "x y")]);
    one_wrong.expect_problem(400, "caller");
    nothing_ran(&host);
}

#[test]
fn refusals_are_in_the_history() {
    let host = host();
    let refused = with(&host, "/f/cat", &[("Authorization", "SharedSecret wrong")]);
    let path = format!("/history/{}", refused.id());
    let detail = crate::support::eventually("the refusal is recorded", || {
        let found = host.request("GET", &path).header("Authorization", &secret_header()).send();
        (found.status == 200).then(|| found.json())
    });
    assert_eq!(
        (&detail["status"], &detail["outcome"], &detail["function"]),
        (&401.into(), &"rejected".into(), &"cat".into())
    );
}

#[test]
fn a_secret_that_is_not_set_is_no_secret() {
    let config =
        "[auth]\nchain = [\"shared-secret\"]\n[auth.shared-secret]\n[runners.executable]\n";
    for setup in [
        Setup::new().config(config),
        Setup::new().config(config).environment("ShortedFaaS_SharedSecret", " "),
    ] {
        setup.run().expect_refusal(&["ShortedFaaS_SharedSecret", "shared-secret"]);
    }
}

#[test]
fn an_open_host_listens_to_its_own_machine_only() {
    let open = Setup::new().argument("--listen").argument("0.0.0.0:0");
    open.run().expect_refusal(&["0.0.0.0", "allow_anonymous", "auth"]);
    let allowed = Setup::new()
        .config_with("[auth]\nallow_anonymous = true\n")
        .function("cat", &cat())
        .argument("--listen")
        .argument("0.0.0.0:0");
    let started = std::panic::catch_unwind(|| Host::start(allowed));
    started.expect("it starts").post("/f/cat", "x").expect(200, "x");
}
