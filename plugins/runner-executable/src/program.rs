//! A function that has been prepared: all that its calls have in common.

use crate::arguments::Arguments;
use crate::environment::{Environment, Ground, STRING_LIMIT_BYTES};
use crate::limits::{Landlock, Wanted, rulesets_are_known, without_network};
use crate::lookup::{Place, resolve, search_path};
use crate::manifest::{Allow, Manifest, Response};
use crate::pace::Pace;
use plugin_api::{Error, FunctionSpec, Result};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A function's own files among its arguments, as far as it is looked for them after a failure.
const WITNESS_LIMIT: usize = 8;

/// What a process of the function is started with.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) folder: CString,
    /// Given to `execve` in the folder.
    pub(crate) path: CString,
    pub(crate) arguments: Arguments,
    pub(crate) environment: Environment,
    pub(crate) response: Response,
    pub(crate) timeout_ms: u64,
    pub(crate) output_limit_bytes: u64,
    pub(crate) open_files: Option<u64>,
    /// Set where a memory limit is asked for and no cgroup can hold it.
    pub(crate) address_space_bytes: Option<u64>,
    pub(crate) cgroup: Option<Wanted>,
    pub(crate) landlock: Option<Landlock>,
    pub(crate) filter: Option<Vec<libc::sock_filter>>,
    /// Files of the folder without which the program fails: relative.
    pub(crate) witnesses: Vec<CString>,
    pub(crate) pace: Pace,
}

/// What the preparation of a function needs to know of the plugin.
pub(crate) struct Preparation<'a> {
    pub(crate) host_mark: &'a str,
    /// Which of the limits a cgroup cannot hold here; asked only where some are wanted.
    pub(crate) missing_limits: &'a dyn Fn(&Wanted) -> Vec<&'static str>,
}

impl Program {
    /// Also says what the operator should know. Reads files, and may ask a version manager's shim.
    pub(crate) fn prepare(
        spec: &FunctionSpec,
        preparation: &Preparation<'_>,
    ) -> Result<(Self, Vec<String>)> {
        let manifest: Manifest = spec.manifest()?;
        let search = search_path(&spec.folder, std::env::var_os("PATH").unwrap_or_default());
        let place = resolve(&manifest.command, &spec.folder, &spec.deploy_folder, &search)?;
        let program = place.absolute_path(&spec.folder);
        let ground = Ground {
            function: &spec.name,
            folder: &spec.folder,
            program: &program,
            search_path: &search,
            host_mark: preparation.host_mark,
        };
        let (environment, refused) =
            Environment::new(&ground, &manifest.environment, |name| std::env::var_os(name))?;
        let mut warnings: Vec<String> = refused.iter().map(|name| not_passed(name)).collect();
        let (cgroup, address_space_bytes) = bounds(&manifest, preparation, &mut warnings);
        let (landlock, filter) =
            privileges(manifest.allow.as_ref(), &spec.folder, &program, &mut warnings)?;
        let built = Self {
            folder: c_string("folder", spec.folder.as_os_str().as_bytes())?,
            path: c_string("command", place.executed_path().as_os_str().as_bytes())?,
            arguments: arguments(&place, &manifest.arguments)?,
            environment,
            response: manifest.response,
            timeout_ms: manifest.timeout_ms,
            output_limit_bytes: manifest.limits.output_bytes.unwrap_or(u64::MAX),
            open_files: manifest.limits.open_files.map(at_most_our_own),
            address_space_bytes,
            cgroup,
            landlock,
            filter,
            witnesses: witnesses(&place, &manifest.arguments, &spec.folder),
            pace: Pace::default(),
        };
        Ok((built, warnings))
    }
}

fn not_passed(name: &str) -> String {
    format!("the variable `{name}` of `environment` is not passed: its name is the platform's")
}

/// The cgroup that is wanted, and the address space where a cgroup cannot hold the memory.
fn bounds(
    manifest: &Manifest,
    preparation: &Preparation<'_>,
    warnings: &mut Vec<String>,
) -> (Option<Wanted>, Option<u64>) {
    let Some(wanted) = Wanted::of(&manifest.limits) else { return (None, None) };
    let missing = (preparation.missing_limits)(&wanted);
    let mut address_space_bytes = None;
    for limit in &missing {
        warnings.push(if *limit == "limits.memory" {
            address_space_bytes = manifest.limits.memory_bytes;
            "`limits.memory` bounds the address space of each process only: no cgroup can be made here".to_owned()
        } else {
            format!("`{limit}` is not enforced: no cgroup can be made here")
        });
    }
    let held = wanted.without(&missing);
    (held, address_space_bytes)
}

type Privileges = (Option<Landlock>, Option<Vec<libc::sock_filter>>);

fn privileges(
    allow: Option<&Allow>,
    folder: &Path,
    program: &Path,
    warnings: &mut Vec<String>,
) -> Result<Privileges> {
    let Some(allow) = allow else { return Ok((None, None)) };
    for (key, paths) in [("read", &allow.read), ("write", &allow.write)] {
        for (index, path) in paths.iter().enumerate() {
            if !folder.join(path).exists() {
                let text = format!("`{path}` does not exist: create it or take it out");
                return Err(Error::config(format!("allow.{key}[{index}]"), text));
            }
        }
    }
    let filter = (!allow.net).then(without_network);
    let version = rulesets_are_known();
    if version == 0 {
        warnings.push("`allow` is enforced for `net` only: this kernel has no Landlock".to_owned());
        return Ok((None, filter));
    }
    let interpreters = crate::format::interpreters(program);
    let executed = std::iter::once(program.to_owned()).chain(interpreters);
    Ok((Some(Landlock::new(allow, version, executed)), filter))
}

/// `argv[0]` is what is executed, so that a program that looks itself up finds the same.
fn arguments(place: &Place, given: &[String]) -> Result<Arguments> {
    let mut strings = vec![c_string("command", place.executed_path().as_os_str().as_bytes())?];
    for (index, argument) in given.iter().enumerate() {
        strings.push(c_string(&format!("arguments[{index}]"), argument.as_bytes())?);
    }
    Ok(Arguments::new(strings))
}

fn c_string(key: &str, bytes: &[u8]) -> Result<CString> {
    if bytes.len() >= STRING_LIMIT_BYTES {
        return Err(Error::config(
            key,
            "longer than 128 KiB, which no process can be given: use a file",
        ));
    }
    CString::new(bytes)
        .map_err(|_| Error::config(key, "holds a NUL, which no process can be given"))
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

/// A limit above the host's own cannot be set without a privilege that the host may lack.
fn at_most_our_own(open_files: u64) -> u64 {
    let own = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    own.maximum.map_or(open_files, |maximum| open_files.min(maximum))
}
