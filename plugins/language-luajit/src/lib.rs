//! LuaJIT: its interpreter and the launcher that it shares with Lua.

#[path = "../../language-lua/src/launcher.rs"]
mod launcher;

use languages::{Describe, Language, Plugin, Sample};

/// The language as the kit wants it.
struct LuaJit;

impl Describe for LuaJit {
    const LANGUAGE: &'static Language = &Language {
        name: "luajit",
        programs: &["luajit"],
        install: "apt-get install luajit",
        probe: &["-v"],
        oldest: (2, 0),
        endings: &["lua"],
        signatures: &["shortedfaas", "aws"],
        samples: &[
            Sample {
                kind: "interpreted",
                files: &[
                    (
                        "run.json",
                        "{ \"type\": \"interpreted\", \"language\": \"luajit\", \"arguments\": \"lambda.lua\" }\n",
                    ),
                    ("lambda.lua", include_str!("../../../deploy/hello-lua/lambda.lua")),
                ],
            },
            Sample {
                kind: "launched",
                files: &[
                    (
                        "run.json",
                        "{ \"type\": \"launched\", \"language\": \"luajit\", \"arguments\": \"main.lua\" }\n",
                    ),
                    ("main.lua", include_str!("../../language-lua/samples/main.lua")),
                ],
            },
        ],
        launcher: launcher::FILES,
        ..Language::PLAIN
    };
}

plugin_api::export_plugin!(language: Plugin<LuaJit>);
