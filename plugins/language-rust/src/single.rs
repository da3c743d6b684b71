//! A function that is one file, with modules beside it: rustc alone builds it.

use crate::krate;
use compilers::{BUILD, Fingerprint, Recipe, Source, can_link_statically, write_file};
use languages::Program;
use plugin_api::{Error, Result};
use std::path::Path;

/// Of the functions' files: every compiler since 2021 has it.
const EDITION: &str = "--edition=2021";

/// What a program is made from.
pub(crate) struct Parts<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) handler: Option<&'a str>,
    pub(crate) sources: &'a [Source],
    pub(crate) flags: &'a [String],
    pub(crate) rustc: &'a Program,
    pub(crate) linker: &'a Path,
    pub(crate) krate: &'a Path,
}

impl Parts<'_> {
    /// Of everything that every build is made of.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let mut print = Fingerprint::default();
        print.add_all(krate::FILES.iter().map(|file| file.content));
        print.add(&self.rustc.version);
        print.add_all(self.flags);
        for source in self.sources {
            print.add(source.path.as_os_str().as_encoded_bytes());
            print.add(&source.content);
        }
        print
    }

    /// Name of the handler without its file.
    fn handler_name(&self) -> &str {
        self.handler.and_then(|handler| handler.rsplit('.').next()).unwrap_or("lambda")
    }
}

/// `root`: the crate's root, relative to the folder.
pub(crate) fn recipe(parts: &Parts<'_>, root: &str) -> Result<Recipe> {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let (rustc, krate) = (text(&parts.rustc.path), text(parts.krate));
    let mut recipe = Recipe {
        fingerprint: parts.fingerprint(),
        version: parts.rustc.version.clone(),
        ..Recipe::default()
    };
    recipe.environment.insert("SHORTEDFAAS_COMPILER".to_owned(), parts.rustc.version.clone());
    let mut flags = vec!["-Copt-level=3".to_owned(), "-Cstrip=symbols".to_owned()];
    if can_link_statically(parts.linker) {
        flags.push("-Ctarget-feature=+crt-static".to_owned());
    }
    flags.push(format!("-Clinker={}", text(parts.linker)));
    recipe.fingerprint.add_all(&flags[..flags.len() - 1]);
    recipe.fingerprint.add(root);
    recipe.run([
        rustc.as_str(),
        EDITION,
        "--crate-name=shortedfaas_function",
        "--crate-type=rlib",
        "-Copt-level=3",
        &format!("--remap-path-prefix={krate}=shortedfaas-function"),
        &format!("-o{BUILD}/libshortedfaas_function.rlib"),
        &format!("{krate}/src/lib.rs"),
    ]);
    let mut file = root.to_owned();
    if !says_function(parts, root)? {
        // The handler alone: what makes a program of it comes around it.
        let name = parts.handler_name();
        let whole = text(&parts.folder.join(root));
        let around = format!("include!({whole:?});\nshortedfaas_function::function!({name});\n");
        file = format!("{BUILD}/function.rs");
        recipe.run(write_file(&file, &around));
        recipe.fingerprint.add(name);
    }
    let fixed = [
        rustc.clone(),
        EDITION.to_owned(),
        "--crate-name=function".to_owned(),
        format!("--extern=shortedfaas_function={BUILD}/libshortedfaas_function.rlib"),
        format!("--remap-path-prefix={}=.", text(parts.folder)),
        format!("-o{BUILD}/program"),
    ];
    let own = parts.flags.iter().cloned();
    recipe.run(fixed.into_iter().chain(flags).chain(own).chain([file]));
    recipe.run(["rm", "-f", &format!("{BUILD}/libshortedfaas_function.rlib")]);
    Ok(recipe)
}

/// Whether the file makes its functions callable itself.
fn says_function(parts: &Parts<'_>, root: &str) -> Result<bool> {
    let source = parts.sources.iter().find(|source| source.path == Path::new(root));
    let source = source
        .ok_or_else(|| Error::config("arguments", format!("`{root}` is not in the folder")))?;
    Ok(source.text().contains("function!"))
}
