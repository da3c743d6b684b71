//! Handlers in Java: sources, classes and jars; what they take and give.

use crate::support::fixtures::repository;
use crate::support::interpreted::speaking;
use crate::support::{Folder, Host};
use serde_json::json;
use std::path::Path;
use std::process::Command;

fn java(arguments: &str) -> Folder {
    Folder::new(&json!({"type": "interpreted", "language": "java", "arguments": arguments}))
}

const BESIDE: &str = "class Lambda {
    static String lambda(String input, Environment environment) {
        return Words.shout(input) + environment.method;
    }
}";

const RECORD: &str = "import java.util.List;
class Lambda {
    record Point(int x, double y, List<String> names) {}
    private final String made = \"once\";
    Object handler(String input) { return new Point(input.length(), 0.5, List.of(made)); }
}";

const FUTURE: &str = "import java.util.concurrent.CompletableFuture;
class Lambda {
    static CompletableFuture<String> lambda(String input) {
        return CompletableFuture.supplyAsync(() -> input + \" later\");
    }
}";

#[test]
fn sources_are_compiled_with_what_lies_beside_them() {
    let words = "class Words { static String shout(String text) { return text.toUpperCase(); } }";
    let host = speaking(&["java"])
        .function(
            "beside",
            &java("Lambda.java").file("Lambda.java", BESIDE).file("Words.java", words),
        )
        .function("record", &java("Lambda.java").file("Lambda.java", RECORD))
        .function("future", &java("Lambda.java").file("Lambda.java", FUTURE))
        .start_all();
    host.post("/f/beside", "über").expect(200, "ÜBERPOST");
    let record = host.post("/f/record", "abc").expect_status(200).json();
    assert_eq!(record, json!({"x": 3, "y": 0.5, "names": ["once"]}));
    host.post("/f/future", "sooner or").expect(200, "sooner or later");
    redeployed(&host);
}

/// Another source is compiled anew; the classes of the old one are not taken for its own.
fn redeployed(host: &Host) {
    let words = "class Words { static String shout(String text) { return \"quiet \"; } }";
    host.deploy(
        "beside",
        &java("Lambda.java").file("Lambda.java", BESIDE).file("Words.java", words),
    );
    crate::support::until("the new one serves", || {
        host.post("/f/beside", "x").text() == "quiet POST"
    });
}

const PACKAGED: &str = "package com.example;
import shortedfaas.Environment;
public class Words {
    public static String shout(String input, Environment environment) {
        environment.code = 201;
        return input.toUpperCase();
    }
}";

/// Runs a program of the JDK in `folder`.
fn run(program: &str, arguments: &[&str], folder: &Path) {
    let output = Command::new(program).args(arguments).current_dir(folder).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {errors}");
}

#[test]
fn classes_and_jars_are_taken_as_they_are() {
    let setup = speaking(&["java"]);
    let work = setup.path("work");
    std::fs::create_dir(&work).unwrap();
    std::fs::write(work.join("Words.java"), PACKAGED).unwrap();
    std::fs::write(work.join("Lambda.java"), BESIDE.replace("Words.shout(input)", "input"))
        .unwrap();
    let launcher = repository().join("launchers/java");
    let launcher = launcher.to_str().unwrap();
    let options =
        ["-implicit:none", "-sourcepath", launcher, "-d", "classes", "Words.java", "Lambda.java"];
    run("javac", &options, &work);
    run("jar", &["--create", "--file", "words.jar", "-C", "classes", "com"], &work);
    let class = std::fs::read(work.join("classes/Lambda.class")).unwrap();
    let jar = std::fs::read(work.join("words.jar")).unwrap();
    let host = setup
        .function("class", &java("Lambda.class").file("Lambda.class", class))
        .function(
            "jar",
            &java("words.jar")
                .with("handler", "com.example.Words.shout".into())
                .file("words.jar", jar),
        )
        .start_all();
    host.post("/f/class", "as it is ").expect(200, "as it is POST");
    host.post("/f/jar", "packaged").expect(201, "PACKAGED");
}
