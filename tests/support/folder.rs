//! A function's folder in the making.

use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A manifest and files beside it.
#[derive(Clone)]
pub(crate) struct Folder {
    manifest: Vec<u8>,
    files: Vec<(String, Vec<u8>, u32)>,
}

impl Folder {
    pub(crate) fn new(manifest: &Value) -> Self {
        Self::raw(manifest.to_string())
    }

    /// A manifest that need not be JSON.
    pub(crate) fn raw(manifest: impl AsRef<[u8]>) -> Self {
        Self { manifest: manifest.as_ref().to_vec(), files: Vec::new() }
    }

    /// One more key of the manifest.
    pub(crate) fn with(mut self, key: &str, value: Value) -> Self {
        let mut manifest: Value = serde_json::from_slice(&self.manifest).unwrap();
        manifest[key] = value;
        self.manifest = manifest.to_string().into_bytes();
        self
    }

    pub(crate) fn file(mut self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.files.push((name.to_owned(), content.as_ref().to_vec(), 0o644));
        self
    }

    pub(crate) fn program(mut self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.files.push((name.to_owned(), content.as_ref().to_vec(), 0o755));
        self
    }

    /// Writes it to `folder`, which must not exist.
    pub(crate) fn write(&self, folder: &Path) {
        std::fs::create_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for (name, content, mode) in &self.files {
            let file = folder.join(name);
            std::fs::create_dir_all(file.parent().expect("it is in the folder")).unwrap();
            std::fs::write(&file, content).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(*mode)).unwrap();
        }
        std::fs::write(folder.join("run.json"), &self.manifest).unwrap();
    }
}

/// An executable function that is a shell script.
pub(crate) fn shell(script: &str) -> Folder {
    Folder::new(&json!({"type": "executable", "command": "sh", "arguments": ["-c", script]}))
}

/// An executable function that gives back what it gets.
pub(crate) fn cat() -> Folder {
    Folder::new(&json!({"type": "executable", "command": "cat"}))
}
