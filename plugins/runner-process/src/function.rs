//! A function that has been prepared: all that its workers have in common.

use crate::load::load_frame;
use crate::manifest::{CommandLine, Manifest, Plan, Response};
use crate::needs::needs;
use crate::shared::Shared;
use crate::template::Nursery;
use bytes::Bytes;
use plugin_api::{Error, FunctionSpec, Result};
use processes::{Block, Blueprint, Bounds, Ground, not_passed, resolve, search_path};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A worker that needs longer to load its handler is given up; a function with a small `timeout` has the smaller one.
const LONGEST_START: Duration = Duration::from_secs(30);
const SHORTEST_START: Duration = Duration::from_secs(10);
/// Workers that are kept are started seldom: for the first ones a template would not pay.
const KEPT_WORKERS: u32 = 2;
/// After so many calls that printed nothing a function is taken for a silent one again.
const SILENT_CALLS: u32 = 64;

/// A prepared function.
pub struct Function {
    pub(crate) shared: Arc<Shared>,
    pub(crate) name: String,
    /// What a worker executes.
    pub(crate) blueprint: Blueprint,
    /// What its template executes, where its language has one.
    pub(crate) template: Option<Blueprint>,
    pub(crate) nursery: Nursery,
    pub(crate) environment: Block,
    pub(crate) load: Bytes,
    pub(crate) start_patience: Duration,
    pub(crate) timeout_ms: u64,
    pub(crate) output_limit_bytes: u64,
    pub(crate) streams: bool,
    /// The handler's file: without it the function is not there any more.
    pub(crate) file: Option<PathBuf>,
    /// Calls since the last one that printed something.
    silent_calls: AtomicU32,
}

impl Function {
    /// Also says what the operator should know. Reads files.
    pub(crate) fn prepare(shared: Arc<Shared>, spec: &FunctionSpec) -> Result<(Self, Vec<String>)> {
        let mut manifest: Manifest = spec.manifest()?;
        let plan = manifest.launch.take().ok_or_else(|| {
            Error::config("language", "nothing says how to start the function: name its `language`")
        })?;
        let search = search_path(&spec.folder, std::env::var_os("PATH").unwrap_or_default());
        // What lies in the function's folder is executed where the folder is by then.
        let command = Path::new(&plan.command);
        let command = command.strip_prefix(&spec.folder).unwrap_or(command);
        let command = command.to_string_lossy();
        let place = resolve(&command, &spec.folder, &spec.deploy_folder, &search)?;
        let program = place.absolute_path(&spec.folder);
        let (environment, refused) =
            environment(spec, &manifest, &plan, &search, &shared.registry().mark)?;
        let mut warnings: Vec<String> = refused.iter().map(|name| not_passed(name)).collect();
        let needs = needs(&program, &plan, shared.host.folders());
        let (limits, allow) = (&manifest.limits, manifest.allow.as_ref());
        let bounds = |warnings: &mut Vec<String>| {
            let registry = shared.registry();
            Bounds::new(limits, allow, &spec.folder, needs.clone(), registry, warnings)
        };
        let path = place.executed_path();
        let blueprint =
            Blueprint::new(&spec.folder, &path, &plan.arguments, bounds(&mut warnings)?)?;
        let template = match plan.template.as_ref().filter(|_| shared.config.fork) {
            None => None,
            Some(CommandLine { command, arguments }) => {
                let bounds = bounds(&mut Vec::new())?;
                Some(Blueprint::new(&spec.folder, Path::new(command), arguments, bounds)?)
            }
        };
        let later = if manifest.scaling.mode == "cold" { 0 } else { KEPT_WORKERS };
        let timeout = Duration::from_millis(manifest.timeout_ms);
        let file = plan.file.as_ref().map(|file| spec.folder.join(file));
        manifest.launch = Some(plan);
        let function = Self {
            name: spec.name.clone(),
            nursery: Nursery::new(template.is_some(), later),
            blueprint,
            template,
            environment,
            load: load_frame(spec, &manifest).into(),
            start_patience: timeout.clamp(SHORTEST_START, LONGEST_START),
            timeout_ms: manifest.timeout_ms,
            output_limit_bytes: manifest.limits.output_bytes.unwrap_or(u64::MAX),
            streams: manifest.response == Response::Stream,
            file,
            silent_calls: AtomicU32::new(SILENT_CALLS),
            shared,
        };
        Ok((function, warnings))
    }

    /// So many calls may be written into the pipe of a worker that is at another. What a call prints is told from what the
    /// next one prints only where that has not begun.
    pub(crate) fn ahead(&self) -> usize {
        if self.silent_calls.load(Ordering::Relaxed) < SILENT_CALLS {
            return 0;
        }
        self.most_ahead() as usize
    }

    /// The same, as far as it is known before any call.
    pub(crate) fn most_ahead(&self) -> u32 {
        if self.streams { 0 } else { self.shared.config.ahead }
    }

    pub(crate) fn note_printed(&self, printed: bool) {
        let calls = self.silent_calls.load(Ordering::Relaxed);
        if printed {
            self.silent_calls.store(0, Ordering::Relaxed);
        } else if calls < SILENT_CALLS {
            self.silent_calls.store(calls + 1, Ordering::Relaxed);
        }
    }
}

/// That of a worker, and which declared variables are not in it.
fn environment(
    spec: &FunctionSpec,
    manifest: &Manifest,
    plan: &Plan,
    search_path: &std::ffi::OsStr,
    host_mark: &str,
) -> Result<(Block, Vec<String>)> {
    let of_plan = plan.environment.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let own: Vec<(&str, &[u8])> = of_plan
        .chain([
            ("PWD", spec.folder.as_os_str().as_bytes()),
            ("SHORTEDFAAS_FUNCTION", spec.name.as_bytes()),
            ("SHORTEDFAAS_HOST", host_mark.as_bytes()),
        ])
        .collect();
    let ground = Ground { search_path, own: &own, reserved: &["PWD"] };
    ground.with(&manifest.environment, |name| std::env::var_os(name))
}

impl std::fmt::Debug for Function {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Function").field("name", &self.name).finish_non_exhaustive()
    }
}
