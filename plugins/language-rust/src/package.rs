//! A function with a Cargo.toml: cargo builds it as it is.

use crate::single::Parts;
use compilers::{BUILD, Recipe};
use plugin_api::{Error, Result};
use std::path::Path;
use toml::{Table, Value};

/// Where cargo keeps what it has compiled; it is the same for all builds of a function.
const TARGET: &str = ".build/cargo";
/// Without network first: most builds need none, and a registry that does not answer would fail them.
const OFFLINE_FIRST: &str = r#""$@" --offline 2>/dev/null || exec "$@""#;
/// Cargo's own, where the host has them.
const PASSED: [&str; 2] = ["CARGO_HOME", "RUSTUP_HOME"];

pub(crate) fn recipe(parts: &Parts<'_>) -> Result<Recipe> {
    let manifest = parts.folder.join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest)
        .map_err(|error| wrong(&format!("Cargo.toml cannot be read: {error}")))?;
    let table: Table =
        text.parse().map_err(|error| wrong(&format!("Cargo.toml cannot be read: {error}")))?;
    let program = program(&table, parts.folder)?;
    let cargo = parts.rustc.path.with_file_name("cargo");
    if !cargo.is_file() {
        let message = format!(
            "there is no cargo beside {}: run `apt-get install cargo`",
            parts.rustc.path.display()
        );
        return Err(wrong(&message));
    }
    let mut recipe = Recipe {
        fingerprint: parts.fingerprint(),
        version: parts.rustc.version.clone(),
        ..Recipe::default()
    };
    recipe.fingerprint.add(&program);
    let shown = |path: &Path| path.to_string_lossy().into_owned();
    recipe.environment = PASSED
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)))
        .chain([
            ("RUSTC".to_owned(), shown(&parts.rustc.path)),
            ("SHORTEDFAAS_COMPILER".to_owned(), parts.rustc.version.clone()),
        ])
        .collect();
    // Until a registry has it, and after that the one that fits the host.
    let patch = format!("patch.crates-io.shortedfaas-function.path={:?}", shown(parts.krate));
    let mut command = ["sh", "-c", OFFLINE_FIRST, "sh"].map(str::to_owned).to_vec();
    command.extend([shown(&cargo), "build".to_owned(), "--release".to_owned()]);
    command
        .extend(["--bin", &program, "--target-dir", TARGET, "--config", &patch].map(str::to_owned));
    command.extend(parts.flags.iter().cloned());
    recipe.run(command);
    recipe.run(["cp", &format!("{TARGET}/release/{program}"), &format!("{BUILD}/program")]);
    Ok(recipe)
}

/// Name of the package's program: the default one, the first or the only one.
fn program(table: &Table, folder: &Path) -> Result<String> {
    let name = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let Some(package) = table.get("package").and_then(Value::as_table) else {
        return Err(wrong("Cargo.toml describes no package: a function is one package"));
    };
    let first = table.get("bin").and_then(Value::as_array).and_then(|all| all.first());
    let main = folder.join("src/main.rs").is_file();
    name(package.get("default-run"))
        .or_else(|| name(first.and_then(|first| first.get("name"))))
        .or_else(|| name(package.get("name")).filter(|_| main))
        .ok_or_else(|| {
            wrong("the package has no program: add src/main.rs with `shortedfaas_function::function!(lambda);`")
        })
}

fn wrong(message: &str) -> Error {
    Error::config("", message)
}

#[cfg(test)]
mod tests {
    use super::program;

    #[test]
    fn the_program_is_the_default_the_first_or_the_packages() {
        let folder = tempfile::tempdir().unwrap();
        let check = |manifest: &str, expected: Result<&str, &str>| match (
            program(&manifest.parse().unwrap(), folder.path()),
            expected,
        ) {
            (Ok(name), Ok(expected)) => assert_eq!(name, expected),
            (Err(error), Err(part)) => assert!(error.message().contains(part), "{error:?}"),
            (answer, _) => panic!("{manifest}: {answer:?}"),
        };
        check("[package]\nname = \"a\"", Err("has no program"));
        check("[workspace]", Err("no package"));
        check("[package]\nname = \"a\"\n[[bin]]\nname = \"b\"", Ok("b"));
        std::fs::create_dir(folder.path().join("src")).unwrap();
        std::fs::write(folder.path().join("src/main.rs"), "").unwrap();
        check("[package]\nname = \"a\"", Ok("a"));
        check("[package]\nname = \"a\"\ndefault-run = \"c\"\n[[bin]]\nname = \"b\"", Ok("c"));
    }
}
