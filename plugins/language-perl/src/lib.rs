//! Perl: its interpreter and its launcher.

use languages::{Describe, Language, LauncherFile, Plugin, Sample};

/// The language as the kit wants it.
struct Perl;

impl Describe for Perl {
    const LANGUAGE: &'static Language = &Language {
        name: "perl",
        programs: &["perl"],
        install: "apt-get install perl",
        probe: &["-e", "printf qq(%vd\\n%s\\n), $^V, $^X"],
        oldest: (5, 14),
        endings: &["pl"],
        samples: &[
            Sample {
                kind: "interpreted",
                files: &[
                    (
                        "run.json",
                        "{ \"type\": \"interpreted\", \"language\": \"perl\", \"arguments\": \"lambda.pl\" }\n",
                    ),
                    ("lambda.pl", include_str!("../samples/lambda.pl")),
                ],
            },
            Sample {
                kind: "launched",
                files: &[
                    (
                        "run.json",
                        "{ \"type\": \"launched\", \"language\": \"perl\", \"arguments\": \"main.pl\" }\n",
                    ),
                    ("main.pl", include_str!("../samples/main.pl")),
                ],
            },
        ],
        launcher: &[
            LauncherFile {
                name: "launcher.pl",
                content: include_bytes!("../../../launchers/perl/launcher.pl"),
            },
            LauncherFile {
                name: "json.pl",
                content: include_bytes!("../../../launchers/perl/json.pl"),
            },
        ],
        ..Language::PLAIN
    };
}

plugin_api::export_plugin!(language: Plugin<Perl>);
