//! The language plugin `java`: the launcher is compiled once for each Java, a function's sources once for each content.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests may"))]

mod classes;
mod options;

use languages::{Context, Describe, Language, LauncherFile, Plugin, Sample};
use plugin_api::{Plan, Result};

macro_rules! launcher_file {
    ($name:literal) => {
        LauncherFile {
            name: $name,
            content: include_bytes!(concat!("../../../launchers/java/", $name)),
        }
    };
}

struct Java;

impl Describe for Java {
    const LANGUAGE: &'static Language = &Language {
        name: "java",
        programs: &["java"],
        install: "apt-get install default-jdk-headless",
        // The version is the second word of the first line.
        probe: &["--version"],
        endings: &["java", "class", "jar"],
        launcher: &[
            launcher_file!("shortedfaas/Launcher.java"),
            launcher_file!("shortedfaas/Handler.java"),
            launcher_file!("shortedfaas/Json.java"),
            launcher_file!("shortedfaas/Environment.java"),
            launcher_file!("Environment.java"),
        ],
        samples: &[
            Sample {
                kind: "interpreted",
                files: &[
                    (
                        "run.json",
                        "{ \"type\": \"interpreted\", \"language\": \"java\", \"arguments\": \"Lambda.java\" }\n",
                    ),
                    (
                        "Lambda.java",
                        "class Lambda {\n    static Object lambda(String input, Environment environment) {\n        return \"Hello, \" + input + \"!\";\n    }\n}\n",
                    ),
                ],
            },
            Sample {
                kind: "launched",
                files: &[
                    (
                        "run.json",
                        "{ \"type\": \"launched\", \"language\": \"java\", \"arguments\": \"Main.java\" }\n",
                    ),
                    (
                        "Main.java",
                        "public class Main {\n    public static void main(String[] arguments) throws java.io.IOException {\n        System.in.transferTo(System.out);\n    }\n}\n",
                    ),
                ],
            },
        ],
        complete,
        ..Language::PLAIN
    };
}

plugin_api::export_plugin!(language: Plugin<Java>);

/// The launcher is a class, not a file: it is compiled, and takes the place of its source among the arguments.
fn complete(context: &Context<'_>, plan: &mut Plan) -> Result<()> {
    let own = options::of(context.function, &plan.arguments)?;
    if let Some(folder) = context.launcher_folder {
        let source = folder.join(Java::LANGUAGE.launcher[0].name);
        let place =
            plan.arguments.iter().position(|argument| source.as_os_str() == argument.as_str());
        let launcher = classes::of(folder, context.program)?;
        let words = [
            "-cp".to_owned(),
            launcher.classes,
            "shortedfaas.Launcher".to_owned(),
            launcher.compiled,
        ];
        let place = place.expect("the kit puts the launcher among the arguments");
        plan.arguments.splice(place..=place, words);
    }
    plan.arguments.splice(0..0, own);
    Ok(())
}
