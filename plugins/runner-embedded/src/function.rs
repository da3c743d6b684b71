//! A function that has been prepared: its source and what the manifest says of it.

use plugin_api::{Error, FunctionSpec, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a state may use where the manifest names no limit.
const USUAL_MEMORY_BYTES: u64 = 128 << 20;
/// A source file is a page or some; a hundred megabytes are a mistake.
const LONGEST_SOURCE_BYTES: u64 = 16 << 20;

/// The handler's file where several are there and none is named.
const USUAL_FILE: &str = "lambda.lua";

/// A prepared function.
#[derive(Debug)]
pub struct Function {
    pub(crate) folder: PathBuf,
    /// Name of the source, as errors show it.
    pub(crate) file: String,
    pub(crate) source: Vec<u8>,
    /// Name of the handler; none: the usual ones.
    pub(crate) handler: Option<String>,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) memory_bytes: usize,
    pub(crate) output_bytes: u64,
    pub(crate) timeout: Duration,
}

/// The keys of the manifest that matter here.
#[derive(Debug, Deserialize)]
struct Manifest {
    #[serde(default)]
    language: String,
    #[serde(default)]
    arguments: Vec<String>,
    handler: Option<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    signature: String,
    timeout_ms: u64,
    limits: Limits,
}

#[derive(Debug, Deserialize)]
struct Limits {
    memory_bytes: Option<u64>,
    output_bytes: Option<u64>,
}

impl Function {
    /// Reads the source; it is small, and a worker's start does not depend on the folder then.
    pub(crate) fn prepare(spec: &FunctionSpec) -> Result<Self> {
        let manifest: Manifest = spec.manifest()?;
        if manifest.language != "lua" {
            let text = format!("`{}`: only \"lua\" is carried by the host", manifest.language);
            return Err(Error::config("language", text));
        }
        if !matches!(manifest.signature.as_str(), "" | "shortedfaas") {
            let text = format!(
                "`{}` is not there for `embedded`: use \"type\": \"interpreted\", or \"shortedfaas\"",
                manifest.signature
            );
            return Err(Error::config("signature", text));
        }
        let (file, handler) = place(&manifest, &spec.folder)?;
        let source = read(&spec.folder, &spec.deploy_folder, &file)?;
        Ok(Self {
            folder: spec.folder.clone(),
            file,
            source,
            handler,
            variables: manifest.environment,
            memory_bytes: to_usize(manifest.limits.memory_bytes.unwrap_or(USUAL_MEMORY_BYTES)),
            output_bytes: manifest.limits.output_bytes.unwrap_or(u64::MAX),
            timeout: Duration::from_millis(manifest.timeout_ms),
        })
    }
}

/// The file and the handler's name in it: `arguments` names the file, or `handler` as `file.name`, or there is only one.
fn place(manifest: &Manifest, folder: &Path) -> Result<(String, Option<String>)> {
    if let Some(file) = manifest.arguments.first() {
        return Ok((file.clone(), manifest.handler.clone()));
    }
    if let Some((stem, name)) = manifest.handler.as_ref().and_then(|text| text.rsplit_once('.')) {
        return Ok((format!("{stem}.lua"), Some(name.to_owned())));
    }
    let entries = std::fs::read_dir(folder)?.flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        name.ends_with(".lua").then_some(name)
    });
    let names: Vec<String> = entries.collect();
    if let Some(usual) = names.iter().find(|name| *name == USUAL_FILE) {
        return Ok((usual.clone(), manifest.handler.clone()));
    }
    match names.as_slice() {
        [only] => Ok((only.clone(), manifest.handler.clone())),
        [] => Err(Error::config("arguments", "names no file, and the folder holds no .lua file")),
        _ => Err(Error::config(
            "arguments",
            "names no file, and the folder holds several .lua files: name one",
        )),
    }
}

/// A file of the function's, which may be a link within `deploy/`.
pub(crate) fn read(folder: &Path, deploy_folder: &Path, file: &str) -> Result<Vec<u8>> {
    let wrong = |text: String| Error::config("arguments", text);
    let path = folder.join(file);
    let real = path
        .canonicalize()
        .map_err(|_| wrong(format!("the file `{file}` is not in the folder")))?;
    if !real.starts_with(deploy_folder) && !real.starts_with(folder) {
        return Err(wrong(format!("`{file}` leads out of the deploy folder")));
    }
    let metadata = real.metadata()?;
    if !metadata.is_file() {
        return Err(wrong(format!("`{file}` is no file")));
    }
    if metadata.len() > LONGEST_SOURCE_BYTES {
        return Err(wrong(format!("`{file}` is larger than {LONGEST_SOURCE_BYTES} bytes")));
    }
    Ok(std::fs::read(real)?)
}

fn to_usize(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
