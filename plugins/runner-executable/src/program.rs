//! A function that has been prepared: all that its calls have in common.

use crate::environment::{Environment, Ground};
use crate::manifest::{Manifest, Response};
use crate::pace::Pace;
use plugin_api::{FunctionSpec, Result};
use processes::{Blueprint, Bounds, Needs, Place, Registry, not_passed, resolve, search_path};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A function's own files among its arguments, as far as it is looked for them after a failure.
const WITNESS_LIMIT: usize = 8;

/// What a process of the function is started with.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) blueprint: Blueprint,
    pub(crate) environment: Environment,
    pub(crate) response: Response,
    pub(crate) timeout_ms: u64,
    pub(crate) output_limit_bytes: u64,
    /// Files of the folder without which the program fails: relative.
    pub(crate) witnesses: Vec<CString>,
    pub(crate) pace: Pace,
}

impl Program {
    /// Also says what the operator should know. Reads files, and may ask a version manager's shim.
    pub(crate) fn prepare(spec: &FunctionSpec, registry: &Registry) -> Result<(Self, Vec<String>)> {
        let manifest: Manifest = spec.manifest()?;
        let search = search_path(&spec.folder, std::env::var_os("PATH").unwrap_or_default());
        let place = resolve(&manifest.command, &spec.folder, &spec.deploy_folder, &search)?;
        let program = place.absolute_path(&spec.folder);
        let ground = Ground {
            function: &spec.name,
            folder: &spec.folder,
            program: &program,
            search_path: &search,
            host_mark: &registry.mark,
        };
        let (environment, refused) =
            Environment::new(&ground, &manifest.environment, |name| std::env::var_os(name))?;
        let mut warnings: Vec<String> = refused.iter().map(|name| not_passed(name)).collect();
        let (allow, needs) = (manifest.allow.as_ref(), Needs::of_program(&program));
        let bounds =
            Bounds::new(&manifest.limits, allow, &spec.folder, needs, registry, &mut warnings)?;
        let path = place.executed_path();
        let built = Self {
            blueprint: Blueprint::new(&spec.folder, &path, &manifest.arguments, bounds)?,
            environment,
            response: manifest.response,
            timeout_ms: manifest.timeout_ms,
            output_limit_bytes: manifest.limits.output_bytes.unwrap_or(u64::MAX),
            witnesses: witnesses(&place, &manifest.arguments, &spec.folder),
            pace: Pace::default(),
        };
        Ok((built, warnings))
    }
}

fn witnesses(place: &Place, arguments: &[String], folder: &Path) -> Vec<CString> {
    let command = match place {
        Place::Folder(relative) => Some(relative.clone()),
        Place::System(_) => None,
    };
    let files = arguments
        .iter()
        .map(PathBuf::from)
        .filter(|path| path.is_relative() && folder.join(path).is_file());
    let paths = command.into_iter().chain(files).take(WITNESS_LIMIT);
    paths.filter_map(|path| CString::new(path.as_os_str().as_bytes()).ok()).collect()
}
