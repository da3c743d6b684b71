//! Node: functions of the types `interpreted` and `launched`.

use javascript::{ENDINGS, LAUNCHER, Plugin, SIGNATURES, heap_option, manifest};
use languages::{Context, Describe, Language, Sample};
use plugin_api::{Error, Plan, Result};

/// The language as the kit wants it.
struct Node;

type Version = (u32, u32);

/// What the launcher is written for.
const OLDEST: u32 = 18;
/// From here on TypeScript's types are stripped when a flag asks for it.
const STRIPS_WHEN_ASKED: Version = (22, 6);
/// Of each line of versions, the first that does it unasked.
const STRIPS_UNASKED: [Version; 2] = [(22, 18), (23, 6)];

impl Describe for Node {
    const LANGUAGE: &'static Language = &Language {
        name: "node",
        programs: &["node", "nodejs"],
        // The package `node` of the registry brings a Node of its own.
        local_programs: &["node_modules/.bin/node"],
        install: "apt-get install nodejs",
        probe: &["-p", "process.versions.node + '\\n' + process.execPath"],
        endings: ENDINGS,
        launcher: LAUNCHER,
        signatures: SIGNATURES,
        samples: &[
            Sample {
                kind: "interpreted",
                files: &[
                    ("run.json", manifest!("interpreted", "node", "lambda.js")),
                    ("lambda.js", include_str!("../../../deploy/hello-node/lambda.js")),
                ],
            },
            Sample {
                kind: "launched",
                files: &[
                    ("run.json", manifest!("launched", "node", "main.js")),
                    (
                        "main.js",
                        "const name = require('node:fs').readFileSync(0, 'utf8').trim();\n\nprocess.stdout.write(`Hello, ${name || 'world'}!`);\n",
                    ),
                ],
            },
        ],
        complete,
        ..Language::PLAIN
    };
}

plugin_api::export_plugin!(language: Plugin<Node>);

fn complete(context: &Context<'_>, plan: &mut Plan) -> Result<()> {
    let version = version_of(&plan.version);
    if context.launcher_folder.is_some() && version.is_some_and(|version| version.0 < OLDEST) {
        let message = format!(
            "{} is Node {}, which is too old: install {OLDEST} or later, or name one as `command` in [languages.node]",
            plan.command, plan.version
        );
        return Err(Error::config("", message));
    }
    // First, so that options of the function's own come later and win.
    let file = plan.file.clone().unwrap_or_default();
    let heap = heap_option(context.function)?.into_iter();
    let types = version.map_or(&[][..], |version| type_options(version, &file));
    let options = heap.chain(types.iter().map(ToString::to_string));
    plan.arguments.splice(0..0, options);
    Ok(())
}

fn type_options(version: Version, file: &str) -> &'static [&'static str] {
    let is_typescript = [".ts", ".mts", ".cts"].iter().any(|ending| file.ends_with(ending));
    let unasked = STRIPS_UNASKED.iter().any(|first| version.0 == first.0 && version >= *first)
        || version.0 > STRIPS_UNASKED[1].0;
    match (is_typescript, version >= STRIPS_WHEN_ASKED, unasked) {
        (true, true, false) => {
            &["--experimental-strip-types", "--disable-warning=ExperimentalWarning"]
        }
        (true, true, true) => &["--disable-warning=ExperimentalWarning"],
        // The launcher says which Node is needed.
        (true, false, _) | (false, ..) => &[],
    }
}

fn version_of(text: &str) -> Option<Version> {
    let mut numbers = text.split('.').map(str::parse::<u32>);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typescript_is_asked_for_where_node_must_be_asked() {
        let check = |version: &str, file: &str, expected: usize| {
            let version = version_of(version).expect("a version");
            assert_eq!(type_options(version, file).len(), expected, "{version:?} {file}");
        };
        check("20.20.2", "lambda.ts", 0);
        check("22.5.1", "lambda.ts", 0);
        check("22.6.0", "lambda.ts", 2);
        check("22.17.1", "lambda.mts", 2);
        check("22.18.0", "lambda.ts", 1);
        check("23.5.0", "lambda.cts", 2);
        check("23.6.0", "lambda.ts", 1);
        check("24.0.0", "lambda.ts", 1);
        check("24.0.0", "lambda.js", 0);
        check("22.6.0", "lambda.mjs", 0);
    }

    #[test]
    fn versions_are_numbers() {
        assert_eq!(version_of("20.20.2"), Some((20, 20)));
        assert_eq!(version_of("24.0.0-nightly2025"), Some((24, 0)));
        assert_eq!(version_of("unknown"), None);
    }
}
