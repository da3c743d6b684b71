//! Bun: functions of the types `interpreted` and `launched`, by Node's launcher.

use javascript::{ENDINGS, LAUNCHER, Plugin, SIGNATURES, manifest};
use languages::{Describe, Language, Sample};

/// The language as the kit wants it.
struct Bun;

impl Describe for Bun {
    const LANGUAGE: &'static Language = &Language {
        name: "bun",
        programs: &["bun"],
        local_programs: &["node_modules/.bin/bun"],
        install: "npm install --global bun",
        probe: &["-e", "console.log(Bun.version); console.log(process.execPath)"],
        endings: ENDINGS,
        // A missing package is an error; it is not fetched while a call waits.
        options: &["--no-install"],
        launcher: LAUNCHER,
        signatures: SIGNATURES,
        samples: &[
            Sample {
                kind: "interpreted",
                files: &[
                    ("run.json", manifest!("interpreted", "bun", "lambda.ts")),
                    (
                        "lambda.ts",
                        "export function lambda(input: string): string {\n  return `Hello, ${input || 'world'}!`;\n}\n",
                    ),
                ],
            },
            Sample {
                kind: "launched",
                files: &[
                    ("run.json", manifest!("launched", "bun", "main.ts")),
                    (
                        "main.ts",
                        "const name = (await Bun.stdin.text()).trim();\n\nprocess.stdout.write(`Hello, ${name || 'world'}!`);\n",
                    ),
                ],
            },
        ],
        ..Language::PLAIN
    };
}

plugin_api::export_plugin!(language: Plugin<Bun>);
