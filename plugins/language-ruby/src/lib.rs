//! Ruby: its interpreter and its launcher.

use languages::{Describe, Language, LauncherFile, Plugin, Sample};

/// The language as the kit wants it.
struct Ruby;

impl Describe for Ruby {
    const LANGUAGE: &'static Language = &Language {
        name: "ruby",
        programs: &["ruby"],
        install: "apt-get install ruby",
        probe: &["--disable=gems", "-rrbconfig", "-e", "puts RUBY_VERSION, RbConfig.ruby"],
        oldest: (3, 0),
        endings: &["rb"],
        // RubyGems takes longer to start than Ruby: the launcher loads it with the first thing that needs it.
        options: &["--disable=gems"],
        samples: &[
            Sample {
                kind: "interpreted",
                files: &[
                    (
                        "run.json",
                        "{ \"type\": \"interpreted\", \"language\": \"ruby\", \"arguments\": \"lambda.rb\" }\n",
                    ),
                    ("lambda.rb", include_str!("../samples/lambda.rb")),
                ],
            },
            Sample {
                kind: "launched",
                files: &[
                    (
                        "run.json",
                        "{ \"type\": \"launched\", \"language\": \"ruby\", \"arguments\": \"main.rb\" }\n",
                    ),
                    ("main.rb", include_str!("../samples/main.rb")),
                ],
            },
        ],
        launcher: &[
            LauncherFile {
                name: "launcher.rb",
                content: include_bytes!("../../../launchers/ruby/launcher.rb"),
            },
            LauncherFile {
                name: "environment.rb",
                content: include_bytes!("../../../launchers/ruby/environment.rb"),
            },
            LauncherFile {
                name: "gems.rb",
                content: include_bytes!("../../../launchers/ruby/gems.rb"),
            },
            LauncherFile {
                name: "output.rb",
                content: include_bytes!("../../../launchers/ruby/output.rb"),
            },
        ],
        ..Language::PLAIN
    };
}

plugin_api::export_plugin!(language: Plugin<Ruby>);
