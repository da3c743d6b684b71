//! Go: functions that are compiled with the package of `launchers/go` into a program.

mod sample;

use compilers::{
    BUILD, Recipe, Source, Words, check, compiler, described, sources, words, write_file,
};
use languages::{Interpreters, Keys, Language, LauncherFile, LauncherFolder, Program, Settings};
use plugin_api::{
    Description, Error, FunctionSpec, Host, LanguagePlugin, Plan, Result, serde_json::json,
};
use std::path::Path;

/// The package's path.
const MODULE: &str = "github.com/shortedfaas/shortedfaas/launchers/go/shortedfaas";
/// What a program is made of; a source that holds one of the second is made of other files too.
const SOURCES: &[&str] = &["go", "s", "c", "h", "go.mod", "go.sum", "go.work"];
const EMBEDDING: &[&str] = &["//go:embed"];

static PACKAGE: [LauncherFile; 4] = [
    LauncherFile {
        name: "go.mod",
        content: include_bytes!("../../../launchers/go/shortedfaas/go.mod"),
    },
    LauncherFile {
        name: "function.go",
        content: include_bytes!("../../../launchers/go/shortedfaas/function.go"),
    },
    LauncherFile {
        name: "environment.go",
        content: include_bytes!("../../../launchers/go/shortedfaas/environment.go"),
    },
    LauncherFile {
        name: "serve.go",
        content: include_bytes!("../../../launchers/go/shortedfaas/serve.go"),
    },
];

static GO: Language = Language {
    name: "go",
    programs: &["go"],
    install: "apt-get install golang-go",
    probe: &["env", "GOVERSION"],
    samples: sample::SAMPLES,
    ..Language::PLAIN
};

struct Go {
    settings: Settings,
    compilers: Interpreters,
    package: LauncherFolder,
}

impl LanguagePlugin for Go {
    type Config = Settings;

    fn new(settings: Settings, host: Host) -> Result<Self> {
        Ok(Self {
            compilers: Interpreters::new(&GO, &settings, &host.folders().config),
            package: LauncherFolder::new(&PACKAGE),
            settings,
        })
    }

    fn description(&self) -> Description {
        described(&GO)
    }

    fn plan(&self, function: &FunctionSpec) -> Result<Plan> {
        let keys: Keys = function.manifest()?;
        check(&GO, function, &keys)?;
        let chosen = words(&function.folder, &keys.arguments, &["go"])?;
        let sources = sources(&function.folder, SOURCES, EMBEDDING)?;
        let compiler = compiler(&self.compilers, keys.command.as_deref(), &function.folder)?;
        let package = self.package.path()?;
        let go = GoFolder { path: &function.folder, sources: &sources, chosen: &chosen };
        Ok(self.recipe(&go, &keys, &compiler, &package)?.plan(function, &keys))
    }
}

/// A function's folder.
struct GoFolder<'a> {
    path: &'a Path,
    sources: &'a [Source],
    chosen: &'a Words,
}

impl Go {
    fn recipe(
        &self,
        folder: &GoFolder<'_>,
        keys: &Keys,
        compiler: &Program,
        package: &Path,
    ) -> Result<Recipe> {
        let mut recipe = Recipe { version: compiler.version.clone(), ..Recipe::default() };
        let flags: Vec<&String> =
            self.settings.arguments.iter().chain(&folder.chosen.flags).collect();
        let print = &mut recipe.fingerprint;
        print.add_all(PACKAGE.iter().map(|file| file.content));
        print.add(&compiler.version);
        print.add_all(&flags);
        print.add_all(&folder.chosen.files);
        for source in folder.sources {
            print.add(source.path.as_os_str().as_encoded_bytes());
            print.add(&source.content);
        }
        let mut files = folder.chosen.files.clone();
        // What is not in the folder is laid over it.
        let mut over = vec![("go.mod", folder.module(package))];
        if !folder.has_main()? {
            let handler = keys.handler.as_deref().and_then(|handler| handler.rsplit('.').next());
            let main = main_file(handler.unwrap_or("lambda"));
            recipe.fingerprint.add(&main);
            if !files.is_empty() {
                files.push(MAIN_FILE.to_owned());
            }
            over.push((MAIN_FILE, main));
        }
        let mut overlay = json!({});
        for (name, content) in over {
            let laid = format!("{BUILD}/{name}");
            overlay[folder.path.join(name).to_string_lossy().as_ref()] = laid.clone().into();
            recipe.run(write_file(&laid, &content));
        }
        let overlay_file = format!("{BUILD}/overlay.json");
        recipe.run(write_file(&overlay_file, &json!({ "Replace": overlay }).to_string()));
        let mut command = vec![compiler.path.to_string_lossy().into_owned()];
        command.extend(
            ["build", "-overlay", &overlay_file, "-trimpath", "-ldflags=-s -w"].map(str::to_owned),
        );
        command.extend(flags.into_iter().cloned());
        command.extend(["-o".to_owned(), format!("{BUILD}/program")]);
        command.extend(if files.is_empty() { vec![".".to_owned()] } else { files });
        recipe.run(command);
        self.environment(folder, &mut recipe);
        Ok(recipe)
    }

    fn environment(&self, folder: &GoFolder<'_>, recipe: &mut Recipe) {
        let mut set = |name: &str, value: String| recipe.environment.insert(name.to_owned(), value);
        // No other compiler is fetched in the middle of a build.
        set("GOTOOLCHAIN", "local".to_owned());
        set("GOWORK", "off".to_owned());
        if !folder.sources.iter().any(|source| source.text().contains("import \"C\"")) {
            set("CGO_ENABLED", "0".to_owned());
        }
        for name in ["GOPATH", "GOCACHE", "GOPROXY", "GOFLAGS", "GOPRIVATE", "GONOSUMDB", "GOSUMDB"]
        {
            if let Ok(value) = std::env::var(name) {
                set(name, value);
            }
        }
        if std::env::var_os("HOME").is_none() && std::env::var_os("GOCACHE").is_none() {
            set("GOCACHE", folder.path.join(".build/go").to_string_lossy().into_owned());
        }
    }
}

/// The file that is added where the function has no `main`.
const MAIN_FILE: &str = "shortedfaas_main.go";

fn main_file(handler: &str) -> String {
    format!(
        "package main\n\nimport {MODULE:?}\n\nfunc main() {{ shortedfaas.Serve(shortedfaas.Functions{{{handler:?}: {handler}}}) }}\n"
    )
}

impl GoFolder<'_> {
    /// The folder's go.mod, or one like it, that finds the package where it is.
    fn module(&self, package: &Path) -> String {
        let own = self.sources.iter().find(|source| source.path == Path::new("go.mod"));
        let own = own.map_or_else(|| "module function\n\ngo 1.18\n".to_owned(), Source::text);
        let require = match own.contains(MODULE) {
            true => String::new(),
            false => format!("\nrequire {MODULE} v0.0.0\n"),
        };
        format!("{own}{require}\nreplace {MODULE} => {}\n", package.display())
    }

    /// Whether the program is complete.
    fn has_main(&self) -> Result<bool> {
        let mut files = self.sources.iter().filter(|source| {
            let chosen = &self.chosen.files;
            let top = source.path.components().count() == 1 && source.has_ending(&["go"]);
            let name = source.path.to_string_lossy();
            let test = name.ends_with("_test.go");
            if chosen.is_empty() { top && !test } else { chosen.iter().any(|file| *file == name) }
        });
        let mut none = true;
        let found = files.any(|source| {
            none = false;
            source.text().lines().any(|line| line.starts_with("func main()"))
        });
        match none {
            true => Err(Error::config("", "there is no file that ends in .go in the folder")),
            false => Ok(found),
        }
    }
}

plugin_api::export_plugin!(language: Go);
