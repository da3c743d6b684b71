//! Loads a library for good: private copy, checks, dlopen that never unloads, root, interface by id.

use super::elf;
use super::metadata::Metadata;
use super::report;
use abi_stable::abi_stability::abi_checking::check_layout_compatibility;
use abi_stable::library::{LibraryError, RawLibrary, abi_header_from_raw_library};
use abi_stable::{StableAbi, std_types::RStr};
use libloading::os::unix::{Library as UnixLibrary, RTLD_LOCAL, RTLD_NOW};
use plugin_abi::{PluginRootRef, RawInterface};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// `RTLD_NODELETE` of glibc and musl: the library stays mapped whatever happens. Unloading Rust code is not sound.
const RTLD_NODELETE: i32 = 0x1000;

/// Content hash of a library file.
pub(crate) type ContentHash = [u8; 32];

/// A library that is in the process, and stays.
#[derive(Clone)]
pub(crate) struct Library {
    /// Where it was found; what was loaded is a copy.
    pub(crate) file: PathBuf,
    pub(crate) metadata: Metadata,
    root: PluginRootRef,
}

/// Why a library was not taken: the file, and what is wrong with it in one line.
#[derive(Debug, thiserror::Error)]
#[error("{} {message}", .file.display())]
pub(crate) struct LoadError {
    pub(crate) file: PathBuf,
    pub(crate) message: String,
}

/// Every library loaded so far by content: the same content is never loaded twice, so that going back costs nothing.
static LOADED: Mutex<Option<HashMap<ContentHash, Library>>> = Mutex::new(None);

/// How many libraries this process has mapped for good.
pub(crate) fn loaded_count() -> usize {
    LOADED.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map_or(0, HashMap::len)
}

/// Reads a library's metadata without running any of it.
pub(crate) fn inspect(file: &Path) -> Result<(Vec<u8>, Metadata), LoadError> {
    let failed = |message: String| LoadError { file: file.to_owned(), message };
    let data = std::fs::read(file).map_err(|error| failed(format!("cannot be read: {error}")))?;
    elf::check(&data).map_err(|error| failed(error.to_string()))?;
    let section = elf::metadata_section(&data).map_err(|error| failed(error.to_string()))?;
    let metadata = Metadata::parse(section).map_err(failed)?;
    Ok((data, metadata))
}

/// Checks that the library at `file` offers `interface`, as far as that can be told without running any of it.
pub(super) fn examine(file: &Path, interface: &str) -> Result<(ContentHash, Metadata), LoadError> {
    let (data, metadata) = inspect(file)?;
    let failed = |message: String| LoadError { file: file.to_owned(), message };
    metadata.check(interface).map_err(failed)?;
    Ok((Sha256::digest(&data).into(), metadata))
}

/// Loads the library at `file` and checks that it offers `interface`. Blocks.
pub(crate) fn load(file: &Path, interface: &str) -> Result<Library, LoadError> {
    let failed = |message: String| LoadError { file: file.to_owned(), message };
    let (data, metadata) = inspect(file)?;
    metadata.check(interface).map_err(failed)?;
    let hash: ContentHash = Sha256::digest(&data).into();
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    let loaded = loaded.get_or_insert_with(HashMap::new);
    if let Some(library) = loaded.get(&hash) {
        return Ok(Library { file: file.to_owned(), ..library.clone() });
    }
    let root = open_copy(&data, &hash).map_err(failed)?;
    let library = Library { file: file.to_owned(), metadata, root };
    loaded.insert(hash, library.clone());
    Ok(library)
}

impl Library {
    /// The table of an interface, after its layout has been compared with ours.
    pub(crate) fn interface<T: StableAbi>(&self, id: &str) -> Result<&'static T, String> {
        let raw: RawInterface = (self.root.query())(RStr::from_str(id));
        let (Some(layout), false) = (raw.layout, raw.table.is_null()) else {
            return Err(format!("{} does not offer `{id}`", self.file.display()));
        };
        if let Err(errors) = check_layout_compatibility(<T as StableAbi>::LAYOUT, layout) {
            let report = errors.to_string();
            tracing::debug!(%report, "layout report");
            return Err(format!(
                "{} {}",
                self.file.display(),
                incompatible(&self.metadata, &report)
            ));
        }
        // SAFETY: the library says that this is the table of `id`, and its layout equals ours; it lives as long as the process.
        Ok(unsafe { &*raw.table.cast::<T>() })
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Library").field("name", &self.metadata.name).finish_non_exhaustive()
    }
}

fn incompatible(metadata: &Metadata, report: &str) -> String {
    format!(
        "is not compatible (plugin-api {}, plugin ABI {}; this host has plugin ABI {}): {}; rebuild it against this host's plugin-api",
        metadata.plugin_api,
        metadata.abi,
        plugin_abi::ABI_MAJOR,
        report::shorten(report)
    )
}

/// Writes a private copy, maps it, and removes the copy: the user's file may change at any time, ours cannot.
fn open_copy(data: &[u8], hash: &ContentHash) -> Result<PluginRootRef, String> {
    let name: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let mut last = String::from("no folder for a private copy");
    for folder in [std::env::temp_dir(), PathBuf::from("/dev/shm"), PathBuf::from("/var/tmp")] {
        let private = folder.join(format!("shortedfaas-{}-{name}", std::process::id()));
        match write_private(&private, data).and_then(|file| {
            let root = open(&file);
            let _ = std::fs::remove_dir_all(&private);
            root
        }) {
            Ok(root) => return Ok(root),
            // A folder mounted `noexec` is the one failure that another folder can mend.
            Err(message) if message.contains("failed to map") || message.contains("copy") => {
                last = message
            }
            Err(message) => return Err(message),
        }
    }
    Err(last)
}

fn write_private(folder: &Path, data: &[u8]) -> Result<PathBuf, String> {
    use std::os::unix::fs::DirBuilderExt;
    let _ = std::fs::remove_dir_all(folder);
    let made = std::fs::DirBuilder::new().mode(0o700).create(folder);
    let file = folder.join("plugin.so");
    made.and_then(|()| std::fs::write(&file, data)).map_err(|error| {
        format!("private copy in {} cannot be written: {error}", folder.display())
    })?;
    Ok(file)
}

fn open(file: &Path) -> Result<PluginRootRef, String> {
    // SAFETY: running the library's initialisers is what the operator asked for by enabling it; the copy is whole and private.
    let library = unsafe { UnixLibrary::open(Some(file), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) }
        .map_err(|error| {
        format!("cannot be loaded: {}", without_path(&reason(&error), file))
    })?;
    std::mem::forget(library);
    // The same path again: glibc hands out the library that is open already, with the flags above.
    let raw = RawLibrary::load_at(file).map_err(|error| brief(&error))?;
    // SAFETY: the symbol, where it is there, is the header that abi_stable checks first of all; the library stays loaded.
    let header = unsafe { abi_header_from_raw_library(&raw) };
    std::mem::forget(raw);
    let header = header
        .and_then(abi_stable::library::AbiHeaderRef::upgrade)
        .map_err(|error| format!("is not compatible: {}", brief(&error)))?;
    header.init_root_module::<PluginRootRef>().map_err(|error| brief(&error))
}

fn brief(error: &LibraryError) -> String {
    match error {
        LibraryError::IncompatibleVersionNumber { expected_version, actual_version, .. } => {
            format!(
                "is built for plugin ABI {actual_version}, this host has plugin ABI {expected_version}: rebuild it against this host's plugin-api"
            )
        }
        LibraryError::AbiInstability(report) => report::shorten(&report.to_string()),
        other => report::shorten(&other.to_string()),
    }
}

/// What the dynamic linker said; libloading keeps it apart from its own words.
fn reason(error: &libloading::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

fn without_path(message: &str, file: &Path) -> String {
    message.replace(&format!("{}: ", file.display()), "")
}
