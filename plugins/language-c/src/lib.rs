//! C and C++: functions that are compiled with the stub of `launchers/native` into a program.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests may"))]

mod sample;

use compilers::{
    BUILD, Recipe, Source, Words, can_link_statically, check, compiler, described, sources, words,
};
use languages::{Interpreters, Keys, Language, LauncherFile, LauncherFolder, Program, Settings};
use plugin_api::{Description, Error, FunctionSpec, Host, LanguagePlugin, Plan, Result};
use std::path::Path;

/// C++.
const CPP: &[&str] = &["cc", "cpp", "cxx", "c++", "C"];
/// What the compiler is given.
const COMPILED: &[&str] = &["c", "cc", "cpp", "cxx", "c++", "C"];
/// What they are made of.
const SOURCES: &[&str] = &[
    "c", "cc", "cpp", "cxx", "c++", "C", "h", "hh", "hpp", "hxx", "h++", "H", "inc", "inl", "ipp",
    "tpp", "def",
];
/// A source that holds this is made of other files too.
const EMBEDDING: &[&str] = &["#embed", ".incbin"];
/// Libraries that there are in a static form wherever the C library is.
const STATIC_LIBRARIES: [&str; 5] = ["-lm", "-lpthread", "-ldl", "-lrt", "-lstdc++"];

static STUB: [LauncherFile; 4] = [
    LauncherFile {
        name: "shortedfaas.h",
        content: include_bytes!("../../../launchers/native/shortedfaas.h"),
    },
    LauncherFile { name: "stub.c", content: include_bytes!("../../../launchers/native/stub.c") },
    LauncherFile {
        name: "stub_json.h",
        content: include_bytes!("../../../launchers/native/stub_json.h"),
    },
    LauncherFile {
        name: "stub_frames.h",
        content: include_bytes!("../../../launchers/native/stub_frames.h"),
    },
];

static C_COMPILER: Language = Language {
    name: "c",
    programs: &["cc", "gcc", "clang"],
    install: "apt-get install gcc libc6-dev",
    samples: sample::SAMPLES,
    ..Language::PLAIN
};
static CPP_COMPILER: Language = Language {
    name: "c",
    programs: &["c++", "g++", "clang++"],
    install: "apt-get install g++",
    ..Language::PLAIN
};

struct C {
    settings: Settings,
    c: Interpreters,
    cpp: Interpreters,
    stub: LauncherFolder,
}

impl LanguagePlugin for C {
    type Config = Settings;

    fn new(settings: Settings, host: Host) -> Result<Self> {
        let folder = &host.folders().config;
        Ok(Self {
            c: Interpreters::new(&C_COMPILER, &settings, folder),
            cpp: Interpreters::new(&CPP_COMPILER, &Settings::default(), folder),
            stub: LauncherFolder::new(&STUB),
            settings,
        })
    }

    fn description(&self) -> Description {
        described(&C_COMPILER)
    }

    fn plan(&self, function: &FunctionSpec) -> Result<Plan> {
        let keys: Keys = function.manifest()?;
        check(&C_COMPILER, function, &keys)?;
        let chosen = words(&function.folder, &keys.arguments, COMPILED)?;
        let sources = sources(&function.folder, SOURCES, EMBEDDING)?;
        let files = compiled(&chosen, &sources)?;
        let compiler = compiler(&self.c, keys.command.as_deref(), &function.folder)?;
        let mut libraries = Vec::new();
        if files.iter().any(|file| has_ending(file, CPP)) {
            // The driver for C compiles C++ where that is installed, and takes the stub for the C that it is.
            compilers::compiler(&self.cpp, None, &function.folder)?;
            libraries.push("-lstdc++");
        }
        let stub = self.stub.path()?;
        Ok(self
            .recipe(&chosen, &sources, &files, &compiler, &libraries, &stub)
            .plan(function, &keys))
    }
}

impl C {
    fn recipe(
        &self,
        chosen: &Words,
        sources: &[Source],
        files: &[String],
        compiler: &Program,
        libraries: &[&str],
        stub: &Path,
    ) -> Recipe {
        let own: Vec<&String> = self.settings.arguments.iter().chain(&chosen.flags).collect();
        let shared = |flag: &&String| {
            flag.starts_with("-l") && !STATIC_LIBRARIES.contains(&flag.as_str())
                || ["-shared", "-dynamic", "-static", "-no-pie"].contains(&flag.as_str())
        };
        let mut flags = vec!["-O2", "-g0", "-Wall", "-pipe", "-s"];
        if !own.iter().any(shared) && can_link_statically(&compiler.path) {
            flags.push("-static-pie");
        }
        let mut recipe = Recipe { version: compiler.version.clone(), ..Recipe::default() };
        let print = &mut recipe.fingerprint;
        print.add_all(STUB.iter().map(|file| file.content));
        print.add(&compiler.version);
        print.add(compiler.path.file_name().unwrap_or_default().as_encoded_bytes());
        print.add_all(&flags);
        print.add_all(&own);
        print.add_all(files);
        for source in sources {
            print.add(source.path.as_os_str().as_encoded_bytes());
            print.add(&source.content);
        }
        let stub = stub.to_string_lossy();
        let mut command = vec![compiler.path.to_string_lossy().into_owned()];
        command.extend(flags.into_iter().map(str::to_owned));
        command.extend([format!("-I{stub}"), "-o".to_owned(), format!("{BUILD}/program")]);
        command.extend(files.iter().cloned());
        command.push(format!("{stub}/stub.c"));
        // Libraries come after what uses them.
        command.extend(own.into_iter().cloned());
        command.extend(libraries.iter().chain(&["-lm", "-lpthread"]).map(ToString::to_string));
        recipe.run(command);
        recipe
    }
}

/// The files that are given to the compiler.
fn compiled(chosen: &Words, sources: &[Source]) -> Result<Vec<String>> {
    if !chosen.files.is_empty() {
        return Ok(chosen.files.clone());
    }
    let all = sources.iter().filter(|source| source.has_ending(COMPILED));
    let files: Vec<String> = all.map(|source| source.path.to_string_lossy().into_owned()).collect();
    match files.is_empty() {
        false => Ok(files),
        true => {
            Err(Error::config("", "there is no file that ends in .c, .cc or .cpp in the folder"))
        }
    }
}

fn has_ending(file: &str, endings: &[&str]) -> bool {
    Path::new(file)
        .extension()
        .and_then(|ending| ending.to_str())
        .is_some_and(|ending| endings.contains(&ending))
}

plugin_api::export_plugin!(language: C);
