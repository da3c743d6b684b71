//! A plugin made of a constant, asked through the boundary as the host asks it.
#![allow(clippy::unwrap_used, reason = "tests may")]

use languages::{Describe, Language, LauncherFile, Plugin, Sample};
use plugin_api::abi::abi_stable::std_types::{RResult, RStr, RString};
use plugin_api::abi::{AbiError, CreateV1, Extra, FunctionSpecV1, HostV1, RawInterface, executor};
use plugin_api::serde_json::{Value, from_str, json};
use std::ffi::c_void;
use std::path::Path;

struct Shell;

impl Describe for Shell {
    const LANGUAGE: &'static Language = &Language {
        name: "shell",
        programs: &["sh"],
        install: "apt-get install dash",
        probe: &["-c", "echo 1.2.3"],
        endings: &["sh"],
        options: &["-e"],
        launcher: &[LauncherFile { name: "launcher.sh", content: b"exit 0" }],
        template: Some(&["--template"]),
        launched_options: &["-u"],
        samples: &[Sample { kind: "launched", files: &[("run.json", "{}")] }],
        complete: |context, plan| {
            let shown = context.launcher_folder.is_some().to_string();
            plan.environment.insert("LAUNCHER".to_owned(), shown);
            Ok(())
        },
        ..Language::PLAIN
    };
}

extern "C" fn max_level(_context: *const c_void) -> u32 {
    0
}

extern "C" fn log(_: *const c_void, _: u32, _: RStr<'_>, _: RStr<'_>, _: RStr<'_>, _: RStr<'_>) {}

extern "C" fn query(_context: *const c_void, _id: RStr<'_>) -> RawInterface {
    RawInterface::none()
}

fn read(answer: RResult<RString, AbiError>) -> Result<Value, String> {
    match answer {
        RResult::ROk(text) => Ok(from_str(&text).unwrap()),
        RResult::RErr(error) => Err(error.message.into_string()),
    }
}

/// What the plugin with this table plans for a function `f` with one file, and what it says of itself.
fn ask(table: &str, kind: &str, manifest: &Value, then: impl FnOnce(Result<Value, String>, Value)) {
    let deploy = tempfile::tempdir().unwrap();
    let folder = deploy.path().join("f");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("a.sh"), "").unwrap();
    let functions = plugin_api::language_table::<Plugin<Shell>>();
    let host = HostV1 { context: std::ptr::null(), max_level, log, query };
    let call = CreateV1 {
        host,
        name: "shell".into(),
        config_json: table.into(),
        executor: executor::HOST,
        extra: Extra::new(),
    };
    let instance = (functions.create)(call).into_result().unwrap();
    let spec = FunctionSpecV1 {
        name: "f".into(),
        kind: kind.into(),
        folder: folder.to_str().unwrap().into(),
        deploy_folder: deploy.path().to_str().unwrap().into(),
        generation: 1,
        manifest_json: manifest.to_string().into(),
        extra: Extra::new(),
    };
    let plan = read((functions.plan)(instance, spec));
    let description = read((functions.describe)(instance)).unwrap();
    then(plan, description);
    (functions.destroy)(instance);
}

#[test]
fn an_interpreted_function_is_run_by_the_launcher() {
    let manifest = json!({"command": null, "arguments": ["-x", "a.sh", "more"], "handler": "f", "signature": null});
    ask(r#"{"arguments": "-v"}"#, "interpreted", &manifest, |plan, description| {
        let plan = plan.unwrap();
        let words: Vec<&str> =
            plan["arguments"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let [first, second, third, launcher, last] = words[..] else { panic!("{words:?}") };
        assert_eq!([first, second, third, last], ["-v", "-x", "-e", "more"]);
        assert_eq!(std::fs::read(launcher).unwrap(), b"exit 0");
        assert_eq!(
            plan["template"]["arguments"],
            json!(["-v", "-x", "-e", launcher, "--template"])
        );
        assert!(Path::new(plan["command"].as_str().unwrap()).is_absolute());
        assert_eq!((&plan["file"], &plan["handler"]), (&json!("a.sh"), &json!("f")));
        assert_eq!(
            (&plan["version"], &plan["environment"]),
            (&json!("1.2.3"), &json!({"LAUNCHER": "true"}))
        );
        assert_eq!(description["types"], json!(["launched", "interpreted"]));
        assert_eq!(description["samples"][0]["files"], json!([["run.json", "{}"]]));
    });
}

#[test]
fn a_launched_function_is_given_the_command_line_before_its_own_arguments() {
    let manifest = json!({"arguments": ["a.sh"], "signature": "shortedfaas"});
    ask(r#"{"arguments": ["-v"]}"#, "launched", &manifest, |plan, _| {
        let plan = plan.unwrap();
        assert_eq!(plan["arguments"], json!(["-v", "-u"]));
        assert_eq!((&plan["version"], plan.get("file")), (&json!("1.2.3"), None));
    });
}

#[test]
fn what_the_language_cannot_do_is_said() {
    let check = |kind, manifest: Value, part: &str| {
        ask("{}", kind, &manifest, |plan, _| {
            let error = plan.unwrap_err();
            assert!(error.contains(part), "{error}");
        });
    };
    check("compiled", json!({}), "functions in shell are `launched` or `interpreted`");
    check("interpreted", json!({"signature": "azure"}), "shell takes `shortedfaas`");
    check("interpreted", json!({"arguments": ["b.sh"]}), "`b.sh` is not in the folder");
    check("interpreted", json!({"command": "no-such-sh"}), "run `apt-get install dash`");
}
