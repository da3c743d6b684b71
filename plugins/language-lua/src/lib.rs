//! Lua: its interpreter and the launcher that it shares with LuaJIT.

mod launcher;

use languages::{Describe, Language, Plugin, Sample};

/// The language as the kit wants it.
struct Lua;

impl Describe for Lua {
    const LANGUAGE: &'static Language = &Language {
        name: "lua",
        programs: &["lua5.4", "lua5.3", "lua"],
        install: "apt-get install lua5.4",
        probe: &["-v"],
        oldest: (5, 1),
        endings: &["lua"],
        signatures: &["shortedfaas", "aws"],
        samples: &[
            Sample {
                kind: "interpreted",
                files: &[
                    ("run.json", include_str!("../../../deploy/hello-lua/run.json")),
                    ("lambda.lua", include_str!("../../../deploy/hello-lua/lambda.lua")),
                ],
            },
            Sample {
                kind: "launched",
                files: &[
                    (
                        "run.json",
                        "{ \"type\": \"launched\", \"language\": \"lua\", \"arguments\": \"main.lua\" }\n",
                    ),
                    ("main.lua", include_str!("../samples/main.lua")),
                ],
            },
        ],
        launcher: launcher::FILES,
        ..Language::PLAIN
    };
}

plugin_api::export_plugin!(language: Plugin<Lua>);
