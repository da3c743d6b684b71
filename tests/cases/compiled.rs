//! Functions that are compiled: by hand, on deploy, wrongly, again under load.

use crate::support::compiled::{
    build, builds_in, c, c_by_itself, change, compiling, compiling_slowly, compiling_with, copy,
    is_on_path, says,
};
use crate::support::load::Load;
use crate::support::processes::{expect_gone, pids_in};
use crate::support::{Folder, Setup, cat, until};
use rustix::process::Signal;
use serde_json::{Value, json};

const RUST: &str = "use shortedfaas_function::{Environment, function};\n\
    function!(lambda);\n\
    fn lambda(input: &str, _: &mut Environment) -> String { format!(\"Hello, {input}!\") }\n";
const GO: &str = "package main\n\
    import \"github.com/shortedfaas/shortedfaas/launchers/go/shortedfaas\"\n\
    func lambda(input string, _ *shortedfaas.Environment) string { return \"Hello, \" + input + \"!\" }\n";
const GREETING: &str = "sf_slice name = sf_input(host, request);\
    return sf_printf(host, request, \"Hello, %.*s!\", (int)name.size, name.data);";

fn greeting(language: &str) -> Folder {
    let folder = Folder::new(&json!({"type": "compiled", "language": language}));
    match language {
        "c" => c(GREETING),
        "rust" => folder.file("lambda.rs", RUST),
        _ => folder.file("lambda.go", GO),
    }
}

fn languages() -> impl Iterator<Item = &'static str> {
    // The project itself needs a Rust and, for linking, a C compiler.
    ["c", "rust", "go"].into_iter().filter(|language| *language != "go" || is_on_path("go"))
}

#[test]
fn what_was_built_by_hand_answers_cold_and_warm() {
    let mut setup = compiling();
    for language in languages() {
        setup = setup.function(language, &greeting(language));
        let built = build(&setup, language);
        assert_eq!(built["built"], true, "{built}");
        assert_eq!(build(&setup, language)["built"], false);
        let cold = greeting(language).with("scaling", json!({"mode": "cold"}));
        let name = format!("{language}-cold");
        setup = setup.function(&name, &cold);
        // The same sources in another folder: what was built goes with them.
        copy(&setup, language, &name);
        assert_eq!(build(&setup, &name)["built"], false);
    }
    let host = setup.start();
    for language in languages() {
        host.listed_as(language, "ready");
        for (name, starts) in [(language.to_owned(), "warm"), (format!("{language}-cold"), "cold")]
        {
            host.post(&format!("/f/{name}"), "World").expect(200, "Hello, World!");
            let second = host.post(&format!("/f/{name}"), "Wörld");
            second.expect(200, "Hello, Wörld!");
            assert_eq!(host.history_of(&second)["start"], starts, "{name}");
        }
    }
}

#[test]
fn sources_without_a_build_are_broken_until_somebody_builds_them() {
    let host = compiling().function("f", &c(&says("one"))).start();
    let reason = "not built: run `shortedfaas build deploy/f`";
    assert_eq!(host.listed_as("f", "broken")["reason"], reason);
    assert!(host.post("/f/f", "").expect_problem(503, "function").contains(reason));
    build(host.setup(), "f");
    host.listed_as("f", "ready");
    host.post("/f/f", "").expect(200, "one");
    // Other sources: what was built serves on, and says that it is not of these.
    change(&host, "f", "lambda.c", &source(&says("two")));
    until("a warning", || warning(&host.listed_as("f", "ready")).contains(reason));
    host.post("/f/f", "").expect(200, "one");
    build(host.setup(), "f");
    until("the new one", || host.post("/f/f", "").text() == "two");
    until("no warning", || warning(&host.listed_as("f", "ready")).is_empty());
    let folder = host.setup().deploy_folder().join("f");
    until("the old build is gone", || builds_in(&folder).len() == 1);
}

fn warning(listed: &Value) -> String {
    listed["warning"].as_str().unwrap_or_default().to_owned()
}

fn source(body: &str) -> String {
    format!("#include \"shortedfaas.h\"\n\nSF_FUNCTION(lambda) {{ {body} }}\n")
}

#[test]
fn what_builds_itself_is_building_first_and_holds_up_nobody() {
    let setup = compiling_slowly().function("f", &c_by_itself(&says("one")));
    let host = setup.function("other", &cat()).start();
    host.post("/f/other", "other").expect(200, "other");
    host.listed_as("f", "building");
    let answer = host.post("/f/f", "");
    answer.expect_problem(503, "function");
    assert!(answer.header("retry-after").is_some());
    std::fs::write(host.path("go"), "").unwrap();
    host.listed_as("f", "ready");
    host.post("/f/f", "").expect(200, "one");
    // What the compiler writes is no change of the function.
    let built = builds_in(&host.setup().deploy_folder().join("f"));
    assert_eq!(host.log_lines_with("function built").len(), 1, "{built:?}");
}

#[test]
fn a_build_ends_with_its_sources_and_with_its_host() {
    let mut host = compiling_slowly().function("f", &c_by_itself(&says("one"))).start();
    let first = pids_in(&host.path("pids"), 1)[0];
    change(&host, "f", "lambda.c", &source(&says("two")));
    let second = pids_in(&host.path("pids"), 2)[1];
    expect_gone(first);
    host.remove("f");
    expect_gone(second);
    host.deploy("g", &c_by_itself(&says("three")));
    let third = pids_in(&host.path("pids"), 3)[2];
    host.signal(Signal::KILL);
    let _ = host.ended();
    expect_gone(third);
    let folder = host.setup().deploy_folder().join("g");
    until("nothing is left", || builds_in(&folder).is_empty());
}

#[test]
fn a_failed_build_says_what_the_compiler_said() {
    let host = compiling().function("f", &c_by_itself("return nonsense;")).start();
    let reason = host.listed_as("f", "broken")["reason"].as_str().unwrap().to_owned();
    assert!(
        reason.contains("the build failed, `cc` exited with 1") && reason.contains("nonsense"),
        "{reason}"
    );
    change(&host, "f", "lambda.c", &source(&says("mended")));
    until("it answers", || host.post("/f/f", "").text() == "mended");
    change(&host, "f", "lambda.c", &source("return rubbish;"));
    until("a warning", || warning(&host.listed_as("f", "ready")).contains("rubbish"));
    host.post("/f/f", "").expect(200, "mended");
}

#[test]
fn rebuilding_under_load_fails_no_call() {
    let text = |number: usize| says(&format!("version {number}"));
    let host = compiling().function("f", &c_by_itself(&text(0))).start();
    until("it answers", || host.post("/f/f", "").status == 200);
    let load = Load::start(&host, 3, "/f/f", |text| text.starts_with("version "));
    for number in 1..=5 {
        change(&host, "f", "lambda.c", &source(&text(number)));
        let newest = format!("version {number}");
        until("the newest answers", || load.has_failed() || host.post("/f/f", "").text() == newest);
    }
    let folder = host.setup().deploy_folder().join("f");
    until("old builds are gone", || builds_in(&folder).len() == 1);
    // The folder replaced as a whole, and with it what was built: what serves can still be started.
    for number in 6..=8 {
        host.deploy("f", &c_by_itself(&text(number)).with("scaling", json!({"mode": "cold"})));
        let newest = format!("version {number}");
        until("the newest answers", || load.has_failed() || host.post("/f/f", "").text() == newest);
    }
    assert_eq!(load.stop(), Vec::<String>::new());
}

#[test]
fn without_a_compiler_the_reason_says_how_to_get_one() {
    let host = compiling_with("command = \"no-such-cc\"").function("f", &c(&says("x"))).start();
    let reason = host.listed_as("f", "broken")["reason"].as_str().unwrap().to_owned();
    for part in ["compiler `no-such-cc`", "[languages.c]", "apt-get install gcc"] {
        assert!(reason.contains(part), "{reason}");
    }
}

#[test]
fn a_handler_that_is_not_there_and_sources_that_are_not_are_broken() {
    let check = |folder: Folder, part: &str| {
        let setup = compiling().function("f", &folder.with("build", json!("auto")));
        let host = setup.start();
        until("it is built", || host.listed("f").is_some_and(|f| f["state"] != "building"));
        // A handler is sought when the first worker starts.
        host.post("/f/f", "").expect_problem(503, "function");
        let reason = host.listed_as("f", "broken")["reason"].as_str().unwrap().to_owned();
        assert!(reason.contains(part), "{reason}");
    };
    check(
        c(&says("x")).with("handler", json!("resize")),
        "the handler `resize` is not in the program",
    );
    let empty = Folder::new(&json!({"type": "compiled", "language": "c"}));
    check(empty.clone(), "no file that ends in .c");
    check(empty.with("arguments", json!("other.c")), "the file `other.c` is not in the folder");
    check(c(&says("x")).with("signature", json!("aws")), "signature");
}

#[test]
fn flags_several_files_and_cplusplus_are_built() {
    let flags = c("return sf_printf(host, request, \"%d %.1f\", NUMBER, sqrt(NUMBER));");
    let flags = flags.with("arguments", json!("-DNUMBER=4 -include math.h"));
    let several = c("extern const char *text(void); return sf_text(host, request, text());")
        .file("more/text.c", "const char *text(void) { return \"from another file\"; }\n");
    let mut setup = compiling().function("flags", &flags).function("several", &several);
    let thrown = "#include \"shortedfaas.h\"\n#include <stdexcept>\n\
        SF_FUNCTION(lambda) { throw std::runtime_error(\"thrown\"); }\n";
    let names = if is_on_path("c++") {
        &["flags", "several", "cplusplus"][..]
    } else {
        &["flags", "several"]
    };
    let cplusplus = Folder::new(&json!({"type": "compiled", "language": "c"}));
    setup = setup.function("cplusplus", &cplusplus.file("lambda.cpp", thrown));
    for name in names {
        build(&setup, name);
    }
    let host = setup.start();
    host.post("/f/flags", "").expect(200, "4 2.0");
    host.post("/f/several", "").expect(200, "from another file");
    if names.contains(&"cplusplus") {
        let answer = host.post("/f/cplusplus", "");
        answer.expect(500, "");
        assert!(host.history_of(&answer)["error"].as_str().unwrap().contains("thrown"));
    }
}

#[test]
fn a_rust_function_may_be_a_package_or_the_handler_alone() {
    let rust = |folder: Folder| folder.with("build", json!("auto"));
    let package = "[package]\nname = \"greet\"\nedition = \"2024\"\n\
        [dependencies]\nshortedfaas-function = \"0.1\"\n[workspace]\n";
    let package = greeting("rust").file("Cargo.toml", package).file("src/main.rs", RUST);
    let alone = RUST.replace("function!(lambda);", "").replace(", function", "");
    let alone =
        Folder::new(&json!({"type": "compiled", "language": "rust"})).file("lambda.rs", alone);
    let setup: Setup =
        compiling().function("package", &rust(package)).function("alone", &rust(alone));
    let host = setup.start();
    for name in ["package", "alone"] {
        host.listed_as(name, "ready");
        host.post(&format!("/f/{name}"), "World").expect(200, "Hello, World!");
    }
}
