//! What a worker reads and executes beyond its function's folder: interpreter, launcher, and what the plan names.

use crate::manifest::Plan;
use plugin_api::Folders;
use processes::Needs;
use std::path::{Path, PathBuf};

/// Signs between the paths of an argument or a variable: `--classpath=/a:/b`.
const BETWEEN_PATHS: [char; 3] = ['=', ':', ','];

/// For a function with `allow`, which may read nothing else.
pub(crate) fn needs(program: &Path, plan: &Plan, folders: &Folders) -> Needs {
    let mut needs = Needs::of_program(program);
    let template = plan.template.iter().map(|template| Path::new(&template.command));
    for other in template.filter(|other| *other != program) {
        needs.executed.extend(Needs::of_program(other).executed);
    }
    let of_template = plan.template.iter().flat_map(|template| &template.arguments);
    let texts = plan.arguments.iter().chain(of_template).chain(plan.environment.values());
    let named = texts.flat_map(|text| text.split(BETWEEN_PATHS)).map(Path::new);
    let real = needs.executed.iter().filter_map(|program| program.canonicalize().ok());
    let files: Vec<PathBuf> =
        named.filter(|path| path.is_absolute()).map(Path::to_owned).chain(real).collect();
    for path in files {
        // A launcher may have its modules beside it, an interpreter its libraries.
        let beside = path.parent().filter(|beside| path.is_file() && is_private(beside, folders));
        needs.read.extend(beside.map(Path::to_owned));
        needs.read.push(path);
    }
    needs
}

/// False for a folder that holds more than belongs to a program: secrets, other functions, somebody's home.
fn is_private(folder: &Path, folders: &Folders) -> bool {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let temporary = std::env::temp_dir();
    let others = [&folders.config, &folders.deploy, &home, &temporary];
    let holds = |other: &&PathBuf| !other.as_os_str().is_empty() && other.starts_with(folder);
    folder.parent().is_some() && !others.iter().any(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_beside_a_launcher_is_read_but_no_folder_of_others() {
        let place = tempfile::tempdir().unwrap();
        let launcher = place.path().join("launcher/launcher.py");
        std::fs::create_dir(place.path().join("launcher")).unwrap();
        std::fs::write(&launcher, "").unwrap();
        let loose = place.path().join("loose.py");
        std::fs::write(&loose, "").unwrap();
        let plan = Plan {
            arguments: vec![launcher.display().to_string(), format!("--path={}", loose.display())],
            ..Plan::default()
        };
        let mut folders = Folders::default();
        folders.config = place.path().to_owned();
        let needs = needs(Path::new("/bin/sh"), &plan, &folders);
        let reads = |path: &Path| needs.read.iter().any(|read| read == path);
        assert!(reads(&launcher) && reads(launcher.parent().unwrap()) && reads(&loose));
        assert!(!reads(place.path()));
    }
}
