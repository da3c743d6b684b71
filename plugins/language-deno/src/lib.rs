//! Deno: functions of the types `interpreted` and `launched`, by Node's launcher.

use javascript::{ENDINGS, LAUNCHER, Plugin, SIGNATURES, heap_option, manifest};
use languages::{Context, Describe, Language, Sample};
use plugin_api::{Plan, Result};

/// The language as the kit wants it.
struct Deno;

/// Deno's own permissions are not the ones that keep a function in bounds (`allow` of run.json is): everything, and no questions.
const RUN: &[&str] = &["--allow-all", "--no-prompt"];

impl Describe for Deno {
    const LANGUAGE: &'static Language = &Language {
        name: "deno",
        programs: &["deno"],
        local_programs: &["node_modules/.bin/deno"],
        install: "npm install --global deno",
        probe: &["eval", "console.log(Deno.version.deno); console.log(Deno.execPath())"],
        endings: ENDINGS,
        options: RUN,
        launcher: LAUNCHER,
        launched_options: RUN,
        signatures: SIGNATURES,
        samples: &[
            Sample {
                kind: "interpreted",
                files: &[
                    ("run.json", manifest!("interpreted", "deno", "lambda.ts")),
                    (
                        "lambda.ts",
                        "export function lambda(input: string): string {\n  return `Hello, ${input || 'world'}!`;\n}\n",
                    ),
                ],
            },
            Sample {
                kind: "launched",
                files: &[
                    ("run.json", manifest!("launched", "deno", "main.ts")),
                    (
                        "main.ts",
                        "const name = (await new Response(Deno.stdin.readable).text()).trim();\n\nawait Deno.stdout.write(new TextEncoder().encode(`Hello, ${name || \"world\"}!`));\n",
                    ),
                ],
            },
        ],
        complete,
        ..Language::PLAIN
    };
}

plugin_api::export_plugin!(language: Plugin<Deno>);

/// The word `run` comes before all options, the operator's and the function's too.
fn complete(context: &Context<'_>, plan: &mut Plan) -> Result<()> {
    let heap = heap_option(context.function)?.map(|option| format!("--v8-flags={option}"));
    plan.arguments.splice(0..0, ["run".to_owned()].into_iter().chain(heap));
    for name in ["NO_COLOR", "DENO_NO_UPDATE_CHECK"] {
        plan.environment.insert(name.to_owned(), "1".to_owned());
    }
    Ok(())
}
