//! PHP: its interpreter and its launcher.

use languages::{Describe, Language, LauncherFile, Plugin, Sample};

/// The language as the kit wants it.
struct Php;

impl Describe for Php {
    const LANGUAGE: &'static Language = &Language {
        name: "php",
        programs: &["php"],
        install: "apt-get install php-cli",
        probe: &["-n", "-r", "echo PHP_VERSION, \"\\n\", PHP_BINARY, \"\\n\";"],
        oldest: (8, 1),
        endings: &["php"],
        samples: &[
            Sample {
                kind: "interpreted",
                files: &[
                    (
                        "run.json",
                        "{ \"type\": \"interpreted\", \"language\": \"php\", \"arguments\": \"lambda.php\" }\n",
                    ),
                    ("lambda.php", include_str!("../samples/lambda.php")),
                ],
            },
            Sample {
                kind: "launched",
                files: &[
                    (
                        "run.json",
                        "{ \"type\": \"launched\", \"language\": \"php\", \"arguments\": \"main.php\" }\n",
                    ),
                    ("main.php", include_str!("../samples/main.php")),
                ],
            },
        ],
        launcher: &[
            LauncherFile {
                name: "launcher.php",
                content: include_bytes!("../../../launchers/php/launcher.php"),
            },
            LauncherFile {
                name: "environment.php",
                content: include_bytes!("../../../launchers/php/environment.php"),
            },
            LauncherFile {
                name: "frames.php",
                content: include_bytes!("../../../launchers/php/frames.php"),
            },
        ],
        ..Language::PLAIN
    };
}

plugin_api::export_plugin!(language: Plugin<Php>);
