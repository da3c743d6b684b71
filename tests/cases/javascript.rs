//! JavaScript and TypeScript in Node, Bun and Deno: kinds of modules, where a file is named, what goes wrong between calls.

use crate::support::interpreted::{node, speaking};
use crate::support::{Folder, eventually};
use serde_json::{Value, json};

/// A function of the files, which says no more than its language.
fn function(language: &str, keys: Value, files: &[(&str, &str)]) -> Folder {
    let mut folder = Folder::new(&json!({"type": "interpreted", "language": language}));
    for (key, value) in keys.as_object().unwrap() {
        folder = folder.with(key, value.clone());
    }
    files.iter().fold(folder, |folder, (name, code)| folder.file(name, code))
}

type Case = (&'static str, Value, &'static [(&'static str, &'static str)]);

/// Functions that answer with their names.
fn modules() -> Vec<Case> {
    const MODULE: (&str, &str) = ("package.json", r#"{"type": "module"}"#);
    const TOP_LEVEL_AWAIT: &str =
        "const name = await Promise.resolve('await');\nexport const lambda = () => name;";
    vec![
        ("exports", json!({}), &[("a.js", "exports.lambda = () => 'exports'")]),
        ("whole", json!({}), &[("a.cjs", "module.exports = async () => 'whole'")]),
        ("default", json!({}), &[("a.mjs", "export default () => 'default'")]),
        ("usual", json!({}), &[("a.mjs", "export async function handler() { return 'usual' }")]),
        ("module", json!({}), &[MODULE, ("a.js", "export const lambda = () => 'module'")]),
        ("await", json!({}), &[MODULE, ("a.js", TOP_LEVEL_AWAIT)]),
        (
            "main",
            json!({}),
            &[
                ("package.json", r#"{"main": "src/app"}"#),
                ("src/app.js", "exports.handler = () => 'main'"),
                ("other.js", "throw new Error('not this one')"),
            ],
        ),
        (
            "named",
            json!({"handler": "src/app.greet"}),
            &[("src/app.js", "exports.greet = () => 'named'"), ("b.js", ""), ("c.js", "")],
        ),
        (
            "nested",
            json!({"handler": "app.group.greet", "signature": "aws"}),
            &[("app.mjs", "export const group = { greet: async () => 'nested' }"), ("b.js", "")],
        ),
    ]
}

#[test]
fn every_kind_of_module_is_loaded_by_every_runtime() {
    for language in ["node", "bun", "deno"] {
        let setup = speaking(&[language]);
        let setup = modules().into_iter().fold(setup, |setup, (name, keys, files)| {
            setup.function(name, &function(language, keys, files))
        });
        let host = setup.start_all();
        for (name, ..) in modules() {
            let answer = host.post(&format!("/f/{name}"), "");
            let text = answer.text();
            assert_eq!(text.trim_matches('"'), name, "{language} {answer:?}");
        }
    }
}

#[test]
fn typescript_runs_or_the_reason_names_who_can_run_it() {
    let code = "interface Environment { code: number }\nexport function lambda(input: string, environment: Environment): string {\n  environment.code = 201;\n  return `typed ${input}`;\n}\n";
    let languages = ["node", "bun", "deno"];
    let host = languages
        .iter()
        .fold(speaking(&languages), |setup, language| {
            setup.function(language, &function(language, json!({}), &[("lambda.ts", code)]))
        })
        .start_all();
    for language in languages {
        let answer = host.post(&format!("/f/{language}"), "text");
        if language == "node" && answer.status == 503 {
            let reason = answer.expect_problem(503, "function");
            assert!(reason.contains("install Node 22.18 or newer"), "{reason}");
        } else {
            answer.expect(201, "typed text");
        }
    }
}

#[test]
fn what_goes_wrong_in_a_call_is_its_own_and_what_goes_wrong_between_calls_is_nobodys() {
    let code = "
        exports.lambda = async input => {
          if (input === 'calm') return 'calm';
          if (input === 'before') return await new Promise(() => setTimeout(() => { throw new Error('before the answer') }, 1));
          if (input === 'floating') { Promise.reject(new Error('floating')); return await new Promise(done => setTimeout(done, 1000, 'too late')); }
          if (input === 'exit') { setTimeout(() => process.exit(4), 1); return await new Promise(() => {}); }
          setTimeout(() => { throw new Error('after the answer') }, 1);
          return 'answered';
        };";
    let host = speaking(&["node"]).function("strays", &node(code)).start_all();
    for (input, error) in
        [("before", "before the answer"), ("floating", "floating"), ("exit", "process.exit(4)")]
    {
        let answer = host.post("/f/strays", input);
        answer.expect(500, "");
        let recorded = host.history_of(&answer)["error"].to_string();
        assert!(recorded.contains(error), "{input}: {recorded}");
        host.post("/f/strays", "calm").expect(200, "calm");
    }
    host.post("/f/strays", "after").expect(200, "answered");
    eventually("the worker goes on", || {
        let answer = host.post("/f/strays", "calm");
        let start = host.history_of(&answer)["start"].clone();
        (answer.status == 200 && start == "warm").then_some(())
    });
}

#[test]
fn a_syntax_error_is_named_with_its_line_in_both_kinds_of_modules() {
    let wrong = "const one = 1;\nconst two = ;\n";
    let host = speaking(&["node"])
        .function("common", &function("node", json!({}), &[("a.js", wrong)]))
        .function("module", &function("node", json!({}), &[("a.mjs", wrong)]))
        .start_all();
    for (name, place) in [("common", "a.js:2"), ("module", "a.mjs:2")] {
        let reason = host.post(&format!("/f/{name}"), "").expect_problem(503, "function");
        assert!(reason.contains(place) && reason.contains("Unexpected token"), "{reason}");
    }
}
